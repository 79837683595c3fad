"""The Keys page."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from cloudhub.web.htmx import HubRequest, signed_in
from cloudhub.web.keys_page import keys_page


@require_GET
@signed_in()
def keys(request: HubRequest) -> HttpResponse:
    return keys_page(request)
