"""Mails that the standard library builds and reads are read the same here: another judge than our own corpus."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.mail.mime import Reader, content
from connectors.mail.parse import parse

_WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co", "Zs", "Zl", "Zp", "Cf")),
    min_size=1,
    max_size=20,
)
_SENTENCES = st.lists(_WORDS, min_size=1, max_size=8).map(" ".join)
_FILES = st.lists(
    st.tuples(
        _WORDS.map(lambda name: name.translate(str.maketrans("", "", "\\/<>:\"|?*%.;='")) or "a"),
        st.binary(max_size=300),
    ),
    max_size=4,
)
_LOOSE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_OTHERWISE = {  # what the library reads otherwise, by what it does not know
    "bare-cr", "base64-unsaid", "doubled-cr", "header-rubbish-line", "nested-deep", "no-boundary", "no-parts", "qp-unsaid", "wrong-boundary",
}  # fmt: skip
CORPUS = Path(__file__).parent / "corpus"


@given(
    _SENTENCES,
    st.lists(_SENTENCES, min_size=1, max_size=5),
    _FILES,
    st.sampled_from(["base64", "quoted-printable", "8bit"]),
)
@_LOOSE
def test_what_was_put_in_comes_out(subject: str, said: list[str], files: list[tuple[str, bytes]], how: str) -> None:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "采购部 <buyer@b.example>", "help@x.example", subject
    made.set_content("\n".join(said) + "\n", cte=how)
    for name, data in files:
        made.add_attachment(data, maintype="application", subtype="octet-stream", filename=f"{name}.bin")

    mail = parse(made.as_bytes())

    assert mail.subject.split() == subject.split() or how_it_folds(made) == mail.subject
    assert mail.sender is not None
    assert (mail.sender.name, mail.sender.address) == ("采购部", "buyer@b.example")
    assert [(one.name, one.content) for one in mail.attachments] == [(f"{name}.bin", data) for name, data in files]
    assert all(sentence in mail.full_text for sentence in said)


def how_it_folds(made: EmailMessage) -> str:
    """The subject as the library reads it again: between two encoded words it loses a space."""
    return str(email.message_from_bytes(made.as_bytes(), policy=email.policy.default)["subject"])


def test_the_parts_are_those_that_the_library_finds() -> None:
    compared = 0
    for path in CORPUS.glob("*.eml"):
        raw = path.read_bytes()
        ours = [part for part in Reader().read(raw).walk() if not part.type.startswith("multipart/")]
        if path.stem in _OTHERWISE or any(part.type.startswith("message/") for part in ours):  # which stay files here
            continue
        theirs = [part for part in email.message_from_bytes(raw).walk() if not part.is_multipart()]
        compared += 1

        assert [(part.type, plain(content(part, {}))) for part in ours] == [
            (part.get_content_type(), plain(bytes(part.get_payload(decode=True) or b""))) for part in theirs
        ], path.stem
    assert compared > 250


def plain(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").strip()


def test_a_bounce_that_somebody_passes_on_is_a_message_of_theirs() -> None:
    report = "Final-Recipient: rfc822; help@shop.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    parts = f"--b\r\n\r\nThis came back, why?\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n{report}\r\n"
    parts += "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <1@shop.example>\r\n\r\n--b--\r\n"
    kind = "Content-Type: multipart/mixed; boundary=b\r\n"
    passed_on = parse(f"From: ann@example.org\r\nSubject: Fwd: failure\r\n{kind}\r\n{parts}".encode())
    assert (passed_on.kind, passed_on.bounce) == ("message", None)
    assert passed_on.text.startswith("This came back, why?")
    for more in ("Auto-Submitted: auto-replied\r\n", "Return-Path: <>\r\n"):
        assert parse(f"From: mx@example.org\r\n{more}{kind}\r\n{parts}".encode()).kind == "bounce"
    assert parse(f"From: MAILER-DAEMON@example.org\r\n{kind}\r\n{parts}".encode()).kind == "bounce"
