"""Bodies and answers about keys, as the OpenAPI document shows them."""

from rest_framework import serializers as field

from cloudhub.accounts.actor import PERMISSIONS
from cloudhub.api.shapes import Amount, AnyObject, Shape, one_of, words
from cloudhub.billing.models import WindowKind
from cloudhub.core.money import CURRENCIES
from cloudhub.vault.models import ProviderKey


class HubKeyBudgetWish(Shape):
    limit = Amount()
    window = one_of(WindowKind.values)
    currency = one_of(CURRENCIES, required=False, help_text="USD by default.")
    timezone = field.CharField(required=False, help_text="Of its days, UTC by default.")


class HubKeyChange(Shape):
    name = field.CharField(required=False, max_length=100)
    scopes = field.ListField(
        child=one_of(PERMISSIONS), required=False, help_text="None that the calling key lacks; by default all it has."
    )
    allowed_models = words(required=False, help_text="Keys of models; empty allows all.")
    allowed_networks = words(
        required=False, help_text="From where it may be used, such as 10.0.0.0/8 or 2001:db8::/32; empty allows all."
    )
    calls_a_minute = field.IntegerField(
        required=False, allow_null=True, min_value=1, help_text="Calls of every kind; more are answered with 429."
    )
    expires_at = field.DateTimeField(required=False, allow_null=True)


class HubKeyWish(HubKeyChange):
    name = field.CharField(max_length=100)
    budget = HubKeyBudgetWish(
        required=False, allow_null=True, help_text="A hard budget of this key and of those that replace it."
    )
    user = field.CharField(required=False, help_text="E-mail of another person of the team; for the hub's owner only.")


class HubKeyRotationWish(Shape):
    overlap_hours = field.IntegerField(
        required=False, min_value=0, max_value=720, help_text="How long the older key works on; 24 by default."
    )


class HubKeyBudget(Shape):
    id = field.CharField()
    window = one_of(WindowKind.values)
    currency = field.CharField()
    limit = Amount()
    spent = Amount()
    held = Amount()
    remaining = Amount()


class HubKeyRecord(Shape):
    id = field.CharField()
    name = field.CharField()
    prefix = field.CharField()
    scopes = words()
    allowed_models = words()
    allowed_networks = words()
    calls_a_minute = field.IntegerField(allow_null=True)
    budget = HubKeyBudget(allow_null=True, help_text="Its own budget in its current window.")
    replaces = field.CharField(allow_null=True, help_text="The key whose place it took.")
    user = field.CharField()
    team = field.CharField()
    created_at = field.DateTimeField()
    expires_at = field.DateTimeField(allow_null=True)
    last_used_at = field.DateTimeField(allow_null=True)
    revoked_at = field.DateTimeField(allow_null=True)


class NewHubKey(HubKeyRecord):
    key = field.CharField(help_text="Shown this once.")


SECRETS = "By the names of the vendor's environment variables, such as OPENAI_API_KEY; a key file as its JSON text."


class VendorKeyChange(Shape):
    label = field.CharField(required=False, allow_blank=True, max_length=100)  # type: ignore[assignment]
    priority = field.IntegerField(required=False, min_value=0, help_text="The lowest is taken first; 100 by default.")
    team = field.CharField(
        required=False, allow_null=True, help_text="A team's name or id; null gives it to every team."
    )


class VendorKeyRotationWish(Shape):
    values = field.DictField(child=field.CharField(), write_only=True, help_text=SECRETS)


class VendorKeyWish(VendorKeyChange):
    provider = field.CharField(help_text="A vendor's id.")
    form = field.CharField(required=False, help_text="Which kind of credentials, where the vendor takes several.")
    values = field.DictField(child=field.CharField(), write_only=True, help_text=SECRETS)


class VendorKeyRecord(Shape):
    id = field.CharField()
    provider = field.CharField()
    label = field.CharField(allow_blank=True)  # type: ignore[assignment]
    form = field.CharField()
    team = field.CharField(allow_null=True, help_text="Null: every team uses it.")
    priority = field.IntegerField()
    state = one_of(ProviderKey.State.values)
    last_four = field.CharField(allow_blank=True)
    public_values = AnyObject(help_text="What is no secret, such as a region.")
    replaces = field.CharField(allow_null=True)
    created_at = field.DateTimeField()
    last_used_at = field.DateTimeField(allow_null=True)
    use_count = field.IntegerField()
    ended_at = field.DateTimeField(allow_null=True)
    ended_reason = field.CharField(allow_null=True)


class KeyTestAnswer(Shape):
    result = one_of(("valid", "refused", "unreachable"), help_text="`unreachable` says nothing of the key.")
    message = field.CharField()
    code = field.CharField(allow_null=True)
    remedy = field.CharField(allow_null=True)
