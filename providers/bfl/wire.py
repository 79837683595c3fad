"""BFL's JSON: a wish into a body, the answer to a submission into a job, a result into a response. Pure.

Pictures travel as bare base64. FLUX.1 Fill alone has masks: white is painted anew, black stays, in the picture's own
size; without one the picture's see-through part is painted (https://docs.bfl.ai/flux_tools/flux_1_fill).
https://docs.bfl.ai/quick_start/generating_images and https://docs.bfl.ai/api-reference/utility/get-result
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import pybase64

from providers.base import (
    CloudGenerationRequest,
    CloudGenerationResponse,
    ModelEntry,
    OutcomeUnknown,
    Picture,
    Rejected,
    ReportedCost,
    expected_size,
)
from providers.bfl import megapixels
from providers.bfl.jobs import LONGEST_ID, Job
from providers.bfl.models import Endpoint
from providers.bfl.reading import figure
from providers.masks import white_changes
from providers.pictures import UnreadablePicture, read_picture
from providers.reading import Redact, kept, mapping, text

# BFL draws JPEG where nothing is said; without loss is the better usual.
USUAL_FORMAT = "png"
FIGURES = ("cost", "input_mp", "output_mp")


def to_body(request: CloudGenerationRequest, model: ModelEntry, endpoint: Endpoint) -> dict[str, Any]:
    """The request's JSON: only what the wish names and the model takes."""
    pictures = [pybase64.b64encode_as_string(image.data) for image in request.input_images]
    body: dict[str, Any] = {"prompt": request.prompt}
    if request.safety_level is not None:
        body["safety_tolerance"] = int(request.safety_level)
    if endpoint.family == "flux-3":
        return body | _flux_3(request, pictures)
    if endpoint.family == "fill":
        return body | _fill(request, pictures)
    return body | _flux_2(request, model, endpoint, pictures)


def _flux_3(request: CloudGenerationRequest, pictures: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {"images": pictures} if pictures else {}
    wished = {"aspect_ratio": request.aspect_ratio, "resolution": request.resolution, **request.options}
    return fields | {name: value for name, value in wished.items() if value is not None}


def _fill(request: CloudGenerationRequest, pictures: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {"image": pictures[0]}
    if request.mask is not None:
        first = request.input_images[0]
        mask = white_changes(request.mask, (first.width, first.height))
        fields["mask"] = pybase64.b64encode_as_string(mask)
    wished = {
        "seed": request.seed,
        "guidance": request.guidance_scale,
        "prompt_upsampling": request.enhance_prompt,
        "output_format": request.output_format or USUAL_FORMAT,
        **request.options,
    }
    return fields | {name: value for name, value in wished.items() if value is not None}


def _flux_2(
    request: CloudGenerationRequest, model: ModelEntry, endpoint: Endpoint, pictures: list[str]
) -> dict[str, Any]:
    width, height = expected_size(request, model) or (None, None)
    fields: dict[str, Any] = {
        "input_image" if number == 1 else f"input_image_{number}": picture
        for number, picture in enumerate(pictures, start=1)
    }
    wished = {
        "width": width,
        "height": height,
        "seed": request.seed,
        "guidance": request.guidance_scale,
        "output_format": request.output_format or USUAL_FORMAT,
        **request.options,
    }
    fields |= {name: value for name, value in wished.items() if value is not None}
    if request.enhance_prompt is not None and endpoint.upsampling:
        says_no = endpoint.upsampling == "disable_pup"
        fields[endpoint.upsampling] = request.enhance_prompt is not says_no
    return fields


def to_job(document: Any, request: CloudGenerationRequest, most: dict[str, int]) -> Job:
    """The job in the answer to a submission. Raises `OutcomeUnknown` when it names none."""
    answer = mapping(document)
    task = text(answer.get("id"))
    if not task or len(task) > LONGEST_ID:
        raise unreadable("JSON that names no task")
    costs = {name: str(found) for name in FIGURES if (found := figure(answer.get(name))) is not None}
    return Job(
        id=task, address=text(answer.get("polling_url")), quoted_cost=costs.get("cost"),
        input_mp=costs.get("input_mp"), output_mp=costs.get("output_mp"), most=most,
        prompt_mark=prompt_mark(request.prompt),
    )  # fmt: skip


def prompt_mark(prompt: str) -> str:
    """Enough of a fingerprint to see whether BFL changed the prompt."""
    return hashlib.sha256(prompt.strip().encode()).hexdigest()[:16]


def sample_address(document: Any, job: Job) -> str:
    """The address of the picture in a result that is ready.

    Raises `Rejected` when there is none: BFL charges what is ready.
    """
    address = text(mapping(mapping(document).get("result")).get("sample"))
    if not address.startswith(("https://", "http://")):
        message = "BFL finished the task and gave no address of a picture. It is taken as billed."
        raise Rejected(
            "invalid_output", message, request_id=job.id, billed=_charge(_figures(mapping(document), job), job)
        )
    return address


def to_response(document: Any, image: bytes, job: Job, redact: Redact) -> CloudGenerationResponse:
    """The response for a result that is ready, with the picture's bytes. Raises `Rejected` for no real picture."""
    answer = mapping(document)
    result, usage = mapping(answer.get("result")), _figures(answer, job)
    try:
        picture = _picture(image, result, job, redact)
    except UnreadablePicture as error:
        message = "BFL delivered a file that is no readable PNG, JPEG or WebP picture. It is taken as billed."
        raise Rejected("invalid_output", message, request_id=job.id, billed=_charge(usage, job)) from error
    stored = kept(answer, redact)
    mapping(stored.get("result")).pop("sample", None)
    return CloudGenerationResponse(
        images=[image], pictures=(picture,), metadata={"most_units": dict(job.most)}, provider_response=stored,
        usage=usage, request_id=job.id,
    )  # fmt: skip


def _figures(answer: Mapping[str, Any], job: Job) -> dict[str, Any]:
    """What submission and result say of cost and size."""
    usage: dict[str, Any] = {"quoted_cost": job.quoted_cost, "input_mp": job.input_mp, "output_mp": job.output_mp}
    for name in FIGURES:
        # Older results have the figures beside the picture, newer ones on top.
        for place in (answer, mapping(answer.get("result"))):
            value = figure(place.get(name))
            if value is not None:
                usage[name] = str(value)
    return {name: value for name, value in usage.items() if value is not None}


def _charge(usage: Mapping[str, Any], job: Job) -> ReportedCost | Mapping[str, int]:
    """BFL's own figure; without one, the most that the task could cost."""
    return megapixels.reported_cost(usage) or job.most


def unreadable(what: str, request_id: str = "") -> OutcomeUnknown:
    """A success that nobody can read: the picture may be made."""
    return OutcomeUnknown(
        f"BFL API answered with {what}. The picture may have been made and billed.",
        remedy="Look at the usage at https://dashboard.bfl.ai before you repeat it; the owner settles or releases it.",
        request_id=request_id,
    )


def _picture(image: bytes, result: dict[str, Any], job: Job, redact: Redact) -> Picture:
    seed = result.get("seed")
    own = isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed < 2**63
    prompt = text(result.get("expanded_prompt")) or text(result.get("prompt"))
    is_revised = bool(prompt.strip()) and prompt_mark(prompt) != job.prompt_mark
    revised = kept(prompt, redact) if is_revised else None
    return read_picture(image, seed=seed if own else None, revised_prompt=revised)
