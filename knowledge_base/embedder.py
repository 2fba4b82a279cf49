"""Text to vectors. The bundled model needs neither PyTorch nor the network; others go through sentence-transformers.

All calls block: the event loop's callers run them in a worker thread. They may come from several threads at once.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from tokenizers import Tokenizer

from knowledge_base.text import fold

Vectors = NDArray[np.float32]
BUNDLED, FAST, BETTER = "bundled", "bundled-fast", "bundled-better"
BUNDLED_PATH = Path(__file__).with_name("model")
_OURS = (BUNDLED_PATH, BUNDLED_PATH.with_name("model_contextual"))
_BATCH = 16  # texts from which on the tokenizer's own threads are worth their start
_PROBES = ["Where is my parcel?", "我的快递到哪了？"]


class Embedder(Protocol):
    """Turns text into unit vectors. Vectors may be kept and compared as long as the `fingerprint` stays the same."""

    name: str
    fingerprint: str
    dimension: int

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, of length one, or all zero where the text holds nothing that the model knows."""
        ...


def load(model: str = BUNDLED) -> Embedder:
    """The embedder for the setting `embedding_model`: a bundled tier, or a sentence-transformers name or path.

    `bundled-fast` is the static model, `bundled-better` adds the contextual one, `bundled` is what we recommend:
    the better one.
    A path is read without asking the network. Raises `OSError` or `ValueError` where the model cannot be loaded.
    """
    # The products of one question are tiny: a second BLAS thread only makes the first one wait, up to 100 times longer
    # where the cores are busy.
    threadpool_limits(1, "blas")
    if model == FAST:
        return static()
    if model in (BUNDLED, BETTER):
        from knowledge_base.contextual import BetterEmbedder

        return BetterEmbedder()
    return LibraryEmbedder(model)


@cache
def static() -> StaticEmbedder:
    """The static model of this repository, of which one serves all: it never changes."""
    return StaticEmbedder()


class StaticEmbedder:
    """The static model of this repository: a text is the normalised sum of its tokens' rows."""

    def __init__(self, folder: Path = BUNDLED_PATH) -> None:
        weights, tokenizer = folder / "model.safetensors", folder / "tokenizer.json"
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        tensors = load_file(weights)
        self._rows, self._scales = tensors["rows"], tensors["scales"]
        self.name = FAST
        self.dimension = int(self._rows.shape[1])
        self.fingerprint = hashlib.sha256(weights.read_bytes() + tokenizer.read_bytes()).hexdigest()[:16]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As `Embedder.encode`; about 0.05 ms for a short question."""
        folded = [fold(text) for text in texts]
        tokenizer = self._tokenizer
        cut = tokenizer.encode_batch(folded) if len(folded) > _BATCH else [tokenizer.encode(text) for text in folded]
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for vector, encoding in zip(vectors, cut, strict=True):
            if ids := encoding.ids:
                vector[:] = self._scales[ids] @ self._rows[ids].astype(np.float32)
        return normalised(vectors)


class LibraryEmbedder:
    """Any model that sentence-transformers can load. Importing the library takes some seconds."""

    def __init__(self, model: str) -> None:
        local = Path(model).is_dir()
        if local:
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from sentence_transformers import SentenceTransformer

        bundled = local and Path(model).resolve() in _OURS
        self._model: Any = SentenceTransformer(model, local_files_only=local, trust_remote_code=bundled)
        self._lock = threading.Lock()
        self.name = model
        probes = self.encode(_PROBES)
        self.dimension = probes.shape[1]
        self.fingerprint = hashlib.sha256(model.encode() + np.round(probes, 3).tobytes()).hexdigest()[:16]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As `Embedder.encode`; one call at a time."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        with self._lock:
            vectors = self._model.encode(list(texts), convert_to_numpy=True, show_progress_bar=False)
        return normalised(np.asarray(vectors, dtype=np.float32))


def normalised(vectors: Vectors) -> Vectors:
    """Rows of length one; zero rows stay zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)
