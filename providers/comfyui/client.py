"""The vendor comfyui: addresses, uploads and calls. Graphs are `graph`'s business, answers `wire`'s."""

import hashlib
import secrets
import time
import uuid
from dataclasses import replace
from typing import Any

import httpx

from providers.base import (
    Busy,
    CloudGenerationRequest,
    CloudGenerationResponse,
    InvalidField,
    Key,
    KeyForm,
    ModelEntry,
    OutcomeUnknown,
    Pending,
    Picture,
    Provider,
    Quantities,
    Rejected,
    expected_size,
)
from providers.comfyui import errors, graph, wire
from providers.guarded import GuardedTransport
from providers.http import Answer, Door
from providers.masks import white_changes
from providers.pictures import UnreadablePicture, read_picture
from providers.reading import Redact, items, kept, mapping, redactor, text
from providers.self_hosted import ELECTRICITY, base_address, normalise_local, own_server, unreachable

ADDRESS = "COMFYUI_BASE_URL"
EXAMPLE = "http://127.0.0.1:8188"
SETUP = f"Start ComfyUI and set {ADDRESS} (usually {EXAMPLE}); no key is needed. {ELECTRICITY}"
READ_SECONDS = 60
# Jobs of other people may stand before ours in the server's queue.
LONGEST_JOB_SECONDS = 3600
POLL_SECONDS = 0.5
# A prompt whose answer was lost may still be on its way for so long.
ARRIVAL_SECONDS = 5
_NOTHING: Redact = lambda words: words  # noqa: E731


