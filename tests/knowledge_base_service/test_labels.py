"""What counts as a label of an answer, which label counts most, and what becomes of it when it is taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from knowledge_base import labels
from tests.hub.house import open_house
from tests.knowledge_base_service.desk import RETURNS, WARRANTY, Desk, draft
from tests.knowledge_base_service.shop import Shop


@pytest.fixture
async def shop(desk: Desk, database_url: str) -> AsyncIterator[Shop]:
    """A shop that knows about returns."""
    async with open_house(database_url) as house:
        await desk.published("Fourteen days.", RETURNS)
        yield Shop(house, desk, desk.knowledge())


async def test_the_strongest_label_counts_and_can_be_taken_back(shop: Shop) -> None:
    answer = await shop.tell(RETURNS)
    assert answer.sources
    assert (await shop.answers(), await shop.wrong()) == ([(True, None)], [])

    await shop.tell("a human, please")
    assert (await shop.answers(), await shop.wrong()) == ([(False, "handover")], [])  # no question is wrong by that

    await shop.thumb(answer, True)
    assert (await shop.answers(), await shop.wrong()) == ([(True, "customer")], [])
    await shop.thumb(answer, False)
    assert (await shop.answers(), await shop.wrong()) == ([(False, "customer")], [(RETURNS, "customer")])

    await shop.correct(answer, True)
    assert (await shop.answers(), await shop.wrong()) == ([(True, "agent")], [])
    await shop.correct(answer, False)
    assert (await shop.answers(), await shop.wrong()) == ([(False, "agent")], [(RETURNS, "agent")])

    await shop.correct(answer, None)
    assert (await shop.answers(), await shop.wrong()) == ([(False, "customer")], [(RETURNS, "customer")])


@pytest.mark.parametrize(
    ("after", "label"),
    [
        (["a human, please"], (False, "handover")),
        (["hello"], (True, None)),
        (["hello", "a human, please"], (True, None)),
        (["smoke everywhere"], (True, None)),  # danger says nothing about the answer
    ],
)
async def test_a_handover_counts_right_after_the_answer_and_where_it_is_about_it(
    shop: Shop, after: list[str], label: tuple[bool, str | None]
) -> None:
    await shop.tell(RETURNS)
    for text in after:
        await shop.tell(text)
    assert await shop.answers() == [label]


async def test_a_handover_before_the_answer_or_elsewhere_says_nothing(shop: Shop) -> None:
    await shop.tell("a human, please", sender="ben")
    await shop.tell(RETURNS)
    assert await shop.answers() == [(True, None)]


async def test_of_two_answers_each_has_its_own_label(shop: Shop) -> None:
    first = await shop.tell(RETURNS)
    await shop.tell(RETURNS, sender="ben")
    await shop.thumb(first, False)
    assert await shop.answers() == [(True, None), (False, "customer")]


async def test_the_question_is_all_that_was_said_in_the_turn_and_goes_with_it(shop: Shop) -> None:
    answer = await shop.tell("I bought a lamp.", RETURNS)
    await shop.correct(answer, False)
    assert await shop.wrong() == [(f"I bought a lamp.\n{RETURNS}", "agent")]
    async with shop.house.db.connection() as conn:
        assert [len(one.question) for one in await labels.wrong(conn, 10)] == [10]
        await conn.execute("update messages set text = '' where author = 'customer'")
    assert await shop.wrong() == []


async def test_a_new_revision_forgets_what_the_old_one_got_wrong(shop: Shop) -> None:
    answer = await shop.tell(RETURNS)
    await shop.correct(answer, False)
    article = answer.sources[0].article
    await shop.desk.articles.save(article, draft("Thirty days.", RETURNS), None)
    assert len(await shop.wrong()) == 1  # a draft mends nothing
    await shop.desk.articles.publish(article)
    assert (await shop.answers(), await shop.wrong()) == ([(False, "agent")], [])
    await shop.desk.articles.publish(article, 1)
    assert len(await shop.wrong()) == 1


async def test_what_the_customer_chose_teaches_nothing(shop: Shop) -> None:
    """What they said is the article's own title, and nobody had guessed."""
    answer = await shop.tell(RETURNS)
    async with shop.house.db.connection() as conn:
        await conn.execute("update served_answers set odds = null")
    await shop.correct(answer, False)
    assert (await shop.answers(), await shop.wrong()) == ([], [])


async def test_only_the_latest_are_read(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await shop.desk.published("Two years.", WARRANTY)
    for sender, question in (("ann", RETURNS), ("ben", WARRANTY), ("cid", RETURNS)):
        await shop.correct(await shop.tell(question, sender=sender), False)
    monkeypatch.setattr(labels, "LATEST", 2)
    monkeypatch.setattr(labels, "LATEST_WRONG", 2)
    assert len(await shop.answers()) == 2
    assert await shop.wrong() == [(RETURNS, "agent"), (WARRANTY, "agent")]


async def test_however_many_thumbs_there_are_agents_words_are_read(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await shop.desk.published("Two years.", WARRANTY)
    await shop.correct(await shop.tell(WARRANTY), False)
    for _ in range(2):
        await shop.thumb(await shop.tell(RETURNS, sender="ben"), False)
    monkeypatch.setattr(labels, "LATEST_WRONG", 2)
    assert await shop.wrong() == [(WARRANTY, "agent"), (RETURNS, "customer")]


async def test_it_is_known_whose_answers_these_were(shop: Shop) -> None:
    for sender in ("ann", "ben", "ann"):
        await shop.tell(RETURNS, sender=sender)
    async with shop.house.db.connection() as conn:
        first, second, third = [answer.customer for answer in await labels.answers(conn)]
    assert first == third != second


async def test_each_label_moves_the_mark(shop: Shop) -> None:
    async def mark() -> labels.Mark:
        async with shop.house.db.connection() as conn:
            return await labels.mark(conn)

    answer = await shop.tell(RETURNS)
    marks = [await mark()]
    for said in (False, True, None):
        await shop.correct(answer, said)
        marks.append(await mark())
    for helpful in (False, True):
        await shop.thumb(answer, helpful)
        marks.append(await mark())
    assert marks[0] == (None, None)
    assert len(set(marks)) == len(marks)
    assert await mark() == marks[-1]
