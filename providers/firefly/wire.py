"""Firefly's JSON: bodies from wishes, jobs and pictures from answers. Dict in, dict out.

Image 3 and 4 speak v3, Image 5 speaks v4, which has neither sizes in pixels nor negative prompts, and where a reference
picture turns the wish into an edit that keeps the picture's shape. Fill speaks v3 without a model's name: what is white
in its mask is drawn anew, black stays, and the mask has the picture's size
(https://developer.adobe.com/firefly-services/docs/firefly-api/guides/concepts/masking/). Facts and readings stand in
`catalog.toml`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urljoin, urlsplit

from providers.base import CloudGenerationRequest, InputImage, ModelEntry, OutcomeUnknown, expected_size
from providers.masks import white_changes
from providers.reading import items, mapping, text, whole

SEEDS = 2**31
LONGEST_REMOTE_ID = 2000
# Adobe answers from regional hosts, such as firefly-api-enterprise-uw2.adobe.io.
ADOBE_HOSTS = ".adobe.io"
Outcome = Literal["working", "succeeded", "failed", "cancelled"]
_OUTCOMES: dict[str, Outcome] = {
    "succeeded": "succeeded", "failed": "failed", "cancelled": "cancelled", "canceled": "cancelled",
}  # fmt: skip


def speaks_v4(entry: ModelEntry) -> bool:
    return str(entry.capabilities.facts["path"]).startswith("/v4/")


def fills(entry: ModelEntry) -> bool:
    return "/fill" in str(entry.capabilities.facts["path"])


def files(request: CloudGenerationRequest) -> list[InputImage]:
    """What is uploaded before the call: the reference pictures, then the mask as Adobe has it."""
    if request.mask is None:
        return list(request.input_images)
    first = request.input_images[0]
    data = white_changes(request.mask, (first.width, first.height))
    mask = InputImage(data=data, mime_type="image/png", width=first.width, height=first.height)
    return [*request.input_images, mask]


def to_body(request: CloudGenerationRequest, entry: ModelEntry, uploads: Sequence[str]) -> dict[str, Any]:
    """The body for a normalised wish; `uploads` are the ids of its `files`, in order."""
    body: dict[str, Any] = {"prompt": request.prompt} if request.prompt or not fills(entry) else {}
    body["numVariations"] = request.num_images
    if request.seed is not None:
        body["seeds"] = [(request.seed + place) % SEEDS for place in range(request.num_images)]
    if fills(entry):
        return body | _fill(request, uploads)
    return body | (_v4(request, uploads) if speaks_v4(entry) else _v3(request, entry, uploads))


def _fill(request: CloudGenerationRequest, uploads: Sequence[str]) -> dict[str, Any]:
    # A kept answer is read again without uploads; nothing is sent then.
    named = zip(("image", "mask"), uploads, strict=False)
    body: dict[str, Any] = {name: {"source": {"uploadId": upload}} for name, upload in named}
    if request.negative_prompt:
        body["negativePrompt"] = request.negative_prompt
    if "locale" in request.options:
        body["promptBiasingLocaleCode"] = request.options["locale"]
    return body


def _v3(request: CloudGenerationRequest, entry: ModelEntry, uploads: Sequence[str]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    size = expected_size(request, entry) or _square(request, entry)
    body["size"] = {"width": size[0], "height": size[1]}
    if request.negative_prompt:
        body["negativePrompt"] = request.negative_prompt
    if request.style:
        body["contentClass"] = request.style
    if "visual_intensity" in request.options:
        body["visualIntensity"] = request.options["visual_intensity"]
    if "locale" in request.options:
        body["promptBiasingLocaleCode"] = request.options["locale"]
    first = request.options.get("use_picture_as", "style")
    uses = (first, "structure" if first == "style" else "style")
    for use, upload in zip(uses, uploads, strict=False):
        reference: dict[str, Any] = {"imageReference": {"source": {"uploadId": upload}}}
        if "reference_strength" in request.options:
            reference["strength"] = request.options["reference_strength"]
        body[use] = reference
    return body


def _square(request: CloudGenerationRequest, entry: ModelEntry) -> tuple[int, int]:
    """Adobe's own default, at the resolution that was asked."""
    able = entry.capabilities
    return able.sizes[request.resolution or able.default_resolution]["1:1"]


