"""The wire format of the channel `webhook`: one test a fixture, and its signatures."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import msgspec
import pytest

from connectors.webhook.messages import Delivered, parse
from connectors.webhook.settings import WebhookSettings
from connectors.webhook.signing import signed, verify
from hub.errors import InvalidRequest, Unauthenticated

FIXTURES = Path(__file__).parent / "fixtures"
NAMES = sorted(path.stem for path in FIXTURES.glob("*.json"))
URL = "https://crm.example/parley"
KEY = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'


@pytest.mark.parametrize("name", NAMES)
def test_a_delivery_is_understood(name: str) -> None:
    fixture = json.loads((FIXTURES / f"{name}.json").read_text())
    body = json.dumps(fixture["body"]).encode()

    if fixture["expected"] == "refused":
        with pytest.raises(InvalidRequest):
            parse(body, "crm", URL)
        return
    message = parse(body, "crm", URL)
    found = None if message is None else msgspec.json.decode(msgspec.json.encode(message))
    if found is not None:
        found = {key: value for key, value in found.items() if value not in (None, [], 0.0) and key != "raw"}
    assert found == fixture["expected"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"null", b'{"more":' + b"[" * 100_000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        parse(body, "crm", URL)


def test_the_example_that_the_documentation_gives_is_understood() -> None:
    guide = Path(__file__).parents[3] / "docs" / "adding-a-channel.md"
    incoming, outgoing = re.findall(r"```json\n(.*?)```", guide.read_text(), re.DOTALL)

    message = parse(incoming.encode(), "crm", URL)

    assert message is not None
    assert message.files
    assert msgspec.json.decode(outgoing, type=Delivered).buttons


def test_signatures_are_those_of_the_convention() -> None:
    """The values are the example that all libraries of Standard Webhooks are tested with."""
    headers = signed(KEY, ID, AT, BODY)

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    verify(KEY, headers, AT, BODY)


@pytest.mark.parametrize("clock", [AT - 300, AT + 300])
def test_a_signature_among_others_counts_and_so_does_a_clock_that_is_off(clock: float) -> None:
    headers = signed(KEY, ID, AT, BODY)
    older = f"v1,{base64.b64encode(bytes(32)).decode()} {headers['webhook-signature']} v2,x"

    verify(KEY, {**headers, "webhook-signature": older}, clock, BODY)


@pytest.mark.parametrize(
    ("changed", "clock", "body"),
    [
        ({"webhook-id": "another"}, AT, BODY),
        ({"webhook-timestamp": str(AT + 1)}, AT, BODY),
        ({}, AT, BODY + b" "),
        ({}, AT + 301, BODY),
        ({}, AT - 301, BODY),
        ({"webhook-signature": "v1,"}, AT, BODY),
        ({"webhook-signature": ""}, AT, BODY),
        ({"webhook-signature": "v1,ключ"}, AT, BODY),
        ({"webhook-signature": "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}, AT, BODY),
        ({"webhook-timestamp": ""}, AT, BODY),
        ({"webhook-id": ""}, AT, BODY),
    ],
)
def test_what_is_not_rightly_signed_is_refused(changed: dict[str, str], clock: float, body: bytes) -> None:
    with pytest.raises(Unauthenticated):
        verify(KEY, {**signed(KEY, ID, AT, BODY), **changed}, clock, body)


@pytest.mark.parametrize("timestamp", ["soon", "１６１４２６５３３０", "-5", "1e9", "9" * 5000])
def test_a_time_that_is_none_is_refused(timestamp: str) -> None:
    headers = signed(KEY, ID, AT, BODY)
    with pytest.raises(Unauthenticated):
        verify(KEY, {**headers, "webhook-timestamp": timestamp}, AT, BODY)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_short", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_é"])
def test_a_secret_of_another_form_is_a_wrong_setting(secret: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"secret: .*openssl"):
        msgspec.convert({"kind": "webhook", "name": "crm", "url": URL, "secret": secret}, WebhookSettings)


@pytest.mark.parametrize("url", ["https://a:b@crm.example/", "https://:8080/", "https://crm.example:x/"])
def test_a_url_of_another_form_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="url: "):
        msgspec.convert(
            {"kind": "webhook", "name": "crm", "url": url, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
            WebhookSettings,
        )
