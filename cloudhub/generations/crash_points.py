"""Labelled points at which a test may kill or pause the real process, to prove that no money and no picture is lost.

Unset in every installation: the check is two dictionary look-ups.
"""

import os
import signal
import threading

POINTS = (
    "after_held", "before_sent", "after_sent", "after_remote_id", "after_reply", "during_file_store",
    "after_answer_kept", "during_settlement", "after_settled",
)  # fmt: skip


def reach(point: str) -> None:
    """Die here, as by a power cut, when CLOUDHUB_CRASH_AT names this point; CLOUDHUB_PAUSE_AT stops until SIGCONT."""
    if os.environ.get("CLOUDHUB_CRASH_AT") == point:
        os.kill(os.getpid(), signal.SIGKILL)
    if os.environ.get("CLOUDHUB_PAUSE_AT") == point:
        # To this very thread: another one would take the signal, and this one go on until it is told to stop.
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