def _v4(request: CloudGenerationRequest, uploads: Sequence[str]) -> dict[str, Any]:
    body: dict[str, Any] = {"modelId": "firefly_image", "resolutionLevel": request.resolution or "2.4MP"}
    if uploads:
        body["referenceBlobs"] = [{"source": {"uploadId": upload}, "usage": "general"} for upload in uploads]
    else:
        body["aspectRatio"] = request.aspect_ratio or "1:1"
    if "locale" in request.options:
        body["modelSpecificPayload"] = {"localeCode": request.options["locale"]}
    return body


@dataclass(frozen=True)
class Job:
    """A job that Adobe took: its id, where to ask and to cancel, how many pictures it counts for, and its model."""

    id: str
    status: str
    cancel: str
    pictures: int
    model: str

    @property
    def text(self) -> str:
        """The job as the hub stores it, see `job_of_text`."""
        return json.dumps([self.id, self.status, self.cancel, self.pictures, self.model], separators=(",", ":"))


def job_of_text(stored: str) -> Job:
    """Raises ValueError or TypeError when it is not a job's text."""
    return Job(*json.loads(stored))


def read_submission(document: Any, *, base: str, pictures: int, model: str) -> Job:
    """The job in an accepted submission, in the shape of v3 or of v4. Raises `OutcomeUnknown` when it names none."""
    answer = mapping(document)
    links = mapping(answer.get("links"))
    job_id = text(answer.get("jobId")) or text(answer.get("jobID"))
    status = text(answer.get("statusUrl")) or text(mapping(links.get("result")).get("href"))
    cancel = text(answer.get("cancelUrl")) or text(mapping(links.get("cancel")).get("href"))
    job_id = job_id or urlsplit(status).path.rpartition("/")[2]
    if not job_id or len(job_id) > 300:
        raise OutcomeUnknown(
            "Firefly API took the job and does not say which one it is. It may have been made and billed.",
            remedy="Look at the usage in Adobe's admin console; the owner settles or releases the call.",
        )
    job = Job(job_id, trusted(status, base, job_id, "status"), trusted(cancel, base, job_id, "cancel"), pictures, model)
    if len(job.text) <= LONGEST_REMOTE_ID:
        return job
    return Job(job_id, trusted("", base, job_id, "status"), trusted("", base, job_id, "cancel"), pictures, model)


def trusted(address: str, base: str, job_id: str, what: str) -> str:
    """An address that may see the token: Adobe's own or below the base address, else the one that v3 documents."""
    built = f"{base}/v3/{what}/{quote(job_id, safe=':')}"
    if not address:
        return built
    try:
        named, own = urlsplit(urljoin(f"{base}/", address)), urlsplit(base)
        same = (named.scheme, named.hostname, named.port) == (own.scheme, own.hostname, own.port)
        adobes = named.scheme == "https" and (named.hostname or "").endswith(ADOBE_HOSTS) and named.port in (None, 443)
    except ValueError:
        return built
    is_safe = named.username is None and named.password is None and (same or adobes)
    return named.geturl() if is_safe else built


def outcome(document: Mapping[str, Any]) -> Outcome:
    """How a job stands; every word that is not an ending means that Adobe works on it."""
    return _OUTCOMES.get(text(document.get("status")).lower(), "working")


@dataclass(frozen=True)
class Output:
    """One picture of a finished job, still at its address."""

    url: str
    seed: int | None


def outputs(document: Mapping[str, Any]) -> list[Output]:
    """The pictures of a job that succeeded."""
    found = []
    for item in items(mapping(document.get("result")).get("outputs")):
        url = text(mapping(item.get("image")).get("url"))
        if url:
            found.append(Output(url, whole(item.get("seed"))))
    return found


def remarks(document: Mapping[str, Any], model: str) -> dict[str, Any]:
    """What a result says besides its pictures: the class of content, and whether the prompt was softened."""
    result = mapping(document.get("result"))
    names = ("contentClass", "size", "promptHasDeniedWords", "promptHasBlockedArtists")
    return {"model": model} | {name: result[name] for name in names if result.get(name)}
