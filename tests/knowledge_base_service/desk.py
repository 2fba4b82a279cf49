"""An editor's desk for tests: the articles, and as many processes' knowledge bases as a test wants."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from hub.bus import Bus
from hub.store.db import Database
from hub.types import Language
from knowledge_base import store
from knowledge_base.articles import Articles, Draft, checked
from knowledge_base.embedder import Embedder
from knowledge_base.index import Translation
from knowledge_base.ranking import Background
from knowledge_base.service import Knowledge

RETURNS = "How long do I have to return something?"
WARRANTY = "How long is the warranty on my phone?"


def draft(answer: str, *questions: str, language: Language = "en", category: str | None = None) -> Draft:
    """An article in one language, whose title is its first question."""
    return checked({language: Translation(questions[0], questions, answer)}, category)


@dataclass
class Desk:
    """The parts, wired as `app` wires them."""

    db: Database
    bus: Bus
    articles: Articles
    embedder: Embedder
    background: Background
    opened: list[Knowledge] = field(default_factory=list)

    async def version(self) -> int:
        """The version of what is served."""
        async with self.db.connection() as conn:
            return await store.version(conn)

    def knowledge(self, bus: Bus | None = None) -> Knowledge:
        """One more process's knowledge base; not started, so it follows only when it is asked."""
        opened = Knowledge(self.db, bus or Bus(None), self.embedder, self.background)
        self.opened.append(opened)
        return opened

    async def published(self, answer: str, *questions: str) -> str:
        """A new article, published; its id."""
        article = (await self.articles.create(draft(answer, *questions), None)).id
        await self.articles.publish(article)
        return article

    async def user(self, name: str) -> str:
        """Somebody who writes articles; their id."""
        async with self.db.connection() as conn:
            await conn.execute(
                "insert into users (id, email, name, password_hash, roles) "
                "values ($1, $1, initcap($1), '', '{editor}')",
                name,
            )
        return name

    async def events(self) -> list[str]:
        """The articles whose changes the agents' feed tells, in the order of the changes."""
        async with self.db.connection() as conn:
            rows = await conn.fetch("select article from events where kind = 'article' order by xid, id")
        return [row["article"] for row in rows]

    async def close(self) -> None:
        """Ends every knowledge base that was opened."""
        while self.opened:
            await self.opened.pop().stop()


def line(id: str, answer: str, *questions: str, category: str = "general") -> bytes:
    """A line of a file to import."""
    said = {"en": Translation(questions[0], questions, answer)}
    return msgspec.json.encode({"id": id, "category": category, "translations": said}) + b"\n"
