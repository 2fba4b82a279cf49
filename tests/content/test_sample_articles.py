"""The sample knowledge base holds together: whole in both languages, one set of facts, and fair held-out questions."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "knowledge_base" / "sample"
CATEGORIES = {
    "orders",
    "delivery",
    "returns",
    "repairs",
    "warranty",
    "invoices",
    "payment",
    "accounts",
    "products",
}
LANGUAGES = ("zh", "en")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
NUMBER = re.compile(r"\d+(?::\d\d)?")


def read_lines(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line) for file in sorted(folder.glob("*.jsonl")) for line in file.read_text("utf-8").splitlines()
    ]


ARTICLES = read_lines(SAMPLE / "articles")
HELD_OUT = read_lines(ROOT / "benchmarks" / "questions" / "shop")
POLICIES = (SAMPLE / "policies.md").read_text(encoding="utf-8")
each_article = pytest.mark.parametrize("article", ARTICLES, ids=lambda article: str(article["id"]))


def numbers(text: str) -> Counter[str]:
    return Counter(NUMBER.findall(text))


def plain(question: str) -> str:
    """A question without case, spaces and punctuation, so that near-copies count as the same."""
    return re.sub(r"[\W_]+", "", question.casefold())


def policy_sections() -> dict[str, str]:
    """The text under each `## category` heading of the policies."""
    parts = re.split(r"^## (\w+)$", POLICIES, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def indexed_questions() -> list[str]:
    return [plain(q) for a in ARTICLES for t in a["translations"].values() for q in t["questions"]]


def test_there_are_enough_articles_of_every_category() -> None:
    assert len(ARTICLES) >= 120
    assert {article["category"] for article in ARTICLES} == CATEGORIES


def test_ids_are_unique_slugs() -> None:
    ids = [article["id"] for article in ARTICLES]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", slug) for slug in ids)


@each_article
def test_an_article_is_whole_in_both_languages(article: dict[str, Any]) -> None:
    assert set(article) == {"id", "category", "translations"}
    assert set(article["translations"]) == set(LANGUAGES)
    for language, translation in article["translations"].items():
        assert set(translation) == {"title", "questions", "answer"}
        texts = [translation["title"], *translation["questions"], translation["answer"]]
        assert all(text and text == text.strip() for text in texts)
        assert all(bool(CHINESE.search(text)) == (language == "zh") for text in texts)
        assert len({plain(question) for question in translation["questions"]}) >= 5


@each_article
def test_both_answers_name_the_same_numbers(article: dict[str, Any]) -> None:
    answers = {language: numbers(article["translations"][language]["answer"]) for language in LANGUAGES}
    assert answers["zh"] == answers["en"]


@each_article
def test_every_number_of_an_answer_is_a_policy_of_its_category(article: dict[str, Any]) -> None:
    known = numbers(policy_sections()[article["category"]])
    assert set(numbers(article["translations"]["en"]["answer"])) <= set(known)


def test_policies_name_the_same_numbers_in_both_languages() -> None:
    rows = [line.strip("| ").split(" | ") for line in POLICIES.splitlines() if line.startswith("| ")]
    facts = [row for row in rows if len(row) == 3]
    assert len(facts) > 30
    for name, chinese, english in facts:
        assert numbers(chinese) == numbers(english), name


def test_no_question_belongs_to_two_articles() -> None:
    seen = Counter(indexed_questions())
    assert [question for question, count in seen.items() if count > 1] == []


def test_titles_are_distinct() -> None:
    titles = [article["translations"][language]["title"] for article in ARTICLES for language in LANGUAGES]
    assert len(set(titles)) == len(titles)


def test_held_out_questions_are_not_in_the_articles_and_not_repeated() -> None:
    held_out = [plain(query["text"]) for query in HELD_OUT]
    assert len(set(held_out)) == len(held_out)
    assert set(held_out).isdisjoint(indexed_questions())


def test_every_article_has_held_out_questions_in_both_languages() -> None:
    counts = Counter((query["article"], query["language"]) for query in HELD_OUT if query["article"])
    assert counts == {(article["id"], language): 3 for article in ARTICLES for language in LANGUAGES}


def test_held_out_questions_without_an_article_are_half_near_half_far() -> None:
    unanswered = Counter((query["language"], query["kind"]) for query in HELD_OUT if query["article"] is None)
    assert unanswered == {(language, kind): 15 for language in LANGUAGES for kind in ("near", "far")}
