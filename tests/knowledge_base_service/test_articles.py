"""Articles and their revisions: what each act leaves behind, and what it refuses."""

from __future__ import annotations

import asyncio

import pytest

from hub.errors import InvalidRequest, NotFound
from knowledge_base.articles import checked
from knowledge_base.index import Translation
from knowledge_base.store import Filter, Place
from tests.knowledge_base_service.desk import RETURNS, Desk, draft


async def test_an_article_is_a_draft_until_it_is_published(desk: Desk) -> None:
    ann = await desk.user("ann")
    made = await desk.articles.create(draft("Fourteen days.", RETURNS, category="returns"), ann)
    assert (made.state, made.latest_revision, made.published_revision, made.category) == ("draft", 1, None, "returns")
    assert await desk.version() == 0

    live = await desk.articles.publish(made.id)
    assert (live.state, live.published_revision) == ("published", 1)
    assert await desk.version() == 1

    saved = await desk.articles.save(made.id, draft("Thirty days.", RETURNS), None)
    assert (saved.state, saved.latest_revision, saved.published_revision) == ("published", 2, 1)
    assert saved.translations["en"].answer == "Thirty days."
    assert saved.category == "returns"  # kept where none is given
    assert await desk.version() == 1

    newest, oldest = await desk.articles.revisions(made.id)
    assert (newest.revision, newest.published, newest.author) == (2, False, None)
    assert (oldest.revision, oldest.published, oldest.author and oldest.author.name) == (1, True, "Ann")
    assert oldest.translations["en"].answer == "Fourteen days."
    assert await desk.events() == [made.id] * 3


async def test_publishing_what_is_published_changes_nothing(desk: Desk) -> None:
    article = await desk.published("Fourteen days.", RETURNS)
    before = await desk.articles.get(article)
    assert await desk.articles.publish(article) == before
    assert await desk.version() == 1
    assert await desk.events() == [article] * 2


async def test_an_older_revision_can_be_published(desk: Desk) -> None:
    article = await desk.published("Fourteen days.", RETURNS)
    await desk.articles.save(article, draft("Thirty days.", RETURNS), None)
    await desk.articles.publish(article)
    again = await desk.articles.publish(article, 1)
    assert (again.published_revision, again.latest_revision) == (1, 2)


async def test_archiving_ends_the_serving_and_restoring_makes_a_draft(desk: Desk) -> None:
    article = await desk.published("Fourteen days.", RETURNS)
    await desk.articles.save(article, draft("Thirty days.", RETURNS), None)
    gone = await desk.articles.archive(article)
    assert (gone.state, gone.published_revision) == ("archived", None)
    assert await desk.articles.archive(article) == gone

    back = await desk.articles.restore(article, 1, None)
    assert (back.state, back.latest_revision, back.published_revision) == ("draft", 3, None)
    assert back.translations["en"].answer == "Fourteen days."
    assert await desk.version() == 2


async def test_restoring_a_revision_of_a_served_article_leaves_it_served(desk: Desk) -> None:
    article = await desk.published("Fourteen days.", RETURNS)
    await desk.articles.save(article, draft("Thirty days.", RETURNS), None)
    await desk.articles.publish(article)
    back = await desk.articles.restore(article, 1, None)
    assert (back.state, back.latest_revision, back.published_revision) == ("published", 3, 2)


async def test_revisions_written_at_once_are_all_kept(desk: Desk) -> None:
    article = await desk.published("0", RETURNS)
    await asyncio.gather(*(desk.articles.save(article, draft(str(n), RETURNS), None) for n in range(1, 13)))
    found = await desk.articles.revisions(article)
    assert [revision.revision for revision in found] == list(range(13, 0, -1))
    assert {revision.translations["en"].answer for revision in found} == {str(n) for n in range(13)}
    assert (await desk.articles.get(article)).latest_revision == 13


