"""Who may do what at which address: one line a route. `test_access_matrix.py` holds the hub to it.

A permission is "read", "generate" or "manage" of a role and, at the API, of a hub key's scopes ("generate+read" wants
both, "read|generate" either); "any" lets in everybody
who has signed in or has a key, "everybody" also those who have not. The methods that a rule does not name are refused.
Things that belong to a team are there for that team and for the hub's owner; for all others they are 404.
"""

from dataclasses import dataclass, field
from typing import Any

SETTLE = {"action": "settle", "reason": "seen on the bill"}
BUDGET = {"name": "day", "scope": "hub", "window": "day", "limit": "1.000000", "currency": "XTS"}
WISH = {"model": "practice-1", "prompt": "a red fox", "resolution": "0.5K"}

# A size that no model has: else the answer would wait for a runner.
OPENAI_WISH = {"model": "practice-1", "prompt": "a fox", "size": "31x17"}
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJR"
    "U5ErkJggg=="
)
EDIT = {**OPENAI_WISH, "images": [{"image_url": PIXEL}]}
MODEL = {"provider": "practice", "cloud_model_id": "practice-1", "key": "second"}

VENDOR_KEY = {"key_id": "vendor_key"}


@dataclass(frozen=True)
class Rule:
    """`body` is a right body for each method that takes one. `instead` puts another thing of the world into a part of
    the address, `own` says that who may not manage has only their own. `only_hub_owner` are methods with a body
    that is about the whole hub. With `gone` the address names what nobody has; what is `personal` (or its methods so
    named) may be refused to a team's owner who sees it; `theirs` are django-allauth's views, asked only that they
    never break and show a visitor nothing of a person's."""

    methods: dict[str, str]
    body: Any = field(default_factory=dict)
    instead: dict[str, str] = field(default_factory=dict)
    own: bool = False
    only_hub_owner: tuple[str, ...] = ()
    gone: bool = False
    personal: bool | tuple[str, ...] = False
    theirs: bool = False


def rule(body: Any = None, instead: dict[str, str] | None = None, own: bool = False, gone: bool = False,
         personal: bool | tuple[str, ...] = False, theirs: bool = False, only_hub_owner: tuple[str, ...] = (),
         **methods: str) -> Rule:  # fmt: skip
    return Rule(methods, body if body is not None else {}, instead or {}, own, only_hub_owner, gone, personal, theirs)


