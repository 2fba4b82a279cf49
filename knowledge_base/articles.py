"""What editors do with articles. Each act is one transaction, and is told once it is committed.

Writing makes drafts; only `publish` changes what customers are told, and only `archive` takes it back.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from msgspec import Struct

from hub.bus import Bus
from hub.errors import InvalidRequest
from hub.store.db import Connection, Database
from knowledge_base import store
from knowledge_base.index import Translation
from knowledge_base.store import Entry, Filter, Place, Revision, Translations
from knowledge_base.text import fold

GENERAL = "general"
"""The category of an article that was given none."""

MAX_CATEGORY, MAX_TITLE, MAX_QUESTION, MAX_ANSWER = 100, 200, 500, 5000  # characters
MAX_QUESTIONS = 50


class Draft(Struct, frozen=True):
    """What an article is to say, as `checked` let it pass. Without a category it keeps the one it has."""

    translations: Translations
    category: str | None = None


def checked(translations: Translations, category: str | None = None) -> Draft:
    """Tidies what somebody wrote: outer spaces go, questions that differ in nothing but their spelling are one.

    The title is a phrasing too, so an article needs no questions beside it. Raises `InvalidRequest`.
    """
    if not translations:
        raise InvalidRequest("translations: at least one of zh and en is needed")
    return Draft(
        {language: _checked(text, f"translations.{language}") for language, text in translations.items()},
        None if category is None else _text(category, "category", MAX_CATEGORY),
    )


class Articles:
    """All articles, on the side of those who write them."""

    def __init__(self, db: Database, bus: Bus) -> None:
        self._db = db
        self._bus = bus

    async def create(self, draft: Draft, author: str | None) -> Entry:
        """A new article; a draft until it is published."""
        article = str(uuid.uuid4())
        async with self._db.transaction() as conn:
            await store.insert(conn, article, draft.category or GENERAL, draft.translations, author)
            after = await store.get(conn, article)
        self._tell()
        return after

    async def save(self, article: str, draft: Draft, author: str | None) -> Entry:
        """A new draft revision; what is published stays served. Two at once both become revisions."""
        async with self._db.transaction() as conn:
            before = await store.lock(conn, article)
            category = draft.category or before.category
            await store.add_revision(conn, before, draft.translations, author, category, before.state)
            after = await store.get(conn, article)
        self._tell()
        return after

    async def restore(self, article: str, revision: int, author: str | None) -> Entry:
        """An old revision's content as a new draft revision; brings an archived article back as a draft."""
        async with self._db.transaction() as conn:
            before = await store.lock(conn, article)
            content = await store.content(conn, article, revision)
            state = "draft" if before.state == "archived" else before.state
            await store.add_revision(conn, before, content, author, before.category, state)
            after = await store.get(conn, article)
        self._tell()
        return after

    async def publish(self, article: str, revision: int | None = None) -> Entry:
        """Serves the given revision, or the latest. Raises `NotFound`."""
        async with self._db.transaction() as conn:
            before = await self._lock_served(conn, article)
            wanted = before.latest_revision if revision is None else revision
            if before.published_revision == wanted:
                return before
            await store.content(conn, article, wanted)
            await store.serve(conn, article, wanted, "published")
            after = await store.get(conn, article)
        self._tell()
        return after

    async def archive(self, article: str) -> Entry:
        """Serves the article no longer; its revisions stay."""
        async with self._db.transaction() as conn:
            before = await self._lock_served(conn, article)
            if before.state == "archived":
                return before
            await store.serve(conn, article, None, "archived")
            after = await store.get(conn, article)
        self._tell()
        return after

    async def get(self, article: str) -> Entry:
        """An article; raises `NotFound`."""
        async with self._db.connection() as conn:
            return await store.get(conn, article)

    async def find(self, wanted: Filter, after: Place | None, limit: int) -> list[Entry]:
        """Articles, what moved last first."""
        async with self._db.connection() as conn:
            return await store.find(conn, wanted, after, limit)

    async def revisions(self, article: str) -> list[Revision]:
        """All revisions of an article, the newest first; raises `NotFound`."""
        async with self._db.connection() as conn:
            return await store.revisions(conn, article)

    async def _lock_served(self, conn: Connection, article: str) -> Entry:
        await store.lock_state(conn)
        return await store.lock(conn, article)

    def _tell(self) -> None:
        self._bus.signal("feed")
        self._bus.signal("knowledge")


def _checked(text: Translation, where: str) -> Translation:
    questions = [
        _text(question, f"{where}.questions[{place}]", MAX_QUESTION) for place, question in enumerate(text.questions)
    ]
    questions = _unlike(questions)
    if len(questions) > MAX_QUESTIONS:
        raise InvalidRequest(f"{where}.questions: at most {MAX_QUESTIONS} of them; these are {len(questions)}")
    return Translation(
        title=_text(text.title, f"{where}.title", MAX_TITLE),
        questions=tuple(questions),
        answer=_text(text.answer, f"{where}.answer", MAX_ANSWER),
    )


def _text(text: str, where: str, most: int) -> str:
    tidy = text.replace("\0", "").strip()
    if not tidy:
        raise InvalidRequest(f"{where}: must not be empty")
    if len(tidy) > most:
        raise InvalidRequest(f"{where}: at most {most} characters; these are {len(tidy)}")
    return tidy


def _unlike(questions: Iterable[str]) -> list[str]:
    kept: dict[str, str] = {}
    for question in questions:
        kept.setdefault(" ".join(fold(question).split()), question)
    return list(kept.values())
