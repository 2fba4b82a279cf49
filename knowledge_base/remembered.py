"""Vectors kept on this machine's disk, so that a start encodes only what is new to the model.

A file for each model, named by its fingerprint, of records of one size: a digest of the text, and its vector. It is
only added to; several processes may share it. Whatever is lost or torn of it is encoded again.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from knowledge_base.embedder import Embedder, Vectors

log = logging.getLogger(__name__)

WORTH_KEEPING = 32
"""Texts at once: articles of a start or an import, and not the questions of customers."""

_AT_ONCE = 256
"""Texts encoded before they are kept: whoever is killed at a start should not begin from nothing again and again."""

_DIGEST = 16


class RememberingEmbedder:
    """An embedder that looks up what it encoded before, also in an earlier process. For models that take their time."""

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        self._embedder = embedder
        self.name, self.fingerprint, self.dimension = embedder.name, embedder.fingerprint, embedder.dimension
        self._file = folder / f"{embedder.fingerprint}.vectors"
        self._record = np.dtype([("digest", f"V{_DIGEST}"), ("vector", "<f4", (self.dimension,))])
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file.touch()
            count = self._file.stat().st_size // self._record.itemsize
            # Mapped, not read: the pages are the disk's and shared by the processes, and go when memory is short.
            self._kept = np.memmap(self._file, self._record, "r", shape=count) if count else np.empty(0, self._record)
        except OSError as error:
            log.warning("vectors are not kept: %s", error)
            self._kept = np.empty(0, self._record)
        self._places = {digest.tobytes(): place for place, digest in enumerate(self._kept["digest"])}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As `Embedder.encode`."""
        digests = [_digest(text) for text in texts]
        places = [self._places.get(digest, -1) for digest in digests]
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        known = np.array([place >= 0 for place in places], dtype=np.bool_)
        vectors[known] = self._kept["vector"][[place for place in places if place >= 0]]
        new = [place for place, found in enumerate(places) if found < 0]
        for first in range(0, len(new), _AT_ONCE):
            some = new[first : first + _AT_ONCE]
            vectors[some] = self._embedder.encode([texts[place] for place in some])
            if len(new) >= WORTH_KEEPING:
                self._keep([digests[place] for place in some], vectors[some])
        return vectors

    def _keep(self, digests: Sequence[bytes], vectors: Vectors) -> None:
        records = np.empty(len(digests), self._record)
        records["digest"] = np.frombuffer(b"".join(digests), f"V{_DIGEST}")
        records["vector"] = vectors
        try:
            with self._file.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
                end = file.seek(0, os.SEEK_END)
                file.seek(end - end % self._record.itemsize)  # over what somebody who was killed left unfinished
                file.write(records.tobytes())
        except OSError as error:
            log.warning("vectors are not kept: %s", error)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:_DIGEST]
