"""ComfyUI for the vendors' emulator, written from server.py, execution.py and nodes.py of its repository.

It bills nothing and leaves no invoice line. Routes also exist below /api. A graph that was carried out before is taken
from the cache: its history has no pictures.
"""

from providers.comfyui.emulator.jobs import Jobs
from providers.comfyui.emulator.nodes import NODES, node_info
from providers.comfyui.emulator.routes import Refused, read_form, read_object, usual_failure
from providers.comfyui.emulator.validate import check_graph
from providers.emulation.contract import Call, Mount, Reply, VendorEmulator, json_reply

_jobs = Jobs()


def answer(call: Call) -> Reply:
    """The server's answer to any request below its address."""
    path = call.path.removeprefix("/api")
    try:
        if call.method == "POST":
            return _post(call, path)
        if call.method in ("GET", "HEAD"):
            return _get(call, path)
        raise Refused(405, "405: Method Not Allowed")
    except Refused as refused:
        return refused.reply()


def _does_work(call: Call) -> bool:
    return call.method == "POST" and call.path.removeprefix("/api") == "/prompt"


def _get(call: Call, path: str) -> Reply:
    head, _, name = path.removeprefix("/").partition("/")
    if path == "/system_stats":
        return json_reply(_SYSTEM)
    if path == "/queue":
        return json_reply(_jobs.queue())
    if path == "/view":
        return _view(call)
    if head == "object_info":
        known = [name] if name in NODES else ([] if name else list(NODES))
        return json_reply({node: node_info(node) for node in known})
    if head == "history":
        return json_reply(_jobs.history(name))
    raise Refused(404, "404: Not Found")


def _post(call: Call, path: str) -> Reply:
    if path == "/upload/image":
        return json_reply(_jobs.store_upload(*read_form(call)))
    if path == "/prompt":
        body = read_object(call)
        if "prompt" not in body:
            words = "No prompt provided"
            error = {"type": "no_prompt", "message": words, "details": words, "extra_info": {}}
            return json_reply({"error": error, "node_errors": {}}, status=400)
        refusal = check_graph(body["prompt"], uploads=_jobs.uploads)
        if refusal is not None:
            return json_reply(refusal, status=400)
        job = _jobs.add(str(body.get("prompt_id") or ""), body["prompt"], call.fault)
        return json_reply({"prompt_id": job.id, "number": job.number, "node_errors": {}})
    if path == "/queue":
        for job_id in read_object(call).get("delete", []):
            _jobs.delete(str(job_id))
        return Reply(content_type="application/octet-stream")
    if path == "/interrupt":
        _jobs.interrupt(str(read_object(call, may_be_empty=True).get("prompt_id") or ""))
        return Reply(content_type="application/octet-stream")
    raise Refused(404, "404: Not Found")


def _view(call: Call) -> Reply:
    data = _jobs.file(call.query.get("type", "output"), call.query.get("subfolder", ""), call.query.get("filename", ""))
    if data is None:
        raise Refused(404, "404: Not Found")
    return Reply(body=data, content_type="image/png")


_SYSTEM = {
    "system": {"os": "posix", "comfyui_version": "0.3.64", "python_version": "3.12.3", "embedded_python": False},
    "devices": [{"name": "cuda:0 NVIDIA GeForce RTX 4070", "type": "cuda", "index": 0, "vram_total": 12_878_086_144}],
}

application = VendorEmulator(
    id="comfyui",
    mounts=(Mount(name="comfyui", variable="COMFYUI_BASE_URL"),),
    answer=answer,
    failure=usual_failure,
    does_work=_does_work,
)
