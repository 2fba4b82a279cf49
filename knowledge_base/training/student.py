"""The model in training: one row a token, a sentence is the normalised sum of its rows."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from knowledge_base.text import fold
from knowledge_base.training.teacher import Vectors


class Lines:
    """Tokenised sentences, stored end to end."""

    def __init__(self, tokenizer: Tokenizer, lines: list[str]) -> None:
        encoded = [encoding.ids for encoding in tokenizer.encode_batch([fold(line) for line in lines])]
        self.ids = np.fromiter((token for ids in encoded for token in ids), dtype=np.int64)
        self.ends = np.cumsum([len(ids) for ids in encoded], dtype=np.int64)
        self.starts = np.concatenate([[0], self.ends[:-1]])

    def __len__(self) -> int:
        return len(self.ends)

    def counts(self, size: int) -> NDArray[np.int64]:
        """How often each token occurs."""
        return np.bincount(self.ids, minlength=size)


class Student(nn.Module):
    """The table of rows; trained sparsely, since one batch touches few of them."""

    def __init__(self, rows: Vectors, random: np.random.Generator) -> None:
        super().__init__()
        self.table = nn.EmbeddingBag.from_pretrained(torch.from_numpy(rows), freeze=False, mode="sum", sparse=True)
        self._random = random

    def encode(self, lines: Lines, chosen: NDArray[np.int64], dropout: float = 0.0) -> Tensor:
        """Unit vectors of the `chosen` lines; `dropout` is the share of their tokens left out."""
        pieces = [lines.ids[lines.starts[i] : lines.ends[i]] for i in chosen]
        if dropout:
            pieces = [self._thin(piece, dropout) for piece in pieces]
        offsets = np.cumsum([0] + [len(piece) for piece in pieces[:-1]])
        summed = self.table(torch.from_numpy(np.concatenate(pieces)), torch.from_numpy(offsets))
        return nn.functional.normalize(summed, dim=1)

    def _thin(self, piece: NDArray[np.int64], dropout: float) -> NDArray[np.int64]:
        kept = piece[self._random.random(len(piece)) >= dropout]
        return kept if len(kept) else piece
