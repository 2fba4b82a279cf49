"""Trains a Rasa project once; the trained model is kept under a hash of everything that went into it."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from app.supervisor.process import StartError, last_lines, plain_environment
from benchmarks.dialogues import ROOT

PYTHON = ROOT / ".venv-rasa" / "bin" / "python"
VERSIONS = ROOT / "requirements" / "rasa.txt"

SETTINGS = {"PYTHONPATH": str(ROOT), "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "2"}
"""What Rasa is told by environment, in training and afterwards."""


def fingerprint(paths: Iterable[Path]) -> str:
    """A hash over the files among `paths` and in the folders among them, and over the versions that make a model."""
    digest = hashlib.sha256()
    for line in VERSIONS.read_text(encoding="utf-8").splitlines():
        if line.startswith(("rasa==", "tensorflow-cpu==")):
            digest.update(line.encode())
    for path in paths:
        files = sorted(path.rglob("*.yml")) if path.is_dir() else [path]
        for file in files:
            digest.update(f"{file.name}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def train(folder: Path, config: Path, domain: Path, data: Path, into: Path) -> None:
    """Trains the project in `folder` and puts the model at `into`; raises `StartError` where Rasa fails."""
    log = into.with_suffix(".log")
    into.parent.mkdir(parents=True, exist_ok=True)
    unfinished = into.parent / f"unfinished-{os.getpid()}"
    words = ("--config", config, "--domain", domain, "--data", data, "--out", unfinished, "--fixed-model-name", "bot")
    with log.open("wb") as output:
        status = subprocess.run(
            [str(PYTHON), "-m", "rasa", "train", *map(str, words)],
            cwd=folder,
            env={**plain_environment(), **SETTINGS},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        ).returncode
    if status != 0:
        raise StartError(f"Rasa could not be trained, see {log}", "\n".join(last_lines(log)))
    (unfinished / "bot.tar.gz").rename(into)
    unfinished.rmdir()
