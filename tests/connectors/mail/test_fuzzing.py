"""Broken, cut, spliced and hostile mails: never an exception, never unbounded time, never a text that no store takes."""

from __future__ import annotations

import base64
import contextlib
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.mail import charsets
from connectors.mail.headers import addresses, date, decode_words, ids, kind_and_parameters
from connectors.mail.html import sanitised
from connectors.mail.inspect import described
from connectors.mail.parse import parse
from connectors.mail.types import Mail

MAILS = [path.read_bytes() for path in sorted((Path(__file__).parent / "corpus").glob("*.eml"))]
_LOOSE = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def check(mail: Mail) -> None:
    """What holds for every mail whatsoever."""
    line = msgspec.json.encode(described(mail))  # no lone surrogates anywhere
    assert b"\\u0000" not in line
    assert mail.kind in ("message", "auto_reply", "list", "bounce")
    assert mail.reason
    assert (mail.kind == "bounce") == (mail.bounce is not None)
    assert bool(mail.text.strip()) == bool(mail.full_text.strip())


def mutated(raw: bytes, chance: random.Random) -> bytes:
    """A mail to which something has happened."""
    data = bytearray(raw)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(7):
            case 0:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del data[at:]
            case 2:
                del data[at : at + chance.randrange(200)]
            case 3:
                other = chance.choice(MAILS)
                data[at:at] = other[chance.randrange(len(other) + 1) :][:2000]
            case 4:
                lines = bytes(data).split(b"\n")
                lines.insert(chance.randrange(len(lines)), chance.choice(lines))
                data = bytearray(b"\n".join(lines))
            case 5:
                data[at:at] = chance.choice(
                    (b"\x00", b"\r", b"\n\n", b"=?", b"?=", b"--b", b"\xff\xfe", b"\xed\xa0\x80", b">" * 50)
                )
            case _:
                data = data.replace(b"\r\n", chance.choice((b"\n", b"\r", b"\r\r\n")))
    return bytes(data)


@given(st.sampled_from(MAILS), st.integers(min_value=0))
@_LOOSE
def test_a_mutated_mail_is_read(raw: bytes, seed: int) -> None:
    check(parse(mutated(raw, random.Random(seed))))


@given(st.binary(max_size=3000))
@_LOOSE
def test_any_bytes_are_read(raw: bytes) -> None:
    check(parse(raw))


@given(
    st.binary(max_size=400),
    st.sampled_from(["", "utf-8", "gb2312", "big5", "utf-16", "utf-7", "hz", "x", "rot13", "\x00", "iso-2022-jp"]),
)
@_LOOSE
def test_any_text_is_decoded(data: bytes, label: str) -> None:
    charsets.decode(data, label).text.encode("utf-8")


@given(st.binary(max_size=600))
@_LOOSE
def test_any_header_is_read(value: bytes) -> None:
    decode_words(charsets.decode(value).text)
    kind_and_parameters(value)
    addresses([value])
    ids([value])
    date([value])


@given(st.text(max_size=800) | st.sampled_from(MAILS).map(lambda raw: raw.decode("latin-1")))
@_LOOSE
def test_any_html_is_shown_harmlessly(markup: str) -> None:
    shown = sanitised(markup).html.lower()
    assert "<script" not in shown
    assert "<style" not in shown
    assert ' src="http' not in shown
    assert "url(" not in shown.replace("&quot;", "") or "<" not in markup or " style=" not in shown


