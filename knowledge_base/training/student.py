"""The model in training: one row a token, a sentence is the normalised sum of its rows."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from knowledge_base.text import fold
from knowledge_base.training.teacher import Vectors

Ids = NDArray[np.int64]


class Lines:
    """Tokenised sentences, stored end to end."""

    def __init__(self, tokenizer: Tokenizer, lines: list[str]) -> None:
        encoded = [encoding.ids for encoding in tokenizer.encode_batch([fold(line) for line in lines])]
        self._ids = np.fromiter((token for ids in encoded for token in ids), dtype=np.int64)
        self._ends = np.cumsum([len(ids) for ids in encoded], dtype=np.int64)
        self._starts = np.concatenate([[0], self._ends[:-1]])

    def __len__(self) -> int:
        return len(self._ends)

    def take(self, chosen: Ids) -> list[Ids]:
        """The token ids of the `chosen` lines."""
        return [self._ids[self._starts[i] : self._ends[i]] for i in chosen]

    def counts(self, size: int) -> Ids:
        """How often each token occurs."""
        return np.bincount(self._ids, minlength=size)


class Student(nn.Module):
    """The table of rows; trained sparsely, since one batch touches few of them."""

    def __init__(self, rows: Vectors) -> None:
        super().__init__()
        self.table = nn.EmbeddingBag.from_pretrained(torch.from_numpy(rows), freeze=False, mode="sum", sparse=True)

    @property
    def rows(self) -> Vectors:
        """The table as it is now, without a copy."""
        rows: Vectors = self.table.weight.detach().numpy()
        return rows

    def forward(self, sentences: list[Ids]) -> Tensor:
        """Unit vectors of sentences, given as token ids."""
        offsets = np.cumsum([0] + [len(ids) for ids in sentences[:-1]])
        summed = self.table(torch.from_numpy(np.concatenate(sentences)), torch.from_numpy(offsets))
        return nn.functional.normalize(summed, dim=1)
