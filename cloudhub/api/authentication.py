"""Who calls: a program with a hub key, in a header and nowhere else."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from cloudhub.accounts.actor import Actor, Origin, actor_of_hub_key
from cloudhub.accounts.hub_keys import use_hub_key
from cloudhub.accounts.models import User

GOOGLE_HEADER = "x-goog-api-key"
IN_THE_ADDRESS = (
    "A key in the address (?key=) is refused, because addresses end in logs: send it as x-goog-api-key, "
    "or as Authorization: Bearer."
)
NOT_A_BEARER = "Send your hub key as Authorization: Bearer chk_…, or as x-goog-api-key: chk_…."
NOT_VALID = "This hub key is not valid: it is mistyped, revoked or expired. Make a new one under Keys."


class HubKeyAuthentication(BaseAuthentication):
    """`request.user` becomes the key's person, `request.auth` the `Actor` that everything below takes."""

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        if "key" in request.query_params:
            raise AuthenticationFailed(IN_THE_ADDRESS)
        text = _key_of(request)
        if not text:
            return None
        # Behind a trusted proxy the web server has put the caller's own address here; nobody else's word counts.
        address = request.META.get("REMOTE_ADDR", "")
        key = use_hub_key(text, address)
        if key is None:
            raise AuthenticationFailed(NOT_VALID)
        actor = actor_of_hub_key(key, Origin("api", address))
        return actor.user, actor

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="CloudHub"'


def _key_of(request: Request) -> str:
    """The key in the headers; `Authorization` wins when a client sends both."""
    authorization = request.headers.get("Authorization", "").strip()
    if not authorization:
        return request.headers.get(GOOGLE_HEADER, "").strip()
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise AuthenticationFailed(NOT_A_BEARER)
    return text.strip()
