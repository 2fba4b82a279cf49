from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from knowledge_base import minilm
from knowledge_base.contextual import ContextualEmbedder, rounded
from knowledge_base.embedder import BUNDLED_PATH
from knowledge_base.reader import ENGLISH, Reader
from knowledge_base.training import contextual_words, pack
from knowledge_base.training.adapters import Contextual, Widened, reach

LINES = ["我想退货", "快递什么时候到", "我想退货款"] * 3
TEXTS = ["I want to return this", "我想退货，怎么办？", "快递 is late", "退货"]


@pytest.fixture(scope="module")
def words() -> Tokenizer:
    return contextual_words.choose(BUNDLED_PATH / "tokenizer.json", LINES, tokens=40, characters=30)


@pytest.fixture(scope="module")
def reader(words: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    path = tmp_path_factory.mktemp("words") / "tokenizer.json"
    words.save(str(path))
    return Reader(minilm.folder() / "tokenizer.json", path)


@pytest.fixture(scope="module")
def model(words: Tokenizer) -> Contextual:
    torch.manual_seed(1)
    rows = np.random.default_rng(1).normal(0, 0.05, (words.get_vocab_size(), minilm.WIDTH)).astype(np.float32)
    model = Contextual(minilm.folder(), rows)
    for widened in model.narrow.values():
        torch.nn.init.normal_(widened.b, std=0.003)
    return model


def test_frequent_words_and_characters_are_kept_and_others_fall_into_them(words: Tokenizer) -> None:
    assert words.get_vocab_size() == 41
    assert words.token_to_id("[UNK]") == 0
    assert words.token_to_id("退货") is not None
    assert words.token_to_id("充电器") is None
    assert "".join(words.encode("我想退货").tokens) == "我想退货"


def test_rows_start_at_what_the_words_mean(words: Tokenizer) -> None:
    pieces = {"to return goods": [0, 1], "parcel": [2]}
    rows = np.eye(3, 4, dtype=np.float32)
    glosses = {"退货": ["to return goods", "parcel"], "快": ["parcel", "of no known tokens"]}
    found = contextual_words.start(words, glosses, lambda text: pieces.get(text, []), rows)
    assert found[words.token_to_id("退货")] == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])
    assert found[words.token_to_id("快")] == pytest.approx([0, 0, 1, 0])
    assert found.any(axis=1).all()


def test_at_first_nothing_is_changed() -> None:
    kept = torch.nn.Linear(8, 6)
    state = torch.randn(3, 8)
    assert torch.equal(Widened(kept, 2)(state), kept(state))


def test_only_what_may_learn_learns(model: Contextual, reader: Reader) -> None:
    loss = model([np.array(reader(text)) for text in TEXTS])[:, 0].sum()
    loss.backward()
    learning = {name for name, part in model.named_parameters() if part.grad is not None}
    assert "rows.weight" in learning
    assert all(name == "rows.weight" or name.endswith((".a", ".b")) for name in learning)
    assert len(learning) == 1 + 2 * minilm.LAYERS * len(minilm.LINEARS)
    model.zero_grad()


def test_filling_changes_nothing(model: Contextual, reader: Reader) -> None:
    read = [np.array(reader(text)) for text in TEXTS]
    with torch.no_grad():
        together, alone = model(read), torch.cat([model([ids]) for ids in read])
    assert torch.allclose(together, alone, atol=1e-5)


def test_a_model_survives_being_written(model: Contextual, words: Tokenizer, reader: Reader, tmp_path: Path) -> None:
    read = [np.array(reader(text)) for text in TEXTS]
    pack.write(model, words, minilm.folder(), read, tmp_path)
    with torch.no_grad():
        expected = model(read).numpy()
    found = ContextualEmbedder(tmp_path).encode(TEXTS)
    assert (found * expected).sum(axis=1).min() > 0.98

    rows = np.zeros((words.get_vocab_size(), minilm.WIDTH), dtype=np.float32)
    contextual_words.go_on(words, rows, tmp_path)
    later = Contextual(minilm.folder(), rows)
    later.take(load_file(tmp_path / "model.safetensors"))
    with torch.no_grad():
        assert (later(read).numpy() * expected).sum(axis=1).min() > 0.999


def test_the_reach_is_the_largest_number_at_each_place(model: Contextual, reader: Reader) -> None:
    read = [np.array(reader(text)) for text in TEXTS]
    every, first = reach(model, read), reach(model, read[:1])
    assert set(every) == set(model.narrow)
    assert all((every[key] >= first[key]).all() for key in every)
    assert every[minilm.linear(0, "output.dense")].shape == (1536,)


def test_large_numbers_are_made_smaller_and_what_they_meet_larger() -> None:
    found = pack.shrink(np.array([1, 1, 30], dtype=np.float32), np.array([1, 1, 1], dtype=np.float32))
    assert found[2] < 0.2 < found[0]
    assert found[0] == found[1]


def test_rounding_keeps_each_row_within_half_a_step() -> None:
    matrix = np.random.default_rng(1).normal(size=(5, 40)).astype(np.float32)
    matrix[2] *= 100
    matrix[3] = 0
    numbers, scales = rounded(matrix, 63)
    assert np.abs(numbers).max() == 63
    assert (np.abs(numbers * scales[:, None] - matrix) <= scales[:, None] * 0.501).all()


def test_chinese_tokens_are_numbered_after_the_english_ones(reader: Reader, words: Tokenizer) -> None:
    assert reader("退货")[1] - ENGLISH == words.token_to_id("退货")
    assert reader.size == ENGLISH + 41
