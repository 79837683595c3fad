"""Bodies and answers of the OpenAI-compatible door as the OpenAPI document shows them."""

from rest_framework import serializers as field

from cloudhub.api.shapes import Amount, AnyObject, Shape, one_of, words


class OpenAIErrorDetail(Shape):
    message = field.CharField()
    type = field.CharField()
    param = field.CharField(allow_null=True, help_text="The field at fault.")
    code = field.CharField(help_text="The hub's code, as in its own doors.")


class OpenAIErrorAnswer(Shape):
    error = OpenAIErrorDetail()


class ImageWish(Shape):
    model = field.CharField(help_text="A model's key; see /v1/models. The hub chooses none for you.")
    prompt = field.CharField()
    n = field.IntegerField(required=False, min_value=1, max_value=10)
    size = field.CharField(required=False, help_text="auto, or width x height such as 1024x1024.")
    quality = field.CharField(required=False, help_text="auto, or one that the model has.")
    style = field.CharField(required=False)  # type: ignore[assignment]
    background = one_of(("auto", "opaque", "transparent"), required=False)
    output_format = field.CharField(required=False)
    output_compression = field.IntegerField(required=False, help_text="100, unless the model has this option.")
    moderation = field.CharField(required=False, help_text="auto, unless the model has this option.")
    response_format = one_of(
        ("b64_json", "url"), required=False, help_text="A url is readable for an hour without a key."
    )
    user = field.CharField(required=False, help_text="Kept as the tag user:…, by which budgets and reports can tell.")
    stream = field.BooleanField(required=False, help_text="Answer as a stream of events.")
    partial_images = field.IntegerField(
        required=False,
        min_value=0,
        max_value=3,
        help_text="Unfinished pictures in a stream, where the model shows any.",
    )
    seed = field.IntegerField(required=False)
    negative_prompt = field.CharField(required=False)
    aspect_ratio = field.CharField(required=False, help_text="Instead of size.")
    resolution = field.CharField(required=False)
    guidance_scale = field.FloatField(required=False)
    input_images = words(required=False)
    mask = field.CharField(required=False)
    strength = field.FloatField(required=False)
    safety_level = field.CharField(required=False)
    enhance_prompt = field.BooleanField(required=False)
    options = AnyObject(required=False)
    tags = words(required=False)
    cache = one_of(("off", "use"), required=False)


class PictureReference(Shape):
    image_url = field.CharField(required=False, help_text="A data URI. The hub fetches no other addresses.")
    file_id = field.CharField(required=False, help_text="The id of a picture in the hub.")


class EditWish(ImageWish):
    prompt = field.CharField(required=False, help_text="Needed, unless the model takes none.")
    images = PictureReference(many=True, help_text="As many as the model takes.")
    mask = PictureReference(required=False, help_text="See-through, or white where nothing is see-through, changes.")  # type: ignore[assignment]
    input_fidelity = field.CharField(required=False, help_text="low, unless the model has this option.")


class EditForm(ImageWish):
    prompt = field.CharField(required=False, help_text="Needed, unless the model takes none.")
    image = field.FileField(help_text="A PNG, JPEG or WebP; several as image[], as many as the model takes.")
    mask = field.FileField(required=False, help_text="See-through, or white where nothing is see-through, changes.")  # type: ignore[assignment]
    input_fidelity = field.CharField(required=False, help_text="low, unless the model has this option.")


class PictureItem(Shape):
    b64_json = field.CharField(required=False)
    url = field.URLField(required=False)
    revised_prompt = field.CharField(required=False)


class TokenDetails(Shape):
    image_tokens = field.IntegerField()
    text_tokens = field.IntegerField()


class TokenUsage(Shape):
    input_tokens = field.IntegerField()
    input_tokens_details = TokenDetails(required=False, help_text="Absent where the vendor does not tell them apart.")
    output_tokens = field.IntegerField()
    output_tokens_details = TokenDetails()
    total_tokens = field.IntegerField()


class ImagesAnswer(Shape):
    created = field.IntegerField()
    data = PictureItem(many=True)  # type: ignore[assignment]
    size = field.CharField(required=False)
    quality = field.CharField(required=False)
    background = field.CharField(required=False)
    output_format = field.CharField(required=False)
    usage = TokenUsage(required=False, help_text="Of models that are priced by tokens.")


class StreamedCost(Shape):
    cost = Amount()
    currency = field.CharField()
    generation = field.CharField()
    notes = words(required=False)


class StreamedPicture(Shape):
    type = one_of(
        ("image_generation.partial_image", "image_generation.completed", "image_edit.partial_image",
         "image_edit.completed"),
    )  # fmt: skip
    b64_json = field.CharField(required=False)
    url = field.URLField(required=False, help_text="Instead of b64_json of a completed picture, as wished.")
    partial_image_index = field.IntegerField(required=False, help_text="From 0.")
    created_at = field.IntegerField()
    size = field.CharField()
    quality = field.CharField()
    background = field.CharField()
    output_format = field.CharField()
    usage = TokenUsage(required=False, allow_null=True, help_text="Of all pictures together, in the last event.")
    cloudhub = StreamedCost(required=False, help_text="Only in the last event.")


class OpenAIModel(Shape):
    id = field.CharField()
    object = one_of(("model",))
    created = field.IntegerField()
    owned_by = field.CharField()
    shutdown_date = field.DateField(allow_null=True)


class OpenAIModels(Shape):
    object = one_of(("list",))
    data = OpenAIModel(many=True)  # type: ignore[assignment]