PAGES = {
    "web:login": rule(GET="everybody", HEAD="everybody", POST="everybody", PUT="everybody"),
    "web:logout": rule(POST="everybody"),
    "web:studio": rule(GET="read"),
    "web:studio-fields": rule(POST="generate", body=WISH),
    "web:studio-price": rule(POST="generate", body=WISH),
    "web:studio-references": rule(POST="generate"),
    "web:studio-mask": rule(POST="generate"),
    "web:studio-generate": rule(POST="generate", body=WISH),
    "web:studio-updates": rule(GET="read"),
    "web:generation-cancel": rule(POST="generate"),
    "web:gallery": rule(GET="read"),
    "web:gallery-import": rule(GET="generate", POST="generate"),
    "web:gallery-tiles": rule(GET="read"),
    "web:picture": rule(GET="read"),
    "web:generation": rule(GET="read"),
    "web:attempt-decision": rule(POST="manage", body=SETTLE),
    "web:media": rule(GET="read", HEAD="read"),
    "web:media-thumb": rule(GET="read", HEAD="read"),
    "web:media-download": rule(GET="read", HEAD="read"),
    "web:media-original": rule(GET="read", HEAD="read"),
    "web:media-preview": rule(GET="read", HEAD="read", instead={"attempt_id": "finished_attempt"}),
    "web:models": rule(GET="read"),
    "web:model-register": rule(POST="manage", only_hub_owner=("POST",), body=MODEL),
    "web:model-change": rule(POST="manage", only_hub_owner=("POST",), body={"enabled": "yes"}),
    "web:costs": rule(GET="read"),
    "web:budgets": rule(
        GET="read", POST="manage", body={**BUDGET, "limits": "hub"}, only_hub_owner=("POST",)
    ),
    # The world's budgets are made by the hub's owner, who alone changes and ends them.
    "web:budget-change": rule(POST="manage", only_hub_owner=("POST",), body={"limit": "2"}),
    "web:budget-end": rule(POST="manage", only_hub_owner=("POST",)),
    "web:status": rule(GET="read"),
    "web:status-live": rule(GET="read"),
    "web:status-check": rule(POST="manage"),
    "web:lane-limits": rule(POST="manage", body={"vendors": "yes"}),
    "web:lane-open": rule(POST="manage"),
    "web:status-decision": rule(POST="manage", body=SETTLE),
    "web:audit": rule(GET="manage"),
    "web:audit-export": rule(GET="manage"),
    "web:account": rule(GET="read"),
    "web:account-team": rule(POST="read"),
    "web:account-password": rule(POST="read"),
    "web:session-end": rule(POST="read", gone=True),
    "web:sessions-end-others": rule(POST="read"),
    "web:keys": rule(GET="read"),
    "web:vendor-keys": rule(POST="manage"),
    "web:vendor-key-try": rule(POST="manage"),
    "web:vendor-key-test": rule(POST="manage", instead=VENDOR_KEY),
    "web:vendor-key-change": rule(POST="manage", instead=VENDOR_KEY, body={"label": "new", "priority": "100"}),
    "web:vendor-key-rotate": rule(POST="manage", instead=VENDOR_KEY),
    "web:vendor-key-revoke": rule(POST="manage", instead=VENDOR_KEY),
    "web:hub-keys": rule(POST="read", body={"name": "mine", "scopes": "read"}),
    "web:hub-key-change": rule(POST="read", own=True, personal=True, body={"name": "mine", "scopes": "read"}),
    "web:hub-key-rotate": rule(POST="read", own=True, personal=True),
    "web:hub-key-revoke": rule(POST="read", own=True),
    "web:model-access": rule(POST="manage", only_hub_owner=("POST",)),
    "web:people": rule(GET="manage"),
    "web:people-invite": rule(POST="manage", body={"email": "new@example.org", "role": "viewer"}),
    "web:invitation-withdraw": rule(POST="manage"),
    "web:invitation": rule(GET="everybody", POST="everybody", gone=True, instead={"token": "invitation_token"}),
    "web:invitation-link": rule(GET="everybody", theirs=True),
    "web:bin": rule(GET="read"),
    "web:bin-thumb": rule(GET="read", personal=True, instead={"image_id": "binned_image"}),
    "web:picture-delete": rule(POST="generate", personal=True),
    "web:picture-restore": rule(POST="generate", personal=True, instead={"image_id": "binned_image"}),
    "web:data": rule(GET="manage"),
    "web:data-retention": rule(POST="manage", body={"kind": "prompts", "days": "9"}),
    "web:data-export": rule(POST="manage"),
    "web:data-erase": rule(GET="manage", POST="manage", only_hub_owner=("GET", "POST")),
    "web:account-export": rule(POST="read"),
    "web:member-role": rule(POST="manage", body={"role": "viewer"}),
    "web:member-remove": rule(POST="manage"),
    "web:person-deactivate": rule(POST="manage", only_hub_owner=("POST",)),
    "web:person-reactivate": rule(POST="manage", only_hub_owner=("POST",)),
    "web:person-make-owner": rule(POST="manage", only_hub_owner=("POST",)),
    "web:person-withdraw-ownership": rule(POST="manage", only_hub_owner=("POST",)),
    "web:person-remove-factor": rule(POST="manage", only_hub_owner=("POST",)),
    "web:team-make": rule(POST="manage", only_hub_owner=("POST",), body={"name": "Third"}),
    "web:team-rename": rule(POST="manage", only_hub_owner=("POST",), body={"name": "Third"}),
    "web:team-archive": rule(POST="manage", only_hub_owner=("POST",)),
    "web:team-open": rule(POST="manage", only_hub_owner=("POST",)),
}  # fmt: skip
API = {
    "api:healthz": rule(GET="everybody", HEAD="everybody"),
    "api:readyz": rule(GET="everybody", HEAD="everybody"),
    "api:schema": rule(GET="everybody", HEAD="everybody"),
    "api:docs": rule(GET="everybody", HEAD="everybody"),
    "api:cloud-models": rule(GET="read", POST="manage", only_hub_owner=("POST",), body=MODEL),
    "api:cloud-model": rule(GET="read", PATCH="manage", only_hub_owner=("PATCH",), body={"enabled": True}),
    "api:providers": rule(GET="read"),
    "api:provider": rule(GET="read"),
    "api:provider-check": rule(POST="manage+read"),
    "api:lane": rule(PATCH="manage", body={"limits": None}),
    "api:lane-open": rule(POST="manage"),
    "api:estimates": rule(POST="read|generate", body=WISH),
    "api:generations": rule(GET="read", POST="generate", body=WISH),
    "api:generation": rule(GET="read"),
    "api:cancel-generation": rule(POST="generate+read"),
    "api:decision": rule(POST="manage", body=SETTLE),
    "api:images": rule(POST="generate"),
    "api:image": rule(GET="read", DELETE="generate+read", personal=("DELETE",)),
    "api:image-restore": rule(POST="generate+read", personal=True, instead={"image_id": "binned_image"}),
    "api:budgets": rule(GET="read", POST="manage", body=BUDGET, only_hub_owner=("POST",)),
    "api:budget": rule(
        GET="read", PATCH="manage", DELETE="manage", body={"limit": "2.000000"}, only_hub_owner=("PATCH", "DELETE")
    ),
    "api:usage": rule(GET="read"),
    "api:usage-entries": rule(GET="read"),
    "api:audit": rule(GET="manage"),
    "api:audit-export": rule(GET="manage"),
    "api:keys": rule(GET="manage", POST="manage", body={"provider": "openai", "values": {}}),
    "api:key": rule(GET="manage", PATCH="manage", DELETE="manage", body={"label": "new"}, instead=VENDOR_KEY),
    "api:key-test": rule(POST="manage", instead=VENDOR_KEY),
    "api:key-rotate": rule(
        POST="manage", instead=VENDOR_KEY, body={"values": {"OPENAI_API_KEY": "sk-another-0123456789"}}
    ),
    "api:hub-keys": rule(GET="any", POST="manage", body={"name": "mine", "scopes": ["manage"]}),
    "api:hub-key": rule(GET="any", PATCH="manage", DELETE="manage", own=True, personal=True, body={"name": "new"}),
    "api:hub-key-rotate": rule(POST="manage", own=True, personal=True),
    "api:openai-images": rule(POST="generate", body=OPENAI_WISH),
    "api:openai-edits": rule(POST="generate", body=EDIT),
    "api:openai-models": rule(GET="read"),
    "api:openai-model": rule(GET="read"),
    "api:signed-picture": rule(GET="everybody", HEAD="everybody"),
    # An address at which there is nothing is refused to nobody and to everybody.
    "api:nothing-here": rule(),
    "api:nothing-there": rule(),
}
EVERYBODY = {"GET": "everybody", "HEAD": "everybody", "POST": "everybody", "PUT": "everybody"}
SIGNED_IN = {"GET": "read", "HEAD": "read", "POST": "read", "PUT": "read"}
# django-allauth's own pages of signing in, and of one's own second factor.
SIGN_IN = {
    **{name: rule(theirs=True, **EVERYBODY) for name in (
        "account_login", "account_logout", "account_inactive", "mfa_authenticate", "mfa_login_webauthn",
        "account_reset_password", "account_reset_password_done", "account_reset_password_from_key",
        "account_reset_password_from_key_done", "socialaccount_login_cancelled", "socialaccount_login_error",
        "(admin/password_change/)",
    )},
    **{name: rule(theirs=True, **EVERYBODY) for name in ("openid_connect_login", "openid_connect_callback")},
    **{name: rule(theirs=True, **SIGNED_IN) for name in (
        "account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_index",
        "mfa_activate_totp", "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes",
        "mfa_list_webauthn", "mfa_add_webauthn",
    )},
    "mfa_edit_webauthn": rule(theirs=True, **SIGNED_IN),
    "mfa_remove_webauthn": rule(theirs=True, **SIGNED_IN),
}  # fmt: skip
# The whole rest of the admin site has one rule: staff, of which the hub's owner is one here.
ADMIN = {"admin:login": rule(theirs=True, **EVERYBODY)}

RULES = {**PAGES, **API, **SIGN_IN, **ADMIN}
