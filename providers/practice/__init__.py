"""The practice vendor: pictures drawn in this process, for practice money, with every ability and outcome on request.

It needs no key and no network, so that the hub can be tried, shown and tested whole. `outcomes.py` lists the words
that bring about each kind of answer.
"""
