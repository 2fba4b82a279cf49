"""Writes the trained rows as a folder that sentence-transformers can load: one byte a number, one scale a row."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from knowledge_base.training.teacher import Vectors

CONFIG: dict[str, object] = {"similarity_fn_name": "cosine", "prompts": {}, "default_prompt_name": None}
_MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "knowledge_base.quantized.QuantizedStaticEmbedding"},
    {"idx": 1, "name": "1", "path": "1_Normalize", "type": "sentence_transformers.base.modules.normalize.Normalize"},
]


def write(rows: Vectors, tokenizer: Tokenizer, folder: Path) -> None:
    """Replaces the model in `folder`; the card beside it is written by hand."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "1_Normalize").mkdir(exist_ok=True)
    (folder / "1_Normalize" / "config.json").write_text("{}\n")
    scales = np.maximum(np.abs(rows).max(axis=1), 1e-9) / 127
    numbers = np.rint(rows / scales[:, None]).astype(np.int8)
    save_file({"rows": numbers, "scales": scales.astype(np.float32)}, folder / "model.safetensors")
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / "modules.json").write_text(json.dumps(_MODULES, indent=2) + "\n")
    (folder / "config_sentence_transformers.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
