"""Our signature is botocore's own, for every kind of address, body and access key."""

from datetime import UTC, datetime

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from providers.bedrock.signing import AccessKey, signed

AT = datetime(2026, 11, 22, 9, 5, 7, tzinfo=UTC)
MODEL = "/model/us.stability.stable-image-inpaint-v1%3A0/invoke"
PERMANENT = AccessKey("AKIAEXAMPLE0123456", "wJalrXUtnFEMI/K7MDENG+bPxRfiCY")
TEMPORARY = AccessKey("ASIAEXAMPLE0123456", "wJalrXUtnFEMI/K7MDENG+bPxRfiCY", "IQoJb3JpZ2luX2VjE//+==")
HEADERS = {"accept": "application/json", "content-type": "application/json"}


def of_botocore(method, url, headers, body, access, region, monkeypatch):
    monkeypatch.setattr(auth, "get_current_datetime", lambda: AT.replace(tzinfo=None))
    request = AWSRequest(method=method, url=url, headers=dict(headers), data=body)
    keys = Credentials(access.key_id, access.secret, access.session_token or None)
    auth.SigV4Auth(keys, "bedrock", region).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


@pytest.mark.parametrize("access", [PERMANENT, TEMPORARY], ids=["permanent", "temporary"])
@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("POST", f"https://bedrock-runtime.us-west-2.amazonaws.com{MODEL}", b'{"prompt": "ein F\xc3\xbcchslein"}'),
        ("POST", f"http://127.0.0.1:9191/bedrock{MODEL}", b"{}"),
        ("POST", f"https://gateway.example:8443/a%20b/~c{MODEL}", b"{}"),
        ("POST", f"https://gateway.example:443{MODEL}", b"{}"),
        ("POST", f"http://[::1]:9191/bedrock{MODEL}", b"{}"),
        ("GET", "https://bedrock.us-west-2.amazonaws.com/foundation-models?byOutputModality=IMAGE", b""),
        ("GET", "https://bedrock.us-west-2.amazonaws.com/foundation-models?b=2&a=%2Fx&a=1&empty=", b""),
        ("GET", "https://bedrock.us-west-2.amazonaws.com", b""),
    ],
)
def test_the_signature_is_botocores(method, url, body, access, monkeypatch):
    headers = HEADERS if body else {"accept": "application/json"}
    ours = signed(method, url, headers, body, access, "us-west-2", AT)
    assert ours == of_botocore(method, url, headers, body, access, "us-west-2", monkeypatch)


def test_white_space_in_a_header_is_signed_as_botocore_does(monkeypatch):
    headers = {"accept": "  application/json,   text/plain "}
    ours = signed("GET", "https://a.example/x", headers, b"", PERMANENT, "eu-west-1", AT)
    theirs = of_botocore("GET", "https://a.example/x", headers, b"", PERMANENT, "eu-west-1", monkeypatch)
    assert ours["authorization"] == theirs["authorization"]


@pytest.mark.parametrize(
    "change",
    [{"method": "PUT"}, {"body": b"{ }"}, {"region": "us-east-1"}, {"headers": {"accept": "*/*"}},
     {"access": AccessKey(PERMANENT.key_id, "another")}, {"at": AT.replace(second=8)},
     {"url": "https://a.example/y"}, {"url": "https://b.example/x"}, {"url": "https://a.example/x?a=1"}],
)  # fmt: skip
def test_whatever_changes_changes_the_signature(change):
    wish = {"method": "POST", "url": "https://a.example/x", "headers": HEADERS, "body": b"{}", "access": PERMANENT,
            "region": "us-west-2", "at": AT}  # fmt: skip
    first, other = (signed(**fields)["authorization"].rpartition("Signature=")[2] for fields in (wish, wish | change))
    assert first != other


def test_the_secret_stands_in_no_header_and_not_in_the_words_for_the_key():
    headers = signed("POST", "https://a.example/x", HEADERS, b"{}", TEMPORARY, "us-west-2", AT)
    assert TEMPORARY.secret not in str(headers)
    assert TEMPORARY.secret not in repr(TEMPORARY)
    assert TEMPORARY.session_token not in repr(TEMPORARY)
