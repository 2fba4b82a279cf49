from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from knowledge_base.embedder import BUNDLED_PATH, Embedder, StaticEmbedder, load

TEXTS = ["Where is my order?", "我的快递到哪了？", "幾點開門", "don't know the ＷｉＦｉ password 123", "", "🙂", "?!"]


def test_vectors_have_length_one_or_are_zero_where_nothing_is_known(fast: Embedder) -> None:
    vectors = fast.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), fast.dimension)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1, 1, 0, 0, 0], abs=1e-5)


def test_no_texts_give_no_rows(fast: Embedder) -> None:
    assert fast.encode([]).shape == (0, fast.dimension)


def test_spelling_does_not_matter(fast: Embedder) -> None:
    first, second = fast.encode(["幾點開門 WIFI", "几点开门 ｗｉｆｉ"])
    assert np.array_equal(first, second)


def test_a_sentence_and_its_translation_lie_close(fast: Embedder) -> None:
    english, chinese, other = fast.encode(["How do I return an item?", "怎么退货？", "今天天气真好"])
    assert english @ chinese > 0.6
    assert english @ other < 0.3


def test_the_batch_makes_no_difference(fast: Embedder) -> None:
    together = fast.encode(TEXTS)
    assert np.array_equal(together, np.concatenate([fast.encode([text]) for text in TEXTS]))


def test_threads_do_not_disturb_each_other(fast: Embedder) -> None:
    expected = fast.encode(TEXTS)
    with ThreadPoolExecutor(8) as threads:
        for found in threads.map(lambda _: fast.encode(TEXTS), range(200)):
            assert np.array_equal(found, expected)


def test_the_fingerprint_is_that_of_the_model(fast: Embedder, tmp_path: Path) -> None:
    for file in ("model.safetensors", "tokenizer.json"):
        (tmp_path / file).write_bytes((BUNDLED_PATH / file).read_bytes())
    assert StaticEmbedder(tmp_path).fingerprint == fast.fingerprint
    with (tmp_path / "tokenizer.json").open("a") as file_:
        file_.write(" ")
    assert StaticEmbedder(tmp_path).fingerprint != fast.fingerprint


def test_the_model_stays_small() -> None:
    assert sum(file.stat().st_size for file in BUNDLED_PATH.rglob("*") if file.is_file()) < 25_000_000


def test_a_model_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises((OSError, ValueError)):
        load(str(tmp_path))


def test_the_bundled_model_works_without_pytorch() -> None:
    """Which takes seconds to import, and hundreds of megabytes."""
    code = (
        "import sys; from knowledge_base import embedder, service; embedder.load().encode(['hi']); print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "knowledge_base.service" in loaded
    assert {"torch", "sentence_transformers", "transformers"}.isdisjoint(loaded)


@pytest.mark.filterwarnings("ignore")  # PyTorch's and transformers' own
def test_sentence_transformers_loads_the_bundled_model_and_gives_the_same_vectors(fast: Embedder) -> None:
    library = load(str(BUNDLED_PATH))
    assert library.dimension == fast.dimension
    assert np.abs(library.encode(TEXTS) - fast.encode(TEXTS)).max() < 1e-6
    assert library.encode([]).shape == (0, fast.dimension)