_HEAD = b"From: a@example.org\r\nIn-Reply-To: <1@x>\r\nSubject: Re: x\r\n"
_HTML = _HEAD + b"Content-Type: text/html\r\n\r\n"
_MEGA = 1024 * 1024
HOSTILE = {
    "signs": _HEAD + b"\r\n" + b">" * 5 * _MEGA,
    "signs-spaced": _HEAD + b"\r\n" + b"> " * _MEGA,
    "sign-lines": _HEAD + b"\r\n" + b">\r\n" * _MEGA,
    "spaces": _HEAD + b"\r\n" + b" " * 5 * _MEGA + b"x",
    "dashes": _HEAD + b"\r\n" + b"-" * 5 * _MEGA,
    "dash-lines": _HEAD + b"\r\n" + b"--\r\n" * 500_000,
    "rules": _HEAD + b"\r\n" + (b"-" * 390 + b"\r\n") * 15_000,
    "rules-stars": _HEAD + b"\r\n" + (b"*-" * 190 + b"\r\n") * 15_000,
    "rules-empty": _HEAD + b"\r\n" + (b"--- " * 90 + b"\r\n\r\n") * 10_000,
    "on-lines": _HEAD + b"\r\n" + b"On 1 wrote\r\n" * 200_000,
    "attributions": _HEAD + b"\r\n" + b"On 2024-01-01 10:00 a <a@b.c> wrote:\r\nx\r\n" * 50_000,
    "header-lines": _HEAD + b"\r\n" + b"From: a\r\n" * 200_000,
    "separators": _HEAD + b"\r\n" + b"-----Original Message-----\r\n" * 100_000,
    "closings": _HEAD + b"\r\n" + b"Best regards,\r\n" * 200_000,
    "disclaimers": _HEAD + b"\r\n" + b"This e-mail is confidential\r\n\r\n" * 100_000,
    "devices": _HEAD + b"\r\n" + b"Sent from my iPhone\r\n" * 200_000,
    "words": b"Subject: " + b"=?utf-8?B?" * 100_000 + b"\r\n\r\nx",
    "words-many": b"Subject: " + b"=?utf-8?Q?=41?= " * 100_000 + b"\r\n\r\nx",
    "parameters": b"From: a@b\r\nContent-Type: text/plain" + b"; a=\"b" * 100_000 + b"\r\n\r\nx",
    "addresses": b"From: a@b\r\nTo: " + b"a <a@b>, " * 100_000 + b"\r\n\r\nx",
    "address-open": b"From: " + b"<" * 200_000 + b"\r\n\r\nx",
    "address-long": b"".join(b"To: " + b"a" * 65_000 + b"\r\n" for _ in range(7)) + b"From: a@b\r\n\r\nx",
    "address-bracketed": b"From: <" + b"a" * 65_000 + b">\r\nTo: " + b"a" * 65_000 + b"@\r\n\r\nx",
    "words-open": b"".join(b"To: " + b"=?a?q?x " * 8_000 + b"\r\n" for _ in range(7)) + b"From: a@b\r\n\r\nx",
    "references-bare": b"".join(b"References: " + b"a" * 65_000 + b"\r\n" for _ in range(7)) + b"From: a@b\r\n\r\nx",
    "address-quotes": b"From: " + b'"\\' * 200_000 + b"\r\n\r\nx",
    "references": b"From: a@b\r\nReferences: " + b"<a@b> " * 200_000 + b"\r\n\r\nx",
    "headers": b"From: a@b\r\n" + b"X: y\r\n" * 300_000 + b"\r\nx",
    "folds": b"From: a@b\r\nX: y" + b"\r\n " * 500_000 + b"\r\n\r\nx",
    "no-lines": b"From: a@b\r\n\r\n" + b"x" * 10 * _MEGA,
    "parts": _HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 300_000,
    "nested-same": _HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * 50_000,
    "nested-guess": _HEAD + b"Content-Type: multipart/mixed\r\n\r\n" + b"--b\r\nContent-Type: multipart/mixed\r\n\r\n" * 50_000,
    "html-deep": _HTML + b"<div>" * 200_000,
    "html-fonts": _HTML + b"<font size=1>" * 390 + b"<p>" * 200_000,
    "html-mixed": _HTML + b"<b><i><a><table>" * 40_000,
    "html-open": _HTML + b"<" * _MEGA,
    "html-styles": _HTML + b"<style>" * 250_000,
    "html-comments": _HTML + b"<!--" * 400_000,
    "html-attributes": _HTML + b"<p " + b"a=b " * 400_000 + b">",
    "html-lines": _HTML + b"<br>" * 450_000,
    "html-quotes": _HTML + b"<blockquote>x</blockquote>" * 70_000,
    "html-rows": _HTML + b"<tr><td>x" * 200_000,
    "base64": _HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=" * 5 * _MEGA,
    "calendar": _HEAD + b"Content-Type: text/calendar\r\n\r\nBEGIN:VEVENT\r\n" + b"A" + b";B=C" * _MEGA,
    "report": _HEAD + b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" + b"Action: failed\r\n\r\n" * 100_000,
    "bounce-words": b"From: mailer-daemon@x.example\r\nSubject: failure notice\r\n\r\n" + b"could not be delivered a@ " * 50_000,
    "bounce-your": b"From: mailer-daemon@x.example\r\nSubject: failure notice\r\n\r\n" + b"your message to " * 50_000,
    "chinese": _HEAD + b"Content-Type: text/plain; charset=gbk\r\n\r\n" + "在于写道从由发自".encode("gbk") * 200_000,
    "chinese-lines": _HEAD + b"Content-Type: text/plain; charset=gbk\r\n\r\n" + "在 2024年1月1日 从由发自我的\r\n".encode("gbk") * 50_000,
    "quoted-printable": _HEAD + b"\r\n" + b"=C3=A9" * 500_000,
    "half-quoted": _HEAD + b"\r\n" + b"=C3=A9" + b"x" * 5 * _MEGA,
}  # fmt: skip


@contextlib.contextmanager
def stopped_if_endless() -> Iterator[None]:
    """Ends what the square of its size, or worse, would keep busy for hours; no measure of speed."""

    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(120)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_takes_no_more_time_than_its_size(name: str) -> None:
    with stopped_if_endless():
        check(parse(HOSTILE[name]))


def test_nothing_of_a_large_mail_is_lost() -> None:
    file = random.Random(5).randbytes(18 * _MEGA)
    packed = base64.encodebytes(file)
    raw = (
        _HEAD
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee the file.\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n"
    )
    mail = parse(raw + b"Content-Transfer-Encoding: base64\r\n\r\n" + packed + b"\r\n--b--\r\n")

    assert mail.text == "See the file."
    assert mail.attachments[0].content == file
