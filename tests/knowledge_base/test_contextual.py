"""The better tier: what it makes of text, that it needs no PyTorch, and what it refuses to load."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from knowledge_base import embedder, minilm
from knowledge_base.contextual import CONTEXTUAL_PATH, FILES, SHARE, BetterEmbedder, ContextualEmbedder, initializers
from knowledge_base.embedder import Embedder, StaticEmbedder
from knowledge_base.reader import ENGLISH, LONGEST, Reader
from knowledge_base.training import graph

TEXTS = ["Where is my order?", "我的快递到哪了？", "幾點開門", "don't know the ＷｉＦｉ password 123", "", "🙂", "?!"]


@pytest.fixture(scope="module")
def better() -> Embedder:
    return embedder.load(embedder.BETTER)


@pytest.fixture(scope="module")
def contextual() -> ContextualEmbedder:
    return ContextualEmbedder()


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(minilm.folder() / "tokenizer.json", CONTEXTUAL_PATH / "tokenizer.json")


def test_vectors_have_length_one_or_are_zero_where_nothing_is_known(better: Embedder) -> None:
    vectors = better.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), better.dimension)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1, 1, 0, 0, 0], abs=1e-5)
    assert better.encode([]).shape == (0, better.dimension)


def test_likeness_is_the_weighted_sum_of_both_models(better: Embedder, contextual: ContextualEmbedder) -> None:
    static = StaticEmbedder().encode(TEXTS[:4])
    other = contextual.encode(TEXTS[:4])
    vectors = better.encode(TEXTS[:4])
    assert vectors @ vectors.T == pytest.approx(SHARE * other @ other.T + (1 - SHARE) * static @ static.T, abs=1e-5)


def test_a_sentence_and_its_translation_lie_close(better: Embedder) -> None:
    english, chinese, other = better.encode(["How do I return an item?", "怎么退货？", "今天天气真好"])
    assert english @ chinese > 0.6
    assert english @ other < 0.3


def test_the_order_of_words_counts(contextual: ContextualEmbedder) -> None:
    first, second = contextual.encode(["the dog bites the man", "the man bites the dog"])
    assert first @ second < 0.999


def test_company_and_threads_make_no_difference(better: Embedder) -> None:
    expected = np.concatenate([better.encode([text]) for text in TEXTS])
    with ThreadPoolExecutor(4) as threads:
        for found in threads.map(lambda _: better.encode(TEXTS), range(20)):
            assert np.array_equal(found, expected)


def test_english_is_cut_as_minilm_does_and_chinese_into_words(reader: Reader) -> None:
    ids = reader("Where is my ＰＡＲＣＥＬ?")
    assert (ids[0], ids[-1]) == (101, 102)
    assert ids == reader("where is my parcel?")
    assert max(ids) < ENGLISH
    assert reader("快遞 parcel")[1] >= ENGLISH
    assert reader("快遞") == reader("快递")
    assert max(reader("我的快递到哪了，parcel 123")) < reader.size
    assert reader("") == reader("🙂") == []


def test_what_is_too_long_is_cut_off(reader: Reader, contextual: ContextualEmbedder) -> None:
    assert len(reader("很久 long " * 500)) == LONGEST
    assert reader("很久 long " * 500)[-1] == 102
    assert len(reader("很久 long " * 500, 20)) == 20
    assert np.linalg.norm(contextual.encode(["很久 long " * 500])) == pytest.approx(1, abs=1e-5)


def test_it_works_without_pytorch() -> None:
    code = (
        "import sys; from knowledge_base import embedder; embedder.load('bundled-better').encode(['hi']);"
        "print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "onnxruntime" in loaded
    assert {"torch", "sentence_transformers", "transformers", "onnx"}.isdisjoint(loaded)


@pytest.mark.filterwarnings("ignore")  # PyTorch's and transformers' own
def test_sentence_transformers_gives_the_same_vectors_but_for_rounding(contextual: ContextualEmbedder) -> None:
    texts = [*TEXTS[:4], *(f"{text} {other}" for text in TEXTS[:4] for other in TEXTS[:4])]
    library = embedder.load(str(CONTEXTUAL_PATH))
    assert library.dimension == contextual.dimension
    expected, found = library.encode(texts), contextual.encode(texts)
    assert (expected * found).sum(axis=1).min() > 0.97
    assert np.abs(expected @ expected.T - found @ found.T).mean() < 0.015
    assert not library.encode(["", "🙂"]).any()


def test_other_numbers_than_those_of_the_wheel_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(minilm._FILES, "model.safetensors", "0" * 64)
    with pytest.raises(OSError, match=r"model\.safetensors is not the file that this version was made for"):
        BetterEmbedder()


def test_a_missing_wheel_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "PACKAGE", "no-such-wheel")
    with pytest.raises(OSError, match=r"no-such-wheel is not installed: install requirements/hub\.txt"):
        BetterEmbedder()


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"model\.safetensors is missing"):
        ContextualEmbedder(tmp_path)


def test_the_fingerprint_is_that_of_the_model(contextual: ContextualEmbedder, tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).write_bytes((CONTEXTUAL_PATH / name).read_bytes())
    assert ContextualEmbedder(tmp_path).fingerprint == contextual.fingerprint
    with (tmp_path / "tokenizer.json").open("a") as file:
        file.write(" ")
    assert ContextualEmbedder(tmp_path).fingerprint != contextual.fingerprint


def test_the_graph_is_the_one_that_the_training_writes(tmp_path: Path) -> None:
    base, changes = minilm.weights(minilm.folder()), load_file(CONTEXTUAL_PATH / "model.safetensors")
    graph.write(tmp_path / "graph.onnx", initializers(base, changes))
    assert (tmp_path / "graph.onnx").read_bytes() == (CONTEXTUAL_PATH / "graph.onnx").read_bytes()


def test_both_models_have_room_in_the_repository() -> None:
    folders = (embedder.BUNDLED_PATH, CONTEXTUAL_PATH)
    assert sum(file.stat().st_size for folder in folders for file in folder.rglob("*") if file.is_file()) < 32_000_000
