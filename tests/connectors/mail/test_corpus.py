"""Every mail of the corpus, and what it says: one test a mail."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from connectors.mail.parse import parse
from tests.connectors.mail import figures
from tests.connectors.mail.checks import differences
from tests.connectors.mail.make_corpus import mails

CORPUS = Path(__file__).parent / "corpus"
NAMES = sorted(path.stem for path in CORPUS.glob("*.eml"))


def expected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CORPUS / f"{name}.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_says_what_stands_beside_it(name: str, record_property: Any) -> None:
    raw, wanted = (CORPUS / f"{name}.eml").read_bytes(), expected(name)
    begun = time.perf_counter()
    mail = parse(raw)
    record_property(figures.PROPERTY, figures.note(wanted, time.perf_counter() - begun))

    assert differences(mail, wanted) == []


def test_the_corpus_is_large_enough_and_complete() -> None:
    assert len(NAMES) >= 150
    assert {path.stem for path in CORPUS.glob("*.json")} == set(NAMES)


def test_the_corpus_is_what_the_generator_makes() -> None:
    for name, raw, wanted in mails():
        assert (CORPUS / f"{name}.eml").read_bytes() == raw, name
        assert expected(name) == json.loads(json.dumps(wanted)), name


def test_a_check_that_holds_for_everything_would_be_noticed() -> None:
    mail = parse((CORPUS / "gmail-zh-top.eml").read_bytes())

    assert differences(mail, {"kind": "list", "text": "x", "text_has": "never said", "files": ["a"]}) != []
    assert len(differences(mail, {"kind": "list", "text": "x", "text_has": "never said", "files": ["a"]})) == 4
