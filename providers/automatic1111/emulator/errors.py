"""Errors in the web UI's two forms: its own with "error" and "errors", and FastAPI's with "detail" alone."""

from typing import Any

from providers.emulation.contract import Call, Reply, json_reply


class Refused(Exception):
    """The server answers an error instead of drawing; `error` is the Python class's name in its own form."""

    def __init__(self, status: int, detail: str | list[dict[str, Any]], *, error: str = "", errors: str = "") -> None:
        self.status, self.detail, self.error, self.errors = status, detail, error, errors
        super().__init__(str(detail))

    def reply(self) -> Reply:
        if not self.error:
            return json_reply({"detail": self.detail}, status=self.status)
        document = {"error": self.error, "detail": self.detail, "body": "", "errors": self.errors}
        return json_reply(document, status=self.status)


def field_fault(name: str, message: str, kind: str = "value_error") -> Refused:
    return Refused(422, [{"loc": ["body", name], "msg": message, "type": kind}])


def out_of_memory(pixels: int) -> Refused:
    words = f"CUDA out of memory. Tried to allocate {pixels // 2**18} MiB. GPU 0 has a total capacity of 8.00 GiB."
    return Refused(500, "", error="OutOfMemoryError", errors=words)


def usual_failure(call: Call, status: int) -> Reply:
    """The usual answer with that status, for a fault that names no body; 502 to 504 come from a proxy."""
    if status < 400:
        return json_reply({}, status=status)
    if status in (502, 503, 504):
        page = f"<html><head><title>{status}</title></head><body><center>nginx</center></body></html>"
        return Reply(status=status, body=page.encode(), content_type="text/html")
    if status == 401:
        return Refused(401, "Incorrect username or password", error="HTTPException").reply()
    if status == 404:
        return Refused(404, "Model not found", error="HTTPException").reply()
    if status >= 500:
        return Refused(status, "", error="RuntimeError", errors="The model could not be loaded.").reply()
    return Refused(status, "The request was not accepted.").reply()
