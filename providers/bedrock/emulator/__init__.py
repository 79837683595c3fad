"""Amazon Bedrock for the vendors' emulator: InvokeModel of Stability's models, and ListFoundationModels.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html and
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html. Both services share one address
here. Quotas are left to the fault menu; Converse and streams, which these models do not have, are not emulated.
"""

from providers.bedrock.emulator.access import check_access
from providers.bedrock.emulator.bodies import read_wish
from providers.bedrock.emulator.errors import Refused, usual_failure
from providers.bedrock.emulator.models import MODELS
from providers.bedrock.emulator.work import answer_wish
from providers.emulation.contract import Call, Mount, Reply, VendorEmulator, json_reply

OUTPUTS = ("TEXT", "IMAGE", "EMBEDDING")
# A summary's ARN carries the region that was signed for, or this one behind an API key, which names none.
REGION = "us-west-2"


def answer(call: Call) -> Reply:
    """Bedrock's answer to any request below the base address."""
    try:
        check_access(call)
        return _route(call)
    except Refused as refused:
        return refused.reply()


def _does_work(call: Call) -> bool:
    return call.method == "POST" and call.path.startswith("/model/") and call.path.endswith("/invoke")


def _route(call: Call) -> Reply:
    if _does_work(call):
        return answer_wish(read_wish(call), call)
    if call.path == "/foundation-models" and call.method == "GET":
        return _listed(call.query.get("byOutputModality", "IMAGE"))
    raise Refused(404, "UnknownOperationException")


def _listed(output: str) -> Reply:
    if output not in OUTPUTS:
        raise Refused(400, f"1 validation error detected: Value at 'byOutputModality' must be one of {OUTPUTS}")
    return json_reply({"modelSummaries": [_summary(model_id) for model_id in MODELS] if output == "IMAGE" else []})


def _summary(model_id: str) -> dict[str, object]:
    # The list has models, not the profiles that spread calls over regions.
    own_id = model_id.removeprefix("us.")
    return {
        "modelArn": f"arn:aws:bedrock:{REGION}::foundation-model/{own_id}",
        "modelId": own_id,
        "modelName": own_id.partition(".")[2],
        "providerName": "Stability AI",
        "inputModalities": ["TEXT", "IMAGE"],
        "outputModalities": ["IMAGE"],
        "responseStreamingSupported": False,
        "customizationsSupported": [],
        "inferenceTypesSupported": ["ON_DEMAND"] if own_id == model_id else ["INFERENCE_PROFILE"],
        "modelLifecycle": {"status": "ACTIVE"},
    }


application = VendorEmulator(
    id="amazon-bedrock",
    mounts=(Mount(name="bedrock", variable="BEDROCK_BASE_URL"),),
    answer=answer,
    failure=usual_failure,
    does_work=_does_work,
)
