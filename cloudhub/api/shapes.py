"""Bodies and answers as the OpenAPI document shows them; the core reads and checks the bodies themselves."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers as field

from cloudhub.billing.models import LedgerEntry, Scope, WindowKind
from cloudhub.billing.reports import GROUPS
from cloudhub.core.money import CURRENCIES
from cloudhub.generations.models import Attempt, Generation

AMOUNT = r"^-?\d+\.\d{6}$"


# A docstring here would become the description of every shape in the document.
class Shape(field.Serializer[Any]):
    pass


class Amount(field.CharField):
    """Decimal text with six places, in the currency's unit."""


extend_schema_field({"type": "string", "pattern": AMOUNT, "example": "0.039000"})(Amount)


def one_of(choices: Any, **more: Any) -> field.Field[Any, Any, Any, Any]:
    """Text that is one of a few words; inside `oneOf`, so that the generator looks for no name of each enumeration."""
    schema = {"oneOf": [{"type": "string", "enum": list(choices)}]}
    kind = extend_schema_field(schema)(type("Word", (field.CharField,), {}))
    made: field.Field[Any, Any, Any, Any] = kind(**more)
    return made


@extend_schema_field(OpenApiTypes.OBJECT)
class AnyObject(field.JSONField):
    """An object whose names depend on the vendor or the model."""


def words(**more: Any) -> field.ListField:
    return field.ListField(child=field.CharField(), **more)


class ErrorDetail(Shape):
    code = field.CharField()
    message = field.CharField(help_text="A sentence for people: what happened, whether it was billed, what to do.")
    fields = field.DictField(child=field.CharField(), required=False, help_text="A sentence for each field at fault.")  # type: ignore[assignment]
    request_id = field.CharField(help_text="Stands in the hub's log too.")


class ErrorAnswer(Shape):
    error = ErrorDetail()


class BudgetErrorDetail(ErrorDetail):
    budget = field.CharField(help_text="The name of the first budget that does not fit.")
    budget_id = field.CharField()
    remaining = Amount()
    needed = Amount()
    currency = field.CharField()


class BudgetErrorAnswer(Shape):
    error = BudgetErrorDetail()


class PriceLine(Shape):
    unit = field.CharField()
    description = field.CharField(allow_blank=True)
    unit_amount = field.CharField(help_text="The price of one unit, with six to twelve decimal places.")


class PriceRecord(Shape):
    currency = one_of(CURRENCIES)
    lines = PriceLine(many=True)
    version = field.CharField()
    source = field.CharField()  # type: ignore[assignment]
    read_on = field.DateField()


class LifecycleRecord(Shape):
    state = one_of(("active", "deprecated", "retiring", "shut_down"))
    shutdown_date = field.DateField(allow_null=True)
    successor = field.CharField(allow_null=True)


class PrivacyRecord(Shape):
    words = field.CharField(help_text="Where prompts and pictures go, how long they are kept, and training.")
    goes_to = field.CharField()
    kept = field.CharField()
    training = field.CharField()
    details = field.CharField(allow_null=True)
    source = field.CharField(allow_null=True, help_text="The page that says so.")  # type: ignore[assignment]
    read_on = field.DateField(allow_null=True)


class CloudModelRecord(Shape):
    id = field.CharField()
    key = field.CharField()
    provider = field.CharField()
    cloud_model_id = field.CharField()
    name = field.CharField()
    description = field.CharField(allow_blank=True)
    path = field.CharField(help_text="cloud:// and the vendor's id.")
    address = field.CharField(allow_null=True, help_text="The registration's own base address; null for the vendor's.")
    enabled = field.BooleanField()
    defaults = AnyObject()
    capabilities = AnyObject()
    price = PriceRecord(allow_null=True, help_text="Null when it is not known.")
    lifecycle = LifecycleRecord()
    warnings = words()
    privacy = PrivacyRecord(allow_null=True, help_text="Null when the vendor is not installed here.")


