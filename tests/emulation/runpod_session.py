"""RunPod's official SDK at work, in a process of its own; prints what it was told as one JSON line.

    RUNPOD_ENDPOINT_BASE_URL=… HOME=… python -m tests.emulation.runpod_session

When it is imported the SDK makes a folder in the home directory and brings seventy packages along, so that no test
imports it.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import requests
import runpod

KEY, SCHNELL, QWEN = "rpa_test0123456789", "black-forest-labs-flux-1-schnell", "qwen-image-t2i"
WISH = {"prompt": "A red fox", "size": "1024*768", "seed": 7}
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT")


def ended(job: Any) -> str:
    last = time.monotonic() + 20
    while job.status() not in ENDED and time.monotonic() < last:
        time.sleep(0.05)
    return str(job.status())


def refusal(work: Callable[[], object]) -> list[object]:
    """The class of what the SDK raises, and the status that it names."""
    try:
        work()
    except requests.HTTPError as error:
        return [type(error).__name__, error.response.status_code]
    except RuntimeError as error:
        return [type(error).__name__, str(error)]
    return []


def session() -> dict[str, Any]:
    endpoint = runpod.Endpoint(SCHNELL, api_key=KEY)
    told: dict[str, Any] = {"health": endpoint.health()}
    told["run_sync"] = endpoint.run_sync({"prompt": "fox", "width": 512, "height": 768})
    job = endpoint.run({"prompt": "fox"})
    told["run"] = {"first": job.status(), "last": ended(job), "output": job.output()}
    failing = endpoint.run({"prompt": "fox", "width": 500})
    told["failed"] = ended(failing)
    waiting = runpod.Endpoint(QWEN, api_key=KEY).run(WISH)
    told["compared"] = {"job": waiting.job_id, "before": waiting.status(), "cancelled": waiting.cancel()}
    told["after"] = ended(waiting)
    told["wrong key"] = refusal(runpod.Endpoint(SCHNELL, api_key="an-invalid-key").health)
    told["no endpoint"] = refusal(runpod.Endpoint("none", api_key=KEY).health)
    told["no input"] = refusal(lambda: endpoint.rp_client.post(f"{SCHNELL}/run", {"input": {}}))
    return told


if __name__ == "__main__":
    print(json.dumps(session()))
