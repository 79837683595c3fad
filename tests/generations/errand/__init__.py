"""A vendor of the tests that answers later: `start` gives a job id, `check` the pictures. It really talks HTTP."""
