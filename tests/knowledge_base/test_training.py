from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from knowledge_base.embedder import StaticEmbedder
from knowledge_base.training import quantise, vocabulary
from knowledge_base.training.augmentation import Cutter, thin
from knowledge_base.training.corpus import Corpus, Wish, own_pairs, own_phrasings
from knowledge_base.training.initialisation import project, projection, rarity
from knowledge_base.training.objectives import contrast, distil
from knowledge_base.training.student import Lines, Student

CORPUS = Corpus(
    english=["I want to return the parcel", "the charger is broken"],
    pairs=[("The charger is broken.", "充电器坏了。"), ("I want to go home.", "我想回家。")],
    own=[("charger", "充电器")],
    paraphrases=[("我想回家", "我要回家")],
    glosses={"充电器": ["charger"], "充电": ["to charge"], "退货": ["to return goods"], "包裹": ["parcel"]},
    intents=[["return it", "send it back"]],
    phrasings=[Wish("shop", ["return it", "have it back"], ["我想退货", "不想要了"])],
    chinese=["包裹到了", "我想退货"],
)
PIECES = ["return", "##ing", "##ed", "parcel", "charger"]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return vocabulary.build(CORPUS, PIECES)


def test_known_words_are_tokens_and_unknown_ones_fall_into_pieces(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("the charger, returned").tokens == ["the", "charger", "return", "ed"]
    assert tokenizer.encode("充电器坏了").tokens == ["充电器", "坏", "了"]


def test_a_model_survives_being_written(tokenizer: Tokenizer, tmp_path: Path) -> None:
    rows = np.random.default_rng(1).normal(size=(tokenizer.get_vocab_size(), 256)).astype(np.float32)
    rows[3] *= 50
    quantise.write(rows, tokenizer, tmp_path)
    expected = rows[tokenizer.encode("the charger is broken").ids].sum(0)
    found = StaticEmbedder(tmp_path).encode(["The charger is broken!"])[0]
    assert found @ (expected / np.linalg.norm(expected)) > 0.999


def test_thinning_never_empties_a_sentence() -> None:
    random = np.random.default_rng(1)
    sentences = [np.arange(n) for n in range(1, 50)]
    thinned = thin(sentences, 0.9, random)
    assert min(len(ids) for ids in thinned) == 1
    assert sum(map(len, thinned)) < 0.3 * sum(map(len, sentences))


def test_words_are_cut_into_words(tokenizer: Tokenizer) -> None:
    word = tokenizer.token_to_id("充电器")
    cut = Cutter(tokenizer).cut([np.array([word])], 1.0, np.random.default_rng(1))[0]
    assert tokenizer.decode(cut.tolist()).replace(" ", "") == "充电器"
    assert len(cut) == 2


def test_the_loss_falls_as_the_student_comes_to_lie_where_the_teacher_does(tokenizer: Tokenizer) -> None:
    random = np.random.default_rng(1)
    lines = Lines(tokenizer, CORPUS.english)
    targets = torch.nn.functional.normalize(torch.from_numpy(random.normal(size=(2, 16))).float(), dim=1)
    student = Student(random.normal(size=(tokenizer.get_vocab_size(), 16)).astype(np.float32))
    optimiser = torch.optim.SparseAdam(list(student.parameters()), lr=0.05)
    before = float(distil(student(lines.take(np.arange(2))), targets).detach())
    loss = distil(student(lines.take(np.arange(2))), targets)
    for _ in range(60):
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()  # type: ignore[no-untyped-call]
        loss = distil(student(lines.take(np.arange(2))), targets)
    assert float(loss.detach()) < 0.2 * before


def test_rivals_that_mean_the_same_do_not_count() -> None:
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    nobody, both = torch.zeros(2, 2, dtype=torch.bool), torch.ones(2, 2, dtype=torch.bool)
    assert contrast(vectors, vectors, both) < 1e-6 < 0.5 < contrast(vectors, vectors, nobody)


def test_the_projection_keeps_likeness() -> None:
    random = np.random.default_rng(1)
    vectors = (random.normal(size=(2000, 20)) @ random.normal(size=(20, 384))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    short = project(vectors, projection(vectors))
    assert short.shape == (2000, 256)
    assert short @ short[0] == pytest.approx(vectors @ vectors[0], abs=1e-3)


def test_rare_tokens_weigh_more() -> None:
    weights = rarity(np.array([0, 10, 10_000], dtype=np.float32))
    assert weights[0] == 1
    assert weights[0] > weights[1] > weights[2] > 0


def test_our_own_pairs_are_well_formed() -> None:
    pairs = own_pairs()
    assert len(pairs) > 500
    assert [pair for pair in pairs if not (pair[0].isascii() and pair[0].strip() and pair[1].strip())] == []
    assert len(set(pairs)) == len(pairs)


def test_every_wish_is_said_in_several_ways_in_both_languages() -> None:
    wishes = own_phrasings()
    assert len({wish.domain for wish in wishes}) > 10
    assert min(len(wish.english) for wish in wishes) >= 4
    assert min(len(wish.chinese) for wish in wishes) >= 5
    lines = [(wish.domain, line) for wish in wishes for line in [*wish.english, *wish.chinese]]
    assert len(set(lines)) == len(lines)
