"""Each documented error: its class and code, whether it was billed, and a sentence that says so."""

import pytest

from providers.base import Busy, OutcomeUnknown, Rejected, ReportedCost
from providers.runpod import failures
from providers.runpod.errors import http_error
from providers.runpod.job import Job
from providers.runpod.tests.documented import ERRORS
from providers.runpod.tests.stage import CANARY, DEV, KEY, Network, entry, job, wish

CLASSES = {"rejected": Rejected, "busy": Busy, "unknown": OutcomeUnknown}
UNITS = {"image": 1, "pixel": 1048576}
PUBLIC, OWN = Job(DEV, "j1", UNITS, True), Job("comfy0base64", "j1", {"image": 1}, False)


def raised(row):
    network = Network((row.status, row.body))
    calls = {
        "start": lambda: network.vendor.start(wish(), KEY),
        "check": lambda: network.vendor.check(PUBLIC.remote_id, KEY),
    }
    with pytest.raises(CLASSES[row.ends]) as caught:
        calls[row.on]()
    return caught.value


@pytest.mark.parametrize("row", ERRORS, ids=lambda row: row.name)
def test_a_documented_error_has_its_code_and_its_bill(row):
    error = raised(row)
    assert error.code == row.code
    # What the output itself names is charged; where it names nothing, the units.
    cost = row.body.get("output", {}).get("cost") if isinstance(row.body, dict) else None
    charged = ReportedCost(str(cost), "USD") if cost else UNITS
    assert error.billed == (charged if row.state == "settled" else {})
    assert error.remedy


@pytest.mark.parametrize(
    "row", [row for row in ERRORS if row.on == "start" and row.status >= 400], ids=lambda row: row.name
)
def test_every_refusal_says_what_happened_and_what_was_billed(row):
    message = raised(row).message
    assert message.startswith(f"RunPod API error (HTTP {row.status}): ")
    assert ("Nothing was run or billed." in message) is (row.state == "released")


@pytest.mark.parametrize(("pause", "seconds"), [("12", 12), ("0.5", 0.5), ("soon", None), ("", None), ("99999", None)])
def test_the_pause_comes_from_the_header(pause, seconds):
    assert http_error(429, {"retry-after": pause}, b"", model=entry(), redact=str).retry_after == seconds


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (job("FAILED", error="CUDA out of memory"), {"image": 1}),
        (job("FAILED", error="NSFW"), {"image": 1}),
    ],
)
def test_an_own_endpoints_failed_job_is_billed(document, expected):
    assert failures.failed(document, OWN, str).billed == expected


@pytest.mark.parametrize(
    ("changes", "billed"),
    [
        ({}, {"image": 1}),
        ({"executionTime": 0}, {}),
        ({"executionTime": 0, "workerId": "w"}, {"image": 1}),
        ({"executionTime": 9}, {"image": 1}),
    ],
)
def test_an_own_endpoints_lost_job_is_billed_unless_it_surely_had_no_worker(changes, billed):
    assert failures.timed_out(job("TIMED_OUT", **changes), OWN).billed == billed
    assert failures.cancelled(job("CANCELLED", **changes), OWN).billed == billed


@pytest.mark.parametrize("output", [{"error": "NSFW", "cost": 30}, {"cost": 30}, {"image": "no picture", "cost": 0}])
def test_an_own_endpoints_own_word_of_a_cost_is_not_believed(output):
    assert failures.without_pictures(job(output=output), OWN, str).billed == {"image": 1}


def test_an_own_endpoint_without_pictures_is_billed_and_tells_its_errors():
    document = job(output={"images": [], "errors": ["Node 3 found nothing"]})
    error = failures.without_pictures(document, OWN, str)
    assert (error.billed, "Node 3 found nothing" in error.message) == ({"image": 1}, True)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("plain", "plain"),
        ('{"error_message": "inside", "error_traceback": "long"}', "inside"),
        ({"message": "an object"}, "an object"),
        ("{not json", "{not json"),
        (None, ""),
        (["list"], ""),
    ],
)
def test_the_words_of_an_error_are_found(error, words):
    assert failures.error_words({"error": error}) == words


def test_the_vendors_words_are_shown_without_the_key():
    network = Network((401, {"error": f"{CANARY} and rpa_anotherKeyOfSomebodyElse0123 are unknown"}))
    with pytest.raises(Rejected) as caught:
        network.vendor.start(wish(), KEY)
    assert "[key] and [key] are unknown" in caught.value.message


@pytest.mark.parametrize("status", [400, 404, 405, 422, 429, 500, 503])
def test_a_poll_that_fails_says_nothing_of_the_job(status):
    with pytest.raises(OutcomeUnknown if status == 404 else Busy):
        Network((status, {"error": "whatever"})).vendor.check(PUBLIC.remote_id, KEY)


@pytest.mark.parametrize(
    "remote_id", ["", "x", "{}", '{"endpoint": "../x", "id": "j"}', '{"endpoint": "e", "id": "a/b"}']
)
def test_a_job_that_is_not_ours_is_not_asked_for(remote_id):
    network = Network({})
    with pytest.raises(OutcomeUnknown):
        network.vendor.check(remote_id, KEY)
    assert network.requests == []
