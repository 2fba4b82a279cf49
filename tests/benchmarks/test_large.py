from __future__ import annotations

import numpy as np
import pytest

from benchmarks import report
from benchmarks.large import __main__ as command
from benchmarks.large import corpus, nearest, searching, vectors
from knowledge_base import embedder


def test_the_knowledge_base_has_as_many_phrasings_as_were_wanted_and_none_twice() -> None:
    articles = list(corpus.articles(1000))
    phrasings = [phrasing for article in articles for phrasing in article.phrasings()]
    assert len({article.id for article in articles}) == 1000
    assert len(set(phrasings)) == len(phrasings) == 1000 * corpus.PHRASINGS
    assert articles == list(corpus.articles(1000))


def test_a_wider_embedder_keeps_what_is_near() -> None:
    bundled = embedder.load(embedder.FAST)
    wide, texts = corpus.Widened(bundled, 640), corpus.questions()[:20]
    assert wide.encode(texts).shape == (20, 640)
    near = bundled.encode(texts)
    assert wide.encode(texts) @ wide.encode(texts).T == pytest.approx(near @ near.T, abs=1e-5)


@pytest.mark.parametrize("dimension", [256, 640])
async def test_vectors_lie_around_their_articles(dimension: int) -> None:
    given = vectors.made(5000, dimension, 20)
    assert np.linalg.norm(given.vectors, axis=1) == pytest.approx(np.ones(5000), abs=1e-5)
    of_one, of_others = given.vectors[0] @ given.vectors[1:10].T, given.vectors[0] @ given.vectors[10:].T
    assert of_one.mean() > of_others.mean() + 0.1
    for query, found in zip(given.queries, given.nearest, strict=True):
        assert set(found) == set(np.argsort(-(given.vectors @ query))[: vectors.NEIGHBOURS])
    assert (await nearest.bare(given)).recall == 1


def test_everything_measured_stands_in_the_tables() -> None:
    bundled = embedder.load(embedder.FAST)
    found = searching.measure(list(corpus.articles(200)), bundled)
    assert found.phrasings == 2000
    assert found.ratio == found.search / found.bare
    index = nearest.Searched("an index", 256, 1000, "all of it", 0.981, 1.2, 3.4, 5, 6)
    made = command.Large(report.now(), "abc", report.machine(), [found], None, [index])
    shown = command.text(made, markdown=False)
    assert "2,000 phrasings × 256" in shown
    assert "0.981" in shown
