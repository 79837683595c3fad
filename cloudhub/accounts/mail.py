"""Mail goes out in a thread of its own: nobody waits for the mail server, and nobody can tell from it who is known."""

import logging
import threading

from django.conf import settings
from django.core.mail import EmailMessage

logger = logging.getLogger(__name__)


def can_mail() -> bool:
    """Whether EMAIL_URL names a mail server."""
    return bool(settings.EMAIL_URL)


def send_later(message: EmailMessage) -> threading.Thread:
    """Send without waiting; a failure is logged without the message, whose links open things."""
    thread = threading.Thread(target=_send, args=(message,), name="mail", daemon=True)
    thread.start()
    return thread


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except Exception as error:  # noqa: BLE001 - whatever a mail server does must not end in silence
        logger.error("A mail could not be sent: %s.", type(error).__name__)
