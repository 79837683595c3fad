"""How threads of this process learn at once that there is work or that a generation ended. Other processes poll."""

import threading

new_work = threading.Event()
_ended = threading.Condition()


def announce_end() -> None:
    """Wake every thread of this process that waits for a generation."""
    with _ended:
        _ended.notify_all()


def await_end(seconds: float) -> None:
    """Sleep until some generation of this process ends, at most `seconds`."""
    with _ended:
        _ended.wait(seconds)