class ComfyUI(Provider):
    """Checkpoints by a built-in graph, and own workflows (see `graph`). `transport` is for tests.

    A registration may have an address of its own. The prompt's id is ours and travels with it: when its answer is lost,
    `check` finds out by that id what became of it. The hub does not know the id before the call, so that after a crash
    in that moment the outcome stays unknown.
    """

    id = "comfyui"
    label = "ComfyUI"
    error_prefix = "ComfyUI API"
    key_forms = (KeyForm(name="server", help=SETUP),)
    key_help = SETUP
    address_variables = (ADDRESS,)
    longest_wait_seconds = LONGEST_JOB_SECONDS
    status_by_id = True
    can_cancel = True
    billed_on_filter = "no"
    billed_on_cancel = "no"
    billed_on_timeout = "no"
    open_catalogue = True
    takes_address = True
    models: tuple[ModelEntry, ...] = ()
    privacy = own_server("ComfyUI")

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        guarded = transport or GuardedTransport(most_seconds=READ_SECONDS)
        self._door = Door(self.error_prefix, read_seconds=READ_SECONDS, transport=guarded)

    def prepare(self, request: CloudGenerationRequest, key: Key) -> CloudGenerationRequest:
        """Upload the pictures, and choose the prompt's id and, where none is wished, a seed."""
        base = _base((request.entry or wire.bare_entry(request.model)).address)
        files = [(image.data, image.mime_type) for image in request.input_images]
        if request.mask:
            first = request.input_images[0]
            files.append((white_changes(request.mask, (first.width, first.height)), "image/png"))
        prepared = {
            "prompt_id": str(uuid.uuid4()),
            "seed": secrets.randbelow(2**31),
            "uploads": [self._upload(base, data, mime_type) for data, mime_type in files],
        }
        return replace(request, prepared=prepared)

    def start(self, request: CloudGenerationRequest, key: Key) -> Pending:
        """Queue the prompt. Raises `Rejected`, `Busy` or `OutcomeUnknown`."""
        entry = request.entry or wire.bare_entry(request.model)
        name = str(request.prepared.get("prompt_id") or uuid.uuid4())
        seed = request.prepared.get("seed", 0) if request.seed is None else request.seed
        uploads = request.prepared.get("uploads") or [""] * (len(request.input_images) + 1)
        prompt = graph.build(request, entry, uploads=uploads, seed=seed, mark=name[:8])
        seeds, now = tuple(graph.seed_places(entry)), int(time.time())
        job = wire.Job(name, _base(entry.address), seeds, sent=now, asked=request.num_images)
        body = {"prompt": prompt, "client_id": name, "prompt_id": name}
        try:
            answer = self._door.submit("POST", f"{job.base}/prompt", headers={}, json=body)
        except OutcomeUnknown as error:
            if not request.prepared:
                raise
            return _asked_for(replace(job, lost=error.message))
        document = mapping(_json(answer))
        if answer.status >= 500 or answer.status in (408, 499) or (answer.status < 300 and not document):
            return _asked_for(replace(job, lost=f"HTTP {answer.status}"))
        if answer.status != 200:
            raise errors.refused(answer.status, document, _NOTHING, model=entry.id)
        return _asked_for(replace(job, id=text(document.get("prompt_id")) or name))

    def check(self, remote_id: str, key: Key) -> Pending | CloudGenerationResponse:
        """Ask for the job once, and fetch its pictures when it is done. Raises as `start`."""
        job = wire.job_of_text(remote_id)
        history = self._history(job)
        if history is None:
            queue = self._ask_about(job, "queue")
            if wire.is_waiting(queue, job) or wire.is_running(queue, job):
                return _asked_for(job)
            # It may have ended between the two questions.
            history = self._history(job)
        if history is None:
            if job.lost and time.time() < job.sent + ARRIVAL_SECONDS:
                return _asked_for(job)
            raise errors.gone(job)
        if wire.has_failed(history):
            raise errors.failed_job(history, job, _NOTHING)
        return self._response(history, job)

    def cancel(self, remote_id: str, key: Key) -> None:
        """Take the job out of the queue, or interrupt it; never what the server draws for somebody else."""
        job = wire.job_of_text(remote_id)
        queue = self._ask_about(job, "queue")
        if wire.is_waiting(queue, job):
            self._door.ask("POST", f"{job.base}/queue", headers={}, json={"delete": [job.id]})
        elif wire.is_running(queue, job):
            # Servers since autumn 2025 look at the id once more; older ones interrupt what runs, which is this job.
            self._door.ask("POST", f"{job.base}/interrupt", headers={}, json={"prompt_id": job.id})

    def validate_credentials(self, key: Key) -> str:
        """Whether the server answers, and what it draws with."""
        base = _base("")
        try:
            stats = mapping(self._get(base, "system_stats", "how it is"))
        except OutcomeUnknown as error:
            raise Rejected("capability", error.message, remedy=error.remedy) from error
        version = text(mapping(stats.get("system")).get("comfyui_version"))
        devices = ", ".join(text(device.get("name")) for device in items(stats.get("devices")))
        drawn = f" and draws with {devices}" if devices else ""
        return f"No key is needed: ComfyUI {version} answers at {base}{drawn}.".replace("  ", " ")

    def describe(self, model_id: str, key: Key, *, address: str = "") -> ModelEntry:
        """A checkpoint by its file name, or an own workflow, whose facts the owner gives."""
        base = _base(address)
        if graph.is_own(model_id):
            self._get(base, "system_stats", "how it is")
            return wire.workflow_entry(model_id, address=address)
        loader = self._get(base, "object_info/CheckpointLoaderSimple", "its checkpoints")
        offered = wire.choices(loader, "CheckpointLoaderSimple", "ckpt_name")
        checkpoint = wire.find_checkpoint(offered, model_id)
        if not checkpoint:
            more = f" and {len(offered) - 10} more" if len(offered) > 10 else ""
            offer = f"It has {', '.join(offered[:10])}{more}." if offered else "It has none."
            remedy = f'{offer} A workflow of your own is registered as "{graph.OWN}name" with its graph.'
            raise Rejected("capability", f"The server has no checkpoint {model_id!r}.", remedy=remedy)
        sampler = self._get(base, "object_info/KSampler", "its samplers")
        return wire.checkpoint_entry(checkpoint, sampler, address=address)

    def normalise(self, request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
        """As the contract says; an own workflow must have a place for every field that is asked."""
        if not graph.is_own(model.id):
            return normalise_local(request, model)
        facts = model.capabilities.facts
        problem = graph.workflow_problem(facts)
        if problem:
            raise InvalidField({"model": f"{model.name} cannot be used. {problem}"})
        fitted, notes = super().normalise(request, model)
        if request.width and not fitted.width and not fitted.aspect_ratio:
            # The workflow decides by itself which sizes it takes.
            fitted = replace(fitted, width=request.width, height=request.height)
        problems = graph.lacking_places(fitted, facts, expected_size(fitted, model))
        if problems:
            raise InvalidField(problems)
        return fitted, notes

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return {"image": request.num_images}

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities:
        """The pictures that came, as many as were asked for at most, at the owner's electricity price.

        No vendor bills anything, and a workflow may save more than one picture for each that was asked for.
        """
        return {"image": int(response.usage["image"])}

    def _upload(self, base: str, data: bytes, mime_type: str) -> str:
        """Store a picture on the server under a name that its bytes decide; the name that it got."""
        ending = mime_type.removeprefix("image/").replace("jpeg", "jpg")
        name = f"{hashlib.sha256(data).hexdigest()[:24]}.{ending}"
        form = {"type": "input", "subfolder": "cloudhub"}
        try:
            answer = self._door.ask(
                "POST", f"{base}/upload/image", headers={}, files={"image": (name, data, mime_type)}, data=form,
                seconds=READ_SECONDS,
            )  # fmt: skip
        except Busy as error:
            raise unreachable(error, base, SETUP) from error
        stored = mapping(_json(answer))
        if answer.status == 200 and text(stored.get("name")):
            return "/".join(filter(None, (text(stored.get("subfolder")), text(stored.get("name")))))
        if 400 <= answer.status < 500:
            raise errors.refused(answer.status, stored, _NOTHING)
        raise Busy("provider_5xx", errors.sentence(answer.status, "The picture could not be stored", errors.FREE))

    def _history(self, job: wire.Job) -> dict[str, Any] | None:
        """What the server remembers of an ended job, None before its end."""
        found = mapping(self._ask_about(job, f"history/{job.id}")).get(job.id)
        return found if isinstance(found, dict) else None

    def _ask_about(self, job: wire.Job, path: str) -> Any:
        """A read for a job that the server has: where it may no longer be asked, nothing is known of it."""
        try:
            return self._get(job.base, path, "of the job")
        except Rejected as error:
            raise OutcomeUnknown(error.message, remedy=error.remedy) from error

    def _get(self, base: str, path: str, what: str) -> Any:
        try:
            answer = self._door.read(f"{base}/{path}", headers={"Accept": "application/json"})
        except Busy as error:
            raise unreachable(error, base, SETUP) from error
        document = _json(answer)
        if answer.status == 200 and isinstance(document, dict):
            return document
        raise errors.unreadable(answer.status, what)

    def _response(self, history: dict[str, Any], job: wire.Job) -> CloudGenerationResponse:
        """The pictures of an ended job. The seed is the first one's; the others of a batch have none of their own."""
        seed = wire.seed_of(history, job)
        images: list[bytes] = []
        pictures: list[Picture] = []
        for file in wire.files_of(history):
            query = {"filename": file.filename, "subfolder": file.subfolder, "type": file.type}
            answer = self._door.read(f"{job.base}/view", headers={}, params=query, seconds=READ_SECONDS)
            if answer.status >= 500:
                raise errors.unreadable(answer.status, "a picture")
            try:
                picture = read_picture(answer.body, seed=seed if not images else None)
            except UnreadablePicture:
                continue
            images.append(answer.body)
            pictures.append(picture)
        if not images:
            raise errors.without_pictures(job)
        outputs = {"outputs": history.get("outputs"), "status": history.get("status")}
        return CloudGenerationResponse(
            images=images, pictures=tuple(pictures), metadata={"server": job.base},
            provider_response=kept(outputs, redactor(Key({}))), request_id=job.id,
            usage={"image": min(len(images), job.asked)},
        )  # fmt: skip


def _asked_for(job: wire.Job) -> Pending:
    return Pending(remote_id=job.text, wait_seconds=POLL_SECONDS, request_id=job.id)


def _base(address: str) -> str:
    return base_address(address, ADDRESS, label="ComfyUI", example=EXAMPLE)


def _json(answer: Answer) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
