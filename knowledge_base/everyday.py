"""The bank of everyday utterances, none of them about anybody's business: what a question is told apart from."""

from __future__ import annotations

from pathlib import Path

from hub.types import Language

_FOLDER = Path(__file__).with_name("background")


def bank(language: Language) -> list[str]:
    """The utterances shipped for a language."""
    lines = (_FOLDER / f"{language}.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