class CloudModelChange(Shape):
    name = field.CharField(required=False)
    description = field.CharField(required=False, allow_blank=True)
    enabled = field.BooleanField(required=False)
    defaults = AnyObject(required=False)
    price_per_image = field.CharField(
        required=False, allow_null=True, help_text="Decimal text; null gives the word back to the catalogue."
    )


class CloudModelWish(CloudModelChange):
    provider = field.CharField()
    cloud_model_id = field.CharField(help_text="The vendor's id or an alias.")
    key = field.CharField(required=False, help_text="Unique in the hub, [a-z0-9._-]; by default the cloud_model_id.")
    address = field.CharField(required=False, help_text="A base address of its own, where the vendor takes one.")
    capabilities = AnyObject(
        required=False, help_text="What the model can do, as in a catalogue; for models outside the vendor's."
    )


class Wish(Shape):
    model = field.CharField(help_text="A model's key, its id, or the vendor's id where one registration has it.")
    prompt = field.CharField()
    num_images = field.IntegerField(required=False, min_value=1, max_value=10)
    aspect_ratio = field.CharField(required=False, help_text="Such as 16:9; or width and height.")
    width = field.IntegerField(required=False, min_value=256, max_value=4096)
    height = field.IntegerField(required=False, min_value=256, max_value=4096)
    resolution = field.CharField(required=False)
    quality = field.CharField(required=False)
    style = field.CharField(required=False)  # type: ignore[assignment]
    background = one_of(("auto", "opaque", "transparent"), required=False)
    output_format = field.CharField(required=False)
    seed = field.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    negative_prompt = field.CharField(required=False)
    guidance_scale = field.FloatField(required=False, min_value=0, max_value=100)
    input_images = words(required=False, help_text="Image ids or data URIs.")
    mask = field.CharField(required=False, help_text="An image id or a data URI.")
    strength = field.FloatField(required=False, min_value=0, max_value=1)
    safety_level = field.CharField(required=False)
    enhance_prompt = field.BooleanField(required=False)
    options = AnyObject(required=False, help_text="The vendor's own options, as the model's capabilities name them.")
    tags = words(required=False)
    cache = one_of(("off", "use"), required=False)


class QuoteLine(Shape):
    description = field.CharField()
    unit_amount = field.CharField(help_text="With six to twelve decimal places.")
    quantity = field.IntegerField()
    amount = Amount()


class BudgetLeft(Shape):
    id = field.CharField()
    name = field.CharField()
    remaining = Amount()


class QuoteRecord(Shape):
    amount = Amount(allow_null=True, help_text="An upper bound; null when the price is not known.")
    currency = one_of(CURRENCIES)
    exact = field.BooleanField(help_text="Whether exactly this is billed when every picture comes.")
    lines = QuoteLine(many=True)
    price_version = field.CharField(allow_null=True)
    priced_at = field.DateTimeField()
    budgets = BudgetLeft(many=True, help_text="Those the wish would count in, the tightest hard one first.")
    notes = words()


class ImageRecord(Shape):
    id = field.CharField()
    url = field.URLField(help_text="Needs a hub key.")
    width = field.IntegerField()
    height = field.IntegerField()
    mime_type = field.CharField()
    seed = field.IntegerField(allow_null=True)
    revised_prompt = field.CharField(allow_null=True)
    size_bytes = field.IntegerField()
    sha256 = field.CharField()
    prompt = field.CharField(allow_null=True, help_text="Of an imported picture; others have their generation's.")
    made_with = field.CharField(allow_null=True, help_text="Where an imported picture was made; null for every other.")
    generation = field.CharField(allow_null=True, help_text="Null for an upload.")
    created_at = field.DateTimeField()


class AttemptRecord(Shape):
    id = field.CharField()
    state = one_of(Attempt.State.values)
    amount = Amount(help_text="What is held while the attempt is open, afterwards what was billed.")
    sent_at = field.DateTimeField(allow_null=True)
    vendor_request_id = field.CharField(allow_null=True)


