"""The command that says what the connector makes of a mail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from connectors.mail.inspect import inspected

CORPUS = Path(__file__).parent / "corpus"
KEYS = {"kind", "reason", "from", "subject", "message_id", "references", "text", "full_text", "attachments"}


def run(*words: str) -> tuple[int, list[dict[str, Any]]]:
    done = subprocess.run(
        [sys.executable, "-m", "connectors.mail", *words], capture_output=True, timeout=60, check=False
    )
    return done.returncode, [json.loads(line) for line in done.stdout.decode().splitlines()]


def test_several_files_make_several_lines(tmp_path: Path) -> None:
    (tmp_path / "bytes.eml").write_bytes(bytes(range(256)) * 50)
    files = [CORPUS / "qq-zh-top.eml", CORPUS / "qmail.eml", tmp_path / "bytes.eml", tmp_path / "missing.eml", tmp_path]

    status, lines = run("inspect", *map(str, files))

    assert status == 0
    assert [set(line) >= KEYS for line in lines] == [True] * 5
    assert [line["kind"] for line in lines] == ["message", "bounce", "message", "message", "message"]
    assert lines[1]["bounce"]["recipient"] == "gone@example.cn"
    assert ["error" in line for line in lines] == [False, False, False, True, True]


def test_it_needs_neither_settings_nor_a_database() -> None:
    script = "import connectors.mail.inspect, sys; print(*(m for m in sys.modules if m.split('.')[0] in ('app', 'asyncpg', 'sqlalchemy', 'aiohttp', 'nh3', 'charset_normalizer')))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=True)

    assert done.stdout.strip() == b""


def test_files_whose_names_are_no_text(tmp_path: Path) -> None:
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.eml")
    Path(odd).write_bytes(b"From: ann@example.org\r\n\r\nhello")

    status, lines = run("inspect", odd, odd + ".gone", "/dev/null")

    assert status == 0
    assert [line["text"] for line in lines] == ["hello", "", ""]
    assert ["error" in line for line in lines] == [False, True, False]


def test_no_file_is_a_wrong_call() -> None:
    assert run("inspect")[0] == 2
    assert run("unknown")[0] == 2
    assert run("--help")[0] == 0


def test_an_address_and_ids_are_as_in_the_mail() -> None:
    line = inspected(str(CORPUS / "gmail-en-top.eml"))

    assert line["from"] == "desk@example.org"
    assert line["message_id"] == "<gmail-en-top@mail.example.org>"
    assert line["references"] == ["<case-1@shop.example.com>"]
    assert line["attachments"] == []
