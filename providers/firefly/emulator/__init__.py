"""Adobe's Firefly API and IMS for the vendors' emulator, written from Adobe's pages.

Prices stand in contracts: this one charges $0.05 for each picture of a job that it takes, also when the job is
filtered, cancelled or short of pictures, since no page says that such a job is free.
"""

import re
from dataclasses import replace
from typing import Any

from providers.emulation.contract import Call, Mount, Reply, VendorEmulator, json_reply
from providers.emulation.invoice import Charge, ChargeLine
from providers.firefly.emulator.errors import Refused, usual_failure
from providers.firefly.emulator.ims import check_token, give_token
from providers.firefly.emulator.jobs import Job, add_job, add_upload, cancel_job, find_job
from providers.firefly.emulator.wish import Wish, read_fill, read_v3, read_v4

PICTURE_MICRO = 50_000
UPLOAD_TYPES = ("image/png", "image/jpeg", "image/webp")
_SUBMIT = re.compile(r"/(?P<version>v3|v4)/images/(?P<verb>generate|fill)-async")
_JOB = re.compile(r"/v3/(?P<what>status|cancel)/(?P<job>urn:[0-9a-z:]+)")
_RESULT = re.compile(r"/results/(?P<job>urn:[0-9a-z:]+)/(?P<place>[0-9])\.jpg")


def answer(call: Call) -> Reply:
    """Adobe's answer to any request below either base address."""
    if call.mount == "ims":
        return give_token(call)
    try:
        result = _RESULT.fullmatch(call.path)
        if result and call.method in ("GET", "HEAD"):
            return _picture(call, result["job"], int(result["place"]))
        check_token(call)
        return _route(call)
    except Refused as refused:
        return refused.reply()


def _does_work(call: Call) -> bool:
    return call.method == "POST" and _SUBMIT.fullmatch(call.path) is not None


def _counts(call: Call) -> bool:
    """Adobe counts every call to its API; tokens and pictures come from elsewhere."""
    return call.mount == "firefly" and _RESULT.fullmatch(call.path) is None


def _route(call: Call) -> Reply:
    submit, job = _SUBMIT.fullmatch(call.path), _JOB.fullmatch(call.path)
    if submit and call.method == "POST" and submit.groups() != ("v4", "fill"):
        return _submit(call, submit["version"], submit["verb"])
    if job and (call.method, job["what"]) == ("GET", "status"):
        return _soon(json_reply(_status(call, find_job(job["job"]))))
    if job and (call.method, job["what"]) == ("PUT", "cancel"):
        cancel_job(job["job"])
        return Reply(status=202)
    if (call.method, call.path) == ("POST", "/v2/storage/image"):
        if call.headers.get("content-type") not in UPLOAD_TYPES:
            raise Refused(415, "invalid_content_type", "Content-Type must be image/png, image/jpeg or image/webp.")
        return json_reply({"images": [{"id": add_upload(call.body)}]})
    raise Refused(404, "not_found", "The resource does not exist.")


def _submit(call: Call, version: str, verb: str) -> Reply:
    if call.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise Refused(415, "invalid_content_type", "Content-Type must be application/json.")
    model = call.headers.get("x-model-version", "image3")
    if verb == "fill":
        wish = read_fill(call.body)
    else:
        wish = read_v3(model, call.body) if version == "v3" else read_v4(model, call.body)
    if call.fault.filtered == "prompt":
        raise Refused(422, "prompt_unsafe", "The prompt is unsafe.")
    job = add_job(wish, call.fault)
    status, cancel = (f"{call.origin}/{call.mount}/v3/{what}/{job.id}" for what in ("status", "cancel"))
    document: dict[str, Any] = {"jobId": job.id, "statusUrl": status, "cancelUrl": cancel}
    if version == "v4":
        document = {"links": {"result": {"href": status}, "cancel": {"href": cancel}}}
    return replace(_soon(json_reply(document, status=202)), charge=_charge(wish, job))


def _soon(reply: Reply) -> Reply:
    """Jobs are quick here: ask again at once."""
    return replace(reply, headers={"Retry-After": "0"})


def _charge(wish: Wish, job: Job) -> Charge:
    return Charge(model=wish.model, request_id=job.id, lines=(ChargeLine(wish.count, PICTURE_MICRO),))


def _status(call: Call, job: Job) -> dict[str, Any]:
    document: dict[str, Any] = {"status": job.status, "jobId": job.id}
    if job.status == "failed":
        document |= {"error_code": job.failure, "message": "The generated image did not pass the content filter."}
    if job.status == "succeeded":
        width, height = job.size
        signature = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0123456789abcdef"
        document["result"] = {
            "size": {"width": width, "height": height},
            "outputs": [
                {
                    "seed": job.seed(place),
                    "image": {"url": f"{call.origin}/{call.mount}/results/{job.id}/{place}.jpg?{signature}"},
                }
                for place in range(job.delivered)
            ],
        }
        if job.wish.content_class:
            document["result"]["contentClass"] = job.wish.content_class
    return document


def _picture(call: Call, job_id: str, place: int) -> Reply:
    """A signed address needs no token, and Amazon refuses one that carries other credentials as well."""
    job = find_job(job_id)
    if "authorization" in call.headers or "X-Amz-Signature" not in call.query or place >= job.delivered:
        return Reply(status=403, body=b"<Error><Code>AccessDenied</Code></Error>", content_type="application/xml")
    return Reply(body=job.picture(place), content_type="image/jpeg")


application = VendorEmulator(
    id="adobe-firefly",
    mounts=(Mount(name="firefly", variable="FIREFLY_BASE_URL"), Mount(name="ims", variable="FIREFLY_IMS_URL")),
    answer=answer,
    failure=usual_failure,
    does_work=_does_work,
    counts=_counts,
)