class AttemptAnswer(AttemptRecord):
    generation = field.CharField()


class Failure(Shape):
    code = field.CharField()
    message = field.CharField()
    billed = one_of(("no", "yes", "unknown"))
    retry = one_of(("no", "safe", "after"))
    remedy = field.CharField()


class GenerationRecord(Shape):
    id = field.CharField()
    state = one_of(Generation.State.values)
    model = field.CharField()
    provider = field.CharField()
    request = AnyObject(help_text="The wish as it is sent to the vendor.")
    tags = words()
    notes = words(help_text="What was changed on the way, and why.")
    estimate = Amount(allow_null=True)
    cost = Amount(help_text="What has been billed so far.")
    currency = one_of(CURRENCIES)
    images = ImageRecord(many=True)
    attempts = AttemptRecord(many=True)
    error = Failure(allow_null=True)
    created_at = field.DateTimeField()
    finished_at = field.DateTimeField(allow_null=True)
    cache = one_of(("hit", "miss"))


class Decision(Shape):
    action = one_of(("settle", "release", "write_off"))
    amount = Amount(required=False, help_text="Only with settle; by default the whole hold.")
    reason = field.CharField(help_text="1 to 400 characters; it stands in the ledger.")


class Upload(Shape):
    file = field.FileField(help_text="A PNG, JPEG or WebP.")
    prompt = field.CharField(required=False, help_text="Of a picture made elsewhere, which is then imported.")
    made_with = field.CharField(required=False, help_text="Where it was made, such as Midjourney.")


class BudgetChange(Shape):
    name = field.CharField(required=False)
    limit = Amount(required=False)
    hard = field.BooleanField(required=False)
    alerts = field.ListField(child=field.IntegerField(min_value=1, max_value=100), required=False)


class BudgetWish(BudgetChange):
    name = field.CharField()
    limit = Amount()
    scope = one_of(Scope.values)
    target = field.CharField(
        required=False, help_text="Absent for hub; provider id, model key, tag, or the object's id."
    )
    window = one_of(WindowKind.values)
    timezone = field.CharField(required=False, help_text="Such as Europe/Berlin; UTC by default.")
    currency = one_of(CURRENCIES, required=False)


class BudgetRecord(Shape):
    id = field.CharField()
    name = field.CharField()
    scope = one_of(Scope.values)
    target = field.CharField(allow_null=True)
    window = one_of(WindowKind.values)
    timezone = field.CharField()
    limit = Amount()
    currency = one_of(CURRENCIES)
    hard = field.BooleanField()
    alerts = field.ListField(child=field.IntegerField())
    spent = Amount()
    held = Amount()
    remaining = Amount()
    window_start = field.DateTimeField()
    window_end = field.DateTimeField(allow_null=True, help_text="Null for a total, which does not end.")


class SpendRow(Shape):
    group = field.CharField(help_text=f"A value of group_by, which is one of {', '.join(GROUPS)}.")
    calls = field.IntegerField()
    images = field.IntegerField()
    amount = Amount()
    currency = field.CharField()


class EntryRecord(Shape):
    id = field.CharField()
    at = field.DateTimeField()
    kind = one_of(LedgerEntry.Kind.values)
    held = Amount(help_text="Signed: what this line adds to the held money.")
    posted = Amount(help_text="Signed: what this line adds to the spent money.")
    currency = field.CharField()
    images = field.IntegerField()
    attempt = field.CharField()
    team = field.CharField()
    user = field.CharField()
    hub_key = field.CharField(allow_null=True)
    model = field.CharField()
    provider = field.CharField()
    price_version = field.CharField(allow_null=True)
    tags = words()
    reason = field.CharField(allow_null=True)
    actor = field.CharField(allow_null=True)


def page_of(row: type[Shape]) -> type[Shape]:
    """The list form of a record."""
    fields = {"results": row(many=True), "next": field.URLField(allow_null=True)}
    return type(f"{row.__name__}Page", (Shape,), fields)
