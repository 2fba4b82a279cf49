"""MiniLM in training: its numbers stay; beside each matrix two narrow ones learn, and the rows of Chinese words do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import BertModel

from knowledge_base import minilm
from knowledge_base.reader import ENGLISH
from knowledge_base.training.student import Ids
from knowledge_base.training.teacher import Vectors

RANK = 32


class Widened(nn.Module):
    """A matrix that is left alone, and the product of two narrow ones that is added to it."""

    def __init__(self, kept: nn.Linear, rank: int) -> None:
        super().__init__()
        self.kept = kept
        self.a = nn.Parameter(torch.randn(rank, kept.in_features) / math.sqrt(kept.in_features))
        self.b = nn.Parameter(torch.zeros(kept.out_features, rank))

    def forward(self, state: Tensor) -> Tensor:
        changed: Tensor = self.kept(state) + (state @ self.a.T) @ self.b.T
        return changed


class Contextual(nn.Module):
    """The model in training; with `rank` 0 only the Chinese rows learn."""

    def __init__(self, wheel: Path, rows: Vectors, rank: int = RANK) -> None:
        super().__init__()
        # The plain way of attention is the fastest here, for batches of short lines in bfloat16.
        self.bert = BertModel.from_pretrained(str(wheel), add_pooling_layer=False, attn_implementation="eager")
        self.bert.eval()  # type: ignore[no-untyped-call]
        self.bert.requires_grad_(False)
        start = torch.from_numpy(rows)
        self.rows = nn.Embedding.from_pretrained(start, freeze=False, sparse=True)  # type: ignore[no-untyped-call]
        self.narrow: dict[str, Widened] = {}
        for layer in range(minilm.LAYERS if rank else 0):
            for name in minilm.LINEARS:
                key = minilm.linear(layer, name)
                kept = self.bert.get_submodule(key)
                assert isinstance(kept, nn.Linear)
                self.narrow[key] = Widened(kept, rank)
                self.bert.set_submodule(key, self.narrow[key])

    def dense(self) -> list[nn.Parameter]:
        """What learns beside the rows."""
        return [part for widened in self.narrow.values() for part in (widened.a, widened.b)]

    def forward(self, sentences: Sequence[Ids]) -> Tensor:
        """Unit vectors of sentences, given as token ids."""
        longest = max(map(len, sentences))
        ids, mask = torch.zeros(len(sentences), longest, dtype=torch.long), torch.zeros(len(sentences), longest)
        for place, sentence in enumerate(sentences):
            ids[place, : len(sentence)] = torch.from_numpy(sentence)
            mask[place, : len(sentence)] = 1
        states = self.bert(inputs_embeds=self._embedded(ids), attention_mask=mask).last_hidden_state.float()
        return nn.functional.normalize((states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True), dim=1)

    def _embedded(self, ids: Tensor) -> Tensor:
        """The tokens' rows, English ones from MiniLM, Chinese ones from ours."""
        chinese = ids >= ENGLISH
        embedded = self.bert.embeddings.word_embeddings(torch.where(chinese, 0, ids))
        # Only the Chinese tokens of the batch: a row for each place would be many times as many.
        embedded[chinese] = self.rows(ids[chinese] - ENGLISH).to(embedded.dtype)
        return cast("Tensor", embedded)

    def take(self, changes: Mapping[str, NDArray[np.generic]]) -> None:
        """Goes on from what an earlier model has learned; the opposite of `changes`."""
        for key, widened in self.narrow.items():
            widened.a.data = torch.from_numpy(changes[f"{key}.a"].astype(np.float32))
            widened.b.data = torch.from_numpy(changes[f"{key}.b"].astype(np.float32))

    def changes(self) -> dict[str, Vectors]:
        """The narrow matrices by the names that `minilm.adapt` asks for."""
        return {
            f"{key}.{part}": getattr(widened, part).detach().numpy()
            for key, widened in self.narrow.items()
            for part in ("a", "b")
        }


@torch.no_grad()
def reach(model: Contextual, sentences: Sequence[Ids]) -> dict[str, Vectors]:
    """How large the numbers become that come into each matrix, at each place, over the `sentences`."""
    found: dict[str, Vectors] = {}

    def watch(key: str, widened: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def look(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            largest = inputs[0].float().abs().amax(dim=(0, 1)).numpy()
            found[key] = np.maximum(found.get(key, 0), largest)

        return widened.register_forward_pre_hook(look)

    handles = [watch(key, widened) for key, widened in model.narrow.items()]
    for sentence in sentences:
        model([sentence])
    for handle in handles:
        handle.remove()
    return found
