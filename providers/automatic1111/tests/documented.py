"""What the web UI answers when something goes wrong, in its real bodies.

modules/api/api.py of https://github.com/AUTOMATIC1111/stable-diffusion-webui: HTTPException and every other exception
become {"error", "detail", "body", "errors"}; fields and addresses are FastAPI's {"detail"}.
"""

from typing import Any

from tests.providers.documented import DocumentedError

SOURCE = "https://github.com/AUTOMATIC1111/stable-diffusion-webui/blob/master/modules/api/api.py"


def own(error: str, detail: str = "", errors: str = "") -> dict[str, Any]:
    return {"error": error, "detail": detail, "body": "", "errors": errors}


ERRORS = [
    DocumentedError(name="unknown sampler", status=400, body=own("HTTPException", "Sampler not found"),
                    code="capability", ends="rejected", state="released", source=SOURCE),
    DocumentedError(name="wrong password", status=401, body=own("HTTPException", "Incorrect username or password"),
                    code="key_invalid", ends="rejected", state="released", source=SOURCE),
    DocumentedError(name="no password", status=401, body={"detail": "Not authenticated"}, code="key_invalid",
                    ends="rejected", state="released", source=SOURCE),
    DocumentedError(name="denied by a proxy", status=403, body="<html>Forbidden</html>", code="permission_region",
                    ends="rejected", state="released", source=SOURCE),
    DocumentedError(name="checkpoint gone", status=404, body=own("HTTPException", "Model not found"),
                    code="model_retired", ends="rejected", state="released", source=SOURCE),
    DocumentedError(name="API switched off", status=404, body={"detail": "Not Found"}, code="capability",
                    ends="rejected", state="released", source=SOURCE),
    DocumentedError(name="no picture", status=404, body=own("HTTPException", "Init image not found"),
                    code="capability", ends="rejected", state="released", source=SOURCE),
    DocumentedError(name="API switched off, other method", status=405, body={"detail": "Method Not Allowed"},
                    code="capability", ends="rejected", state="released", source=SOURCE),
    DocumentedError(name="too large for a proxy", status=413, body="<html>Too large</html>", code="capability",
                    ends="rejected", state="released", source=SOURCE),
    DocumentedError(
        name="wrong field", status=422,
        body={"detail": [{"loc": ["body", "steps"], "msg": "value is not a valid integer", "type": "type_error"}]},
        code="capability", ends="rejected", state="released", source=SOURCE,
    ),
    DocumentedError(name="unreadable picture", status=500, body=own("HTTPException", "Invalid encoded image"),
                    code="capability", ends="rejected", state="released", source=SOURCE),
    DocumentedError(name="out of memory", status=500,
                    body=own("OutOfMemoryError", errors="CUDA out of memory. Tried to allocate 20.00 GiB."),
                    code="provider_5xx", ends="rejected", state="released", source=SOURCE),
    DocumentedError(name="failure while drawing", status=500, body=own("RuntimeError", errors="mat1 and mat2 differ"),
                    code="provider_5xx", ends="rejected", state="released", source=SOURCE),
    DocumentedError(name="bare failure", status=500, body="Internal Server Error", code="provider_5xx", ends="unknown",
                    state="unknown", source=SOURCE),
    DocumentedError(name="proxy without a server", status=502, body="<html>Bad gateway</html>", code="provider_5xx",
                    ends="unknown", state="unknown", source=SOURCE),
    DocumentedError(name="proxy's time-out", status=504, body="<html>Time-out</html>", code="provider_5xx",
                    ends="unknown", state="unknown", source=SOURCE),
    DocumentedError(name="interrupted before the first picture", status=200,
                    body={"images": [], "parameters": {}, "info": "{}"}, code="invalid_output", ends="rejected",
                    state="released", source=SOURCE),
    DocumentedError(name="another program's page", status=200, body="<html>Hello</html>", code="unknown_outcome",
                    ends="unknown", state="unknown", source=SOURCE),
]  # fmt: skip

# The owner's electricity: nobody else bills these pictures.
REGISTRATIONS = [{"cloud_model_id": "v1-5-pruned-emaonly", "price_per_image": "0.002"}]
BILLS_NOBODY = True


def credentials(form, folder, canary):
    """The server takes a user with a password, and goes without."""
    return {"AUTOMATIC1111_API_AUTH": f"hub:{canary}"} if "canary" in canary else {}
