"""ComfyUI's refusals and failed jobs as errors of ours. No vendor bills a job: without a picture it is free."""

from typing import Any

from providers.base import Busy, OutcomeUnknown, ProviderError, Rejected
from providers.comfyui.wire import Job, messages_of
from providers.reading import Redact, items, mapping, quotation, shown, text

FREE = "No picture was made, nothing is charged."
LOOK = "Look at the server's console, and try again."
CHECK_ADDRESS = "Check COMFYUI_BASE_URL: ComfyUI usually answers at http://127.0.0.1:8188."
LESS_MEMORY = "Ask for a smaller size; the server's graphics memory is full."
REPAIR = "Repair the workflow, or install the nodes and models that it names, and register it again."


def refused(status: int, document: Any, redact: Redact, *, model: str = "") -> ProviderError:
    """The error for an HTTP answer from 400 to 499: the server checked the graph and did not take it."""
    answer = mapping(document)
    error = mapping(answer.get("error"))
    faults = _node_faults(answer.get("node_errors"))
    words = "; ".join(filter(None, [text(error.get("message")), text(error.get("details")).strip()]))
    said = quotation(shown("; ".join(fault for _, fault in faults) or words, redact), "ComfyUI")
    if any(name == "ckpt_name" for name, _ in faults):
        headline = f"The checkpoint {model} is not there (any more)" if model else "The checkpoint is not there"
        return _rejected("model_retired", status, headline, said, "Register a checkpoint that the server has.")
    if error:
        return _rejected("capability", status, "The graph was not accepted", said, REPAIR)
    if status in (401, 403, 407):
        remedy = "Something before ComfyUI asks for a password, which the hub does not have; let the hub through."
        return _rejected("permission_region", status, "Access is denied", said, remedy)
    if status == 413:
        return _rejected("capability", status, "Picture too large", said, "Use a smaller reference picture.")
    if status in (404, 405):
        return _rejected("capability", status, "The address answers, but not as ComfyUI does", said, CHECK_ADDRESS)
    return _rejected("capability", status, "Request not accepted", said, LOOK)


def _node_faults(node_errors: Any) -> list[tuple[str, str]]:
    """(input, sentence) for each fault of each node."""
    found = []
    for node, described in mapping(node_errors).items():
        kind = text(mapping(described).get("class_type"))
        for fault in items(mapping(described).get("errors")):
            name = text(mapping(fault.get("extra_info")).get("input_name"))
            sentence = f"{text(fault.get('message'))}: {text(fault.get('details'))}".strip(": ")
            found.append((name, f"{kind} {node}: {sentence}"))
    return found


def failed_job(history: dict[str, Any], job: Job, redact: Redact) -> Rejected:
    """The error for a job whose history says that it failed or was interrupted."""
    messages = messages_of(history)
    if "execution_interrupted" in messages:
        message = f"ComfyUI API: The job was interrupted. {FREE}"
        return Rejected("cancelled_after_send", message, remedy="Try again if it was not you.", request_id=job.id)
    error = messages.get("execution_error", {})
    kind, words = text(error.get("exception_type")), text(error.get("exception_message"))
    node = f"{text(error.get('node_type'))} {text(error.get('node_id'))}".strip()
    said = quotation(shown(words or kind, redact), f"Its node {node}" if node else "ComfyUI")
    is_memory = "OutOfMemory" in kind or "out of memory" in words.lower()
    headline, remedy = ("Out of memory", LESS_MEMORY) if is_memory else ("The job failed", LOOK)
    message = " ".join(filter(None, (f"ComfyUI API: {headline}.", said, FREE)))
    return Rejected("provider_5xx", message, remedy=remedy, request_id=job.id)


def without_pictures(job: Job) -> Rejected:
    message = (
        f"ComfyUI API: The job ended without a picture. {FREE} A graph that was carried out before is answered from "
        "the server's cache."
    )
    remedy = "Change the seed or the prompt; in a workflow of your own end with a node that saves pictures."
    return Rejected("invalid_output", message, remedy=remedy, request_id=job.id)


def gone(job: Job) -> Rejected:
    """Neither waiting, nor running, nor in the history, which a restart empties."""
    if job.lost:
        message = f"ComfyUI API: The job never arrived ({job.lost}). {FREE}"
        return Rejected("connect_failed_not_sent", message, remedy=LOOK, request_id=job.id)
    message = (
        f"ComfyUI API: The server no longer knows the job: it was deleted there, or the server started anew. {FREE}"
    )
    return Rejected("interrupted", message, remedy="Try again.", request_id=job.id)


def unreadable(status: int, what: str) -> Busy | OutcomeUnknown:
    """An answer to a free question that nobody can use: a failing server is asked again."""
    if status >= 500 or status in (408, 429):
        return Busy("provider_5xx", sentence(status, f"The server cannot tell {what} now"), remedy=LOOK)
    return OutcomeUnknown(sentence(status, f"The server does not tell {what}"), remedy=CHECK_ADDRESS)


def _rejected(code: str, status: int, headline: str, said: str, remedy: str) -> Rejected:
    return Rejected(code, sentence(status, headline, said, FREE), remedy=remedy)


def sentence(status: int, headline: str, *rest: str) -> str:
    """The form that users know."""
    return " ".join((f"ComfyUI API error (HTTP {status}): {headline}.", *(part for part in rest if part)))