async def test_acts_on_what_is_not_there(desk: Desk) -> None:
    article = await desk.published("Fourteen days.", RETURNS)
    for act in (
        desk.articles.get("none"),
        desk.articles.revisions("none"),
        desk.articles.save("none", draft("x", RETURNS), None),
        desk.articles.publish("none"),
        desk.articles.archive("none"),
        desk.articles.restore("none", 1, None),
        desk.articles.publish(article, 2),
        desk.articles.restore(article, 2, None),
    ):
        with pytest.raises(NotFound, match=r"none|no revision 2"):
            await act
    assert await desk.version() == 1


async def test_the_list_shows_what_moved_last_first_page_by_page(desk: Desk) -> None:
    made = [(await desk.articles.create(draft(f"Answer {n}.", RETURNS), None)).id for n in range(5)]
    await desk.articles.save(made[1], draft("Answer 1, better.", RETURNS), None)
    wanted = [made[1], made[4], made[3], made[2], made[0]]

    pages: list[str] = []
    place: Place | None = None
    while found := await desk.articles.find(Filter(), place, 2):
        pages += [entry.id for entry in found]
        place = Place(found[-1].updated_at, found[-1].id)
    assert pages == wanted


async def test_the_list_can_be_narrowed(desk: Desk) -> None:
    returns = await desk.published("Within 14 days, 100% of the price.", RETURNS)
    zh = checked({"zh": Translation("保修多久", ("手机保修几年？",), "两年。")}, "warranty")
    warranty = (await desk.articles.create(zh, None)).id

    async def found(wanted: Filter) -> list[str]:
        return [entry.id for entry in await desk.articles.find(wanted, None, 10)]

    assert await found(Filter(state="published")) == [returns]
    assert await found(Filter(category="warranty")) == [warranty]
    assert await found(Filter(text="手机")) == [warranty]
    assert await found(Filter(text="RETURN")) == [returns]
    assert await found(Filter(text="100%")) == [returns]
    assert await found(Filter(text="1%0")) == []
    assert await found(Filter(text="questions")) == []  # what is looked in is what is said, not how it is stored
    assert await found(Filter(text=returns[:8])) == [returns]
    assert await found(Filter(state="published", category="warranty")) == []


def test_questions_that_differ_only_in_spelling_are_one() -> None:
    said = checked(
        {"en": Translation("Returns ", ("Can I return it?", " can i  RETURN it? ", "Ｃan I return it?"), " Yes. ")}
    )
    assert said.translations["en"] == Translation("Returns", ("Can I return it?",), "Yes.")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (Translation(" ", (RETURNS,), "Yes."), "translations.en.title: must not be empty"),
        (Translation("x" * 201, (), "Yes."), "translations.en.title: at most 200 characters; these are 201"),
        (Translation("x", ("y", " \0"), "Yes."), r"translations.en.questions\[1\]: must not be empty"),
        (Translation("x", ("y" * 501,), "Yes."), r"translations.en.questions\[0\]: at most 500"),
        (Translation("x", tuple(f"question {n}" for n in range(51)), "Yes."), "translations.en.questions: at most 50"),
        (Translation("x", (), ""), "translations.en.answer: must not be empty"),
        (Translation("x", (), "y" * 5001), "translations.en.answer: at most 5000"),
    ],
)
def test_what_cannot_be_an_article_is_refused_by_field(text: Translation, complaint: str) -> None:
    with pytest.raises(InvalidRequest, match=complaint):
        checked({"en": text})


def test_a_title_alone_is_enough_and_no_language_is_not() -> None:
    assert checked({"zh": Translation("退货", (), "十四天。")}).translations["zh"].questions == ()
    with pytest.raises(InvalidRequest, match="at least one of zh and en"):
        checked({})
    with pytest.raises(InvalidRequest, match="category: must not be empty"):
        checked({"en": Translation("x", (), "y")}, " ")


async def test_the_longest_article_can_be_stored(desk: Desk) -> None:
    text = Translation("题" * 200, tuple(f"{n:02}" + "问" * 498 for n in range(50)), "答" * 5000)
    made = await desk.articles.create(checked({"zh": text, "en": text}), None)
    assert (await desk.articles.publish(made.id)).translations == {"zh": text, "en": text}
