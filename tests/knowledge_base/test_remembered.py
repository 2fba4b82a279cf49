from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from knowledge_base.embedder import Embedder, Vectors
from knowledge_base.remembered import WORTH_KEEPING, RememberingEmbedder

TEXTS = [f"text number {number}" for number in range(WORTH_KEEPING)]


class Counting:
    """The real embedder, and a list of what it was given."""

    def __init__(self, embedder: Embedder, fingerprint: str = "one") -> None:
        self.name, self.fingerprint, self.dimension = embedder.name, fingerprint, embedder.dimension
        self._embedder = embedder
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.encoded.extend(texts)
        return self._embedder.encode(texts)


def test_what_was_encoded_is_known_to_the_next_process(fast: Embedder, tmp_path: Path) -> None:
    RememberingEmbedder(Counting(fast), tmp_path).encode(TEXTS)
    counting = Counting(fast)
    mixed = ["new", *TEXTS[::-1], "newer"]
    found = RememberingEmbedder(counting, tmp_path).encode(mixed)
    assert counting.encoded == ["new", "newer"]
    assert (found == fast.encode(mixed)).all()


def test_another_model_knows_nothing_of_it(fast: Embedder, tmp_path: Path) -> None:
    RememberingEmbedder(Counting(fast), tmp_path).encode(TEXTS)
    counting = Counting(fast, "other")
    RememberingEmbedder(counting, tmp_path).encode(TEXTS)
    assert counting.encoded == TEXTS


def test_questions_are_not_kept(fast: Embedder, tmp_path: Path) -> None:
    RememberingEmbedder(Counting(fast), tmp_path).encode(TEXTS[1:])
    assert next(tmp_path.iterdir()).stat().st_size == 0


@pytest.mark.parametrize("lost", [1, 100, 1028, 5000])
def test_a_torn_file_loses_only_what_was_torn(fast: Embedder, tmp_path: Path, lost: int) -> None:
    RememberingEmbedder(Counting(fast), tmp_path).encode(TEXTS)
    file = next(tmp_path.iterdir())
    file.write_bytes(file.read_bytes()[:-lost])
    torn = RememberingEmbedder(Counting(fast), tmp_path)
    assert (torn.encode(TEXTS) == fast.encode(TEXTS)).all()
    more = [f"more of {text}" for text in TEXTS]
    torn.encode(more)
    counting = Counting(fast)
    again = RememberingEmbedder(counting, tmp_path)
    assert (again.encode(more) == fast.encode(more)).all()
    assert counting.encoded == []
    assert (again.encode(TEXTS) == fast.encode(TEXTS)).all()
    assert len(counting.encoded) == -(-lost // 1040)


def test_two_processes_may_share_it(fast: Embedder, tmp_path: Path) -> None:
    first, second = (RememberingEmbedder(Counting(fast), tmp_path) for _ in range(2))
    first.encode(TEXTS)
    second.encode(TEXTS)
    second.encode([f"more of {text}" for text in TEXTS])
    counting = Counting(fast)
    RememberingEmbedder(counting, tmp_path).encode([*TEXTS, *(f"more of {text}" for text in TEXTS)])
    assert counting.encoded == []


def test_without_a_disk_it_encodes(fast: Embedder, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert (RememberingEmbedder(fast, tmp_path / "file").encode(TEXTS) == fast.encode(TEXTS)).all()
    assert RememberingEmbedder(fast, tmp_path).encode([]).shape == (0, fast.dimension)


def test_who_is_killed_at_a_start_does_not_begin_anew(fast: Embedder, tmp_path: Path) -> None:
    many = [f"text number {number}" for number in range(600)]

    class Killed(Counting):
        def encode(self, texts: Sequence[str]) -> Vectors:
            if many[-1] in texts:
                raise KeyboardInterrupt
            return super().encode(texts)

    with pytest.raises(KeyboardInterrupt):
        RememberingEmbedder(Killed(fast), tmp_path).encode(many)
    counting = Counting(fast)
    assert (RememberingEmbedder(counting, tmp_path).encode(many) == fast.encode(many)).all()
    assert 0 < len(counting.encoded) < len(many) / 2
