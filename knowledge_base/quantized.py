"""The bundled model as a module of sentence-transformers: a table of rows, one byte a number with one scale a row.

`SentenceTransformer(path, trust_remote_code=True)` finds this class by the name in the model's `modules.json`.
The hub itself takes the shorter way in `knowledge_base.embedder`, which gives the same vectors without PyTorch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import torch
from safetensors.torch import load_file, save_file
from sentence_transformers.base.modules import InputModule
from tokenizers import Tokenizer
from torch import Tensor

from knowledge_base.text import fold

WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"


class QuantizedStaticEmbedding(InputModule):
    """A sentence is the mean of its tokens' rows."""

    def __init__(self, tokenizer: Tokenizer, rows: Tensor, scales: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.tokenizer = tokenizer
        self.rows: Tensor
        self.scales: Tensor
        self.register_buffer("rows", rows)
        self.register_buffer("scales", scales)

    def preprocess(self, inputs: Any, prompt: str | None = None, **_: Any) -> dict[str, Tensor]:
        """Token ids of all sentences end to end, and where each sentence begins."""
        encoded = [encoding.ids for encoding in self.tokenizer.encode_batch([fold((prompt or "") + i) for i in inputs])]
        ids = [token for sentence in encoded for token in sentence]
        starts = torch.tensor([0] + [len(sentence) for sentence in encoded[:-1]]).cumsum(0)
        return {"input_ids": torch.tensor(ids, dtype=torch.long), "offsets": starts}

    def forward(self, features: dict[str, Tensor], **_: Any) -> dict[str, Tensor]:
        ids, starts = features["input_ids"], features["offsets"]
        rows = self.rows[ids].float() * self.scales[ids, None]
        places = torch.arange(len(ids), device=rows.device)
        features["sentence_embedding"] = torch.nn.functional.embedding_bag(places, rows, starts, mode="mean")
        return features

    def get_embedding_dimension(self) -> int:
        return self.rows.shape[1]

    @property
    def max_seq_length(self) -> None:
        """No limit."""
        return

    def save(self, output_path: str, *_: Any, **__: Any) -> None:
        save_file({"rows": self.rows, "scales": self.scales}, Path(output_path) / WEIGHTS)
        self.tokenizer.save(str(Path(output_path) / TOKENIZER), pretty=False)

    @classmethod
    def load(cls, model_name_or_path: str, subfolder: str = "", *args: Any, **kwargs: Any) -> Self:
        passed_on = ("token", "cache_folder", "revision", "local_files_only")
        where: dict[str, Any] = {key: kwargs.get(key) for key in passed_on}
        weights = cls.load_file_path(model_name_or_path, WEIGHTS, subfolder, **where)
        tokenizer = cls.load_file_path(model_name_or_path, TOKENIZER, subfolder, **where)
        if weights is None or tokenizer is None:
            raise OSError(f"{model_name_or_path}: {WEIGHTS} or {TOKENIZER} is missing")
        tensors = load_file(weights)
        return cls(Tokenizer.from_file(tokenizer), tensors["rows"], tensors["scales"])
