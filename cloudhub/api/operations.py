"""Answers for whoever watches the process: is it alive, can it work."""

import logging
import os

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from cloudhub.generations.worker import runner_was_seen

logger = logging.getLogger(__name__)
RETRY_SECONDS = 5


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; looks at nothing else."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers, pictures can be stored, and a runner takes queued work; else 503 and what is missing."""
    database, runner = _look_at_database()
    pictures = os.access(settings.DATA_DIR, os.W_OK)
    found = {"database": database, "pictures": pictures, "runner": runner}
    ready = all(found.values())
    answer = {
        "status": "ready" if ready else "not ready",
        **{name: "ok" if fine else "missing" for name, fine in found.items()},
    }
    return JsonResponse(
        answer, status=200 if ready else 503, headers={} if ready else {"Retry-After": str(RETRY_SECONDS)}
    )


def _look_at_database() -> tuple[bool, bool]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True, runner_was_seen()
    except DatabaseError:
        logger.exception("The database does not answer.")
        return False, False
