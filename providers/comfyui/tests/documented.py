"""What ComfyUI answers when something goes wrong, in its real bodies.

server.py and execution.py of https://github.com/Comfy-Org/ComfyUI. A check is answered by the history of the prompt
that the body's key names; `PROMPT` stands for its id.
"""

from typing import Any

from tests.providers.documented import JOB_ID, DocumentedError

SOURCE = "https://github.com/Comfy-Org/ComfyUI/blob/master/execution.py"
PROMPT = JOB_ID
QUICK = {"providers.comfyui.client.ARRIVAL_SECONDS": 0.3}


def refused(kind: str, message: str, details: str = "", **nodes: dict[str, Any]) -> dict[str, Any]:
    error = {"type": kind, "message": message, "details": details, "extra_info": {}}
    return {"error": error, "node_errors": nodes}


def node(class_type: str, kind: str, message: str, details: str, input_name: str) -> dict[str, Any]:
    fault = {"type": kind, "message": message, "details": details, "extra_info": {"input_name": input_name}}
    return {"errors": [fault], "dependent_outputs": ["9"], "class_type": class_type}


def history(status: str, *messages: list[Any], outputs: dict[str, Any] | None = None) -> dict[str, Any]:
    state = {"status_str": status, "completed": status == "success", "messages": list(messages)}
    return {PROMPT: {"prompt": [1, PROMPT, {}, {}, []], "outputs": outputs or {}, "status": state}}


FAILED = "Prompt outputs failed validation"
ERRORS = [
    DocumentedError(
        name="checkpoint gone", status=400,
        body=refused("prompt_outputs_failed_validation", FAILED, "Value not in list: ckpt_name: 'x' not in []", **{
            "4": node("CheckpointLoaderSimple", "value_not_in_list", "Value not in list", "ckpt_name: 'x' not in []",
                      "ckpt_name")}),
        code="model_retired", ends="rejected", state="released", source=SOURCE,
    ),
    DocumentedError(
        name="wrong value", status=400,
        body=refused("prompt_outputs_failed_validation", FAILED, "", **{
            "3": node("KSampler", "value_bigger_than_max", "Value 200 bigger than max of 100.0", "cfg", "cfg")}),
        code="capability", ends="rejected", state="released", source=SOURCE,
    ),
    DocumentedError(name="missing node", status=400,
                    body=refused("invalid_prompt", "Cannot execute because node Foo does not exist.", "Node ID '#7'"),
                    code="capability", ends="rejected", state="released", source=SOURCE),
    DocumentedError(name="nothing to save", status=400, body=refused("prompt_no_outputs", "Prompt has no outputs"),
                    code="capability", ends="rejected", state="released", source=SOURCE),
    DocumentedError(name="password wanted by a proxy", status=401, body="<html>Unauthorized</html>",
                    code="permission_region", ends="rejected", state="released", source=SOURCE),
    DocumentedError(name="foreign origin", status=403, body="", code="permission_region", ends="rejected",
                    state="released", source=SOURCE),
    DocumentedError(name="another program", status=404, body="404: Not Found", code="capability", ends="rejected",
                    state="released", source=SOURCE),
    DocumentedError(name="wrong method", status=405, body="405: Method Not Allowed", code="capability",
                    ends="rejected", state="released", source=SOURCE),
    DocumentedError(name="too large", status=413, body="Maximum request body size exceeded", code="capability",
                    ends="rejected", state="released", source=SOURCE),
    DocumentedError(
        name="job: out of memory", status=200,
        body=history("error", ["execution_error", {
            "node_id": "3", "node_type": "KSampler", "exception_type": "torch.OutOfMemoryError",
            "exception_message": "Allocation on device 0 would exceed allowed memory. (out of memory)"}]),
        code="provider_5xx", ends="rejected", state="released", on="check", source=SOURCE,
    ),
    DocumentedError(
        name="job: a node failed", status=200,
        body=history("error", ["execution_error", {
            "node_id": "4", "node_type": "CheckpointLoaderSimple", "exception_type": "RuntimeError",
            "exception_message": "Could not detect model type"}]),
        code="provider_5xx", ends="rejected", state="released", on="check", source=SOURCE,
    ),
    DocumentedError(
        name="job: interrupted", status=200,
        body=history("error", ["execution_interrupted", {"node_id": "3", "node_type": "KSampler", "executed": []}]),
        code="cancelled_after_send", ends="rejected", state="released", on="check", source=SOURCE,
    ),
    DocumentedError(name="job: answered from the cache", status=200,
                    body=history("success", ["execution_cached", {"nodes": ["3", "9"]}]), code="invalid_output",
                    ends="rejected", state="released", on="check", source=SOURCE),
    DocumentedError(name="job: server in trouble", status=500, body="500 Internal Server Error", code="provider_5xx",
                    ends="busy", state="released", on="check", source=SOURCE),
]  # fmt: skip

# The owner's electricity: nobody else bills these pictures.
REGISTRATIONS = [{"cloud_model_id": "v1-5-pruned-emaonly.safetensors", "price_per_image": "0.002"}]
BILLS_NOBODY = True
FINDS_LOST_JOBS = True
