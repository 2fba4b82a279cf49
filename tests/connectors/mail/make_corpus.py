"""Writes the corpus anew: ``python -m tests.connectors.mail.make_corpus``. Read what changes before it is kept.

What is expected is said by who builds the mail, not by the parser. A ``NAME.json`` that was written by hand beside a
``NAME.eml`` that nothing here builds stays as it is.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.connectors.mail import corpus_automatic, corpus_bounces, corpus_clients, corpus_faults
from tests.connectors.mail.corpus_automatic import Made

CORPUS = Path(__file__).parent / "corpus"


def mails() -> Made:
    """All mails that are built here."""
    yield from corpus_clients.mails()
    yield from corpus_automatic.mails()
    yield from corpus_bounces.mails()
    yield from corpus_faults.mails()


def main() -> int:
    """Writes every mail with its expected parse beside it."""
    CORPUS.mkdir(exist_ok=True)
    written = 0
    for name, raw, expected in mails():
        (CORPUS / f"{name}.eml").write_bytes(raw)
        (CORPUS / f"{name}.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1) + "\n", "utf-8")
        written += 1
    print(f"{written} mails in {CORPUS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
