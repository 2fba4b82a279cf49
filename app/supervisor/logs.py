"""Logs under ``var/logs``: one file a part, one old one kept, and none that fills the disk."""

import shutil
from pathlib import Path

_LARGEST = 50 * 1024 * 1024


def rotate(folder: Path) -> None:
    """At a start: each log becomes the old one."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        log.rename(_old(log))


def shorten(folder: Path) -> None:
    """While running: cut what grew too large. Parts write in append mode and go on at the new end."""
    for log in folder.glob("*.log"):
        if log.stat().st_size > _LARGEST:
            shutil.copyfile(log, _old(log))
            with log.open("r+b") as file:
                file.truncate()


def _old(log: Path) -> Path:
    return log.with_suffix(".log.1")
