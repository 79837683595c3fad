"""RunPod for the vendors' emulator: public endpoints, own endpoints with worker-comfyui, and the list of the latter.

Jobs at /v2/{endpoint}/… as on https://api.runpod.ai, the account at /management/v2/… as on https://api.runpod.io.
Pictures lie at /image below the mount, and are given without a key. A key that contains "limited" may run jobs and not
see the account. Streams, webhooks, retries and load balancing endpoints are not emulated.

https://docs.runpod.io/serverless/endpoints/operation-reference
"""

import re
import time
from typing import Any

import orjson

from providers.emulation.contract import Call, Mount, Reply, VendorEmulator, json_reply
from providers.runpod.emulator.endpoints import OWN, Own, Public, find_endpoint
from providers.runpod.emulator.errors import Refused, usual_failure
from providers.runpod.emulator.plan import Failing, own_plan, public_plan
from providers.runpod.emulator.work import Job, Jobs

MOST_BYTES = {"run": 10_000_000, "runsync": 20_000_000}
USUAL_WAIT_MS, LEAST_WAIT_MS, MOST_WAIT_MS = 90_000, 1_000, 300_000
BODY_NAMES = {"input", "webhook", "policy", "s3Config"}
POLICY: dict[str, type] = {"executionTimeout": int, "ttl": int, "lowPriority": bool}
LEAST_TTL_MS, MOST_TTL_MS = 10_000, 7 * 24 * 3600 * 1000
_CALL = re.compile(r"/v2/(?P<endpoint>[0-9A-Za-z-]+)/(?P<verb>run|runsync|health)")
_JOB = re.compile(r"/v2/(?P<endpoint>[0-9A-Za-z-]+)/(?P<verb>status|cancel)/(?P<job>[0-9A-Za-z-]+)")
_IMAGE = re.compile(r"/image/(?P<job>[0-9A-Za-z-]+)/(?P<name>[\w.]+)")
_MANAGEMENT = re.compile(r"/management/v2/serverless(?:/(?P<endpoint>[0-9A-Za-z-]+))?")
_jobs = Jobs()


def answer(call: Call) -> Reply:
    """RunPod's answer to any request below the base address."""
    try:
        image = _IMAGE.fullmatch(call.path)
        if image:
            return _image(image["job"], image["name"])
        _check_key(call)
        return _route(call)
    except Refused as refused:
        return refused.reply()


def _does_work(call: Call) -> bool:
    return call.method == "POST" and call.path.endswith(("/run", "/runsync"))


def _check_key(call: Call) -> None:
    # The jobs' host takes the bare key too.
    key = call.headers.get("authorization", "").removeprefix("Bearer ").strip()
    management = call.path.startswith("/management/")
    if not key or "invalid" in key:
        raise Refused(401, "missing bearer token" if management and not key else "", management=management)
    if management and "limited" in key:
        raise Refused(403, "access denied", management=True)


def _route(call: Call) -> Reply:
    management, made, asked = (form.fullmatch(call.path) for form in (_MANAGEMENT, _CALL, _JOB))
    if management and call.method == "GET":
        return _endpoints(management["endpoint"])
    if made:
        endpoint = find_endpoint(made["endpoint"])
        if endpoint is None:
            raise Refused(404, "endpoint not found")
        if made["verb"] == "health" and call.method == "GET":
            jobs = {"completed": 1, "failed": 0, "inProgress": 0, "inQueue": 0, "retried": 0}
            return json_reply({"jobs": jobs, "workers": {"idle": 1, "running": 0}})
        if made["verb"] != "health" and call.method == "POST":
            return _make(call, endpoint, made["verb"])
    if asked and call.method == ("GET" if asked["verb"] == "status" else "POST"):
        return _ask(asked["endpoint"], asked["verb"], asked["job"])
    raise Refused(404, management=call.path.startswith("/management/"))


def _make(call: Call, endpoint: Public | Own, verb: str) -> Reply:
    given = _read_body(call, verb)
    failure, plan = "", None
    try:
        plan = public_plan(given, endpoint) if isinstance(endpoint, Public) else own_plan(given, endpoint)
    except Failing as failing:
        failure = str(failing)
    job = Job(endpoint, plan, call.fault, call.origin, failure, verb == "runsync")
    _jobs.add(job)
    if verb == "run":
        return json_reply({"id": job.id, "status": "IN_QUEUE"}, charge=job.charge())
    until = time.monotonic() + _wait_ms(call) / 1000
    while job.status in ("IN_QUEUE", "IN_PROGRESS") and time.monotonic() < until:
        time.sleep(0.01)
    return json_reply(job.document(), charge=job.charge())


def _wait_ms(call: Call) -> int:
    wished = call.query.get("wait", str(USUAL_WAIT_MS))
    if not re.fullmatch("[0-9]{1,7}", wished) or not LEAST_WAIT_MS <= int(wished) <= MOST_WAIT_MS:
        raise Refused(400, "wait must be between 1000 and 300000")
    return int(wished)


def _read_body(call: Call, verb: str) -> dict[str, Any]:
    if len(call.body) > MOST_BYTES[verb]:
        raise Refused(400, "request body exceeds the maximum payload size")
    try:
        body = orjson.loads(call.body)
    except ValueError as error:
        raise Refused(400, "invalid JSON") from error
    given = body.get("input") if isinstance(body, dict) else None
    if not isinstance(given, dict) or not given:
        raise Refused(400, "input is required")
    unknown = sorted(set(body) - BODY_NAMES)
    if unknown:
        raise Refused(400, f"unknown field {unknown[0]}")
    for name, value in body.get("policy", {}).items():
        is_known = name in POLICY and isinstance(value, POLICY[name])
        if not is_known or (name == "ttl" and not LEAST_TTL_MS <= value <= MOST_TTL_MS):
            raise Refused(400, f"policy.{name} is not valid")
    return given


def _ask(endpoint_id: str, verb: str, job_id: str) -> Reply:
    job = _jobs.get(job_id)
    if job is None or job.endpoint.id != endpoint_id:
        raise Refused(404, "job not found")
    if verb == "status":
        return json_reply(job.document())
    was_queued = _jobs.cancel(job)
    reply = json_reply({"id": job.id, "status": job.status})
    return Reply(body=reply.body, void=job.id) if was_queued else reply


def _endpoints(endpoint_id: str | None) -> Reply:
    """https://docs.runpod.io/api-reference: what is asked for here of what an endpoint has."""
    listed = [{"id": endpoint.id, "name": endpoint.name, "type": "QUEUE"} for endpoint in OWN]
    if endpoint_id is None:
        return json_reply({"endpoints": listed})
    found = next((endpoint for endpoint in listed if endpoint["id"] == endpoint_id), None)
    if found is None:
        raise Refused(404, "endpoint not found", management=True)
    return json_reply(found)


def _image(job_id: str, name: str) -> Reply:
    job = _jobs.get(job_id)
    data = job.file(name) if job else None
    if job is None or job.plan is None or data is None:
        return Reply(status=404, body=b"not found", content_type="text/plain")
    return Reply(body=data, content_type=job.plan.mime_type)


application = VendorEmulator(
    id="runpod",
    mounts=(Mount(name="runpod", variable="RUNPOD_BASE_URL"),),
    answer=answer,
    failure=usual_failure,
    does_work=_does_work,
)
