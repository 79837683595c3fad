"""On the way to the identity provider: to sign in by a link, to connect one's account by a form alone."""

from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.openid_connect import views as openid
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

FORM_ALONE = "Connect your account with the button on this page."


@never_cache
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Signing in may begin by a link. Whatever else allauth does here needs a form's token: another site's picture or
    link must not connect somebody's account with the account of whoever made that site.
    """
    process = request.POST.get("process") or request.GET.get("process") or AuthProcess.LOGIN
    is_sign_in = process == AuthProcess.LOGIN
    if not is_sign_in and (request.method != "POST" or not request.user.is_authenticated):
        messages.error(request, FORM_ALONE)
        return redirect("web:account")
    answer: HttpResponse = openid.login(request, provider_id)
    if is_sign_in or answer.status_code != 302:
        return answer
    # A form may not lead to another host (the policy `form-action`), not even by a redirect; a page that goes on may.
    page = render(request, "account/going_on.html", {"address": answer["Location"]})
    page.headers["Refresh"] = f"0; url={answer['Location']}"
    return page
