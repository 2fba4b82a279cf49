"""The API for editors, and for agents who look something up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from hub.errors import InvalidRequest
from hub.http import Page, Route, agent_of, answer, body, query, read_cursor, write_cursor
from hub.language import detect
from hub.ports import KnowledgeBase
from hub.store.db import Connection, Database
from hub.types import Decision, Language
from knowledge_base import store
from knowledge_base.articles import Articles, Draft, checked
from knowledge_base.index import Translation
from knowledge_base.store import Entry, Filter, Place, Revision, State, Translations

Number = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class Written(Struct):
    """An article in one language. Its title counts as a question."""

    title: str
    answer: str
    questions: tuple[str, ...] = ()


class ArticleBody(Struct):
    """An article as an editor writes it; without a category it keeps the one it has."""

    translations: dict[Language, Written]
    category: str | None = None

    def checked(self) -> Draft:
        """The draft that may be stored; raises `InvalidRequest`."""
        said = {
            language: Translation(title=text.title, questions=text.questions, answer=text.answer)
            for language, text in self.translations.items()
        }
        return checked(said, self.category)


class PublishBody(Struct):
    """What to publish: this revision, or the latest. `confirm` and `reason` are for changes that need a second look."""

    revision: Number | None = None
    confirm: bool = False
    reason: str | None = None


class RestoreBody(Struct):
    """The revision whose content is wanted again."""

    revision: Number


class SearchBody(Struct):
    """A customer's question; without `language` its own script tells."""

    text: str
    language: Language | None = None


class ArticleList(Page, frozen=True, kw_only=True):
    """Which articles are wanted: `q` is looked for in ids, titles, questions and answers."""

    state: State | None = None
    category: str | None = None
    q: str | None = None


class ArticleView(Struct):
    """An article: where it stands, and its latest revision. `dirty`: that one is not the published one."""

    id: str
    category: str
    state: State
    published_revision: int | None
    latest_revision: int
    dirty: bool
    translations: Translations
    created_at: datetime
    updated_at: datetime


class ArticlePage(Struct):
    """A page of articles, what moved last first."""

    items: list[ArticleView]
    next: str | None


class RevisionPage(Struct):
    """All revisions of an article, the newest first."""

    items: list[Revision]
    next: None = None


def view(entry: Entry) -> ArticleView:
    """An article as the API gives it."""
    return ArticleView(
        id=entry.id,
        category=entry.category,
        state=entry.state,
        published_revision=entry.published_revision,
        latest_revision=entry.latest_revision,
        dirty=entry.latest_revision != entry.published_revision,
        translations=entry.translations,
        created_at=entry.created_at,
        updated_at=entry.updated_at,
    )


async def views(conn: Connection, articles: Sequence[str]) -> dict[str, ArticleView]:
    """Those of these articles that there are, by their ids, as the API gives them."""
    return {entry.id: view(entry) for entry in await store.many(conn, articles)}


class KnowledgeApi:
    """The routes of the knowledge base."""

    def __init__(self, db: Database, articles: Articles, knowledge: KnowledgeBase) -> None:
        self._db = db
        self._articles = articles
        self._knowledge = knowledge

    def routes(self) -> Iterable[Route]:
        """All routes, with who may use them."""
        one = "/api/v1/articles/{id}"
        done: dict[int, object | None] = {200: ArticleView}
        return (
            Route(
                method="GET",
                path="/api/v1/articles",
                handler=self._list,
                summary="Articles, what moved last first",
                query=ArticleList,
                answers={200: ArticlePage},
            ),
            Route(
                method="POST",
                path="/api/v1/articles",
                handler=self._create,
                summary="Write a new article, as a draft",
                roles=("editor",),
                body=ArticleBody,
                answers={201: ArticleView},
            ),
            Route(
                method="GET",
                path=one,
                handler=self._get,
                summary="An article with its latest revision",
                answers=done,
                errors=(404,),
            ),
            Route(
                method="PUT",
                path=one,
                handler=self._save,
                summary="Write a new draft revision; what is published stays served",
                roles=("editor",),
                body=ArticleBody,
                answers=done,
                errors=(404,),
            ),
            Route(
                method="GET",
                path=one + "/revisions",
                handler=self._revisions,
                summary="All revisions of an article, the newest first",
                answers={200: RevisionPage},
                errors=(404,),
            ),
            Route(
                method="POST",
                path=one + "/publish",
                handler=self._publish,
                summary="Serve the latest revision, or the one named, from now on",
                roles=("editor",),
                body=PublishBody,
                answers=done,
                errors=(404,),
            ),
            Route(
                method="POST",
                path=one + "/archive",
                handler=self._archive,
                summary="Serve the article no longer",
                roles=("editor",),
                answers=done,
                errors=(404,),
            ),
            Route(
                method="POST",
                path=one + "/restore",
                handler=self._restore,
                summary="Make an old revision's content the latest draft; brings an archived article back",
                roles=("editor",),
                body=RestoreBody,
                answers=done,
                errors=(404,),
            ),
            Route(
                method="POST",
                path="/api/v1/search",
                handler=self._search,
                summary="What a customer who asks this would be told",
                body=SearchBody,
                answers={200: Decision},
            ),
        )

    async def _list(self, request: web.Request) -> web.Response:
        wanted = query(request, ArticleList)
        after = read_cursor(wanted.cursor, Place) if wanted.cursor else None
        shown = Filter(state=wanted.state, category=wanted.category, text=wanted.q)
        found = await self._articles.find(shown, after, wanted.size + 1)
        items, more = found[: wanted.size], len(found) > wanted.size
        cursor = write_cursor(items[-1].updated_at, items[-1].id) if more else None
        return answer(ArticlePage([view(entry) for entry in items], cursor))

    async def _create(self, request: web.Request) -> web.Response:
        draft = (await body(request, ArticleBody)).checked()
        return answer(view(await self._articles.create(draft, agent_of(request).id)), 201)

    async def _get(self, request: web.Request) -> web.Response:
        return answer(view(await self._articles.get(_id(request))))

    async def _save(self, request: web.Request) -> web.Response:
        draft = (await body(request, ArticleBody)).checked()
        return answer(view(await self._articles.save(_id(request), draft, agent_of(request).id)))

    async def _revisions(self, request: web.Request) -> web.Response:
        return answer(RevisionPage(await self._articles.revisions(_id(request))))

    async def _publish(self, request: web.Request) -> web.Response:
        wanted = await body(request, PublishBody)
        return answer(view(await self._articles.publish(_id(request), wanted.revision)))

    async def _archive(self, request: web.Request) -> web.Response:
        return answer(view(await self._articles.archive(_id(request))))

    async def _restore(self, request: web.Request) -> web.Response:
        wanted = await body(request, RestoreBody)
        return answer(view(await self._articles.restore(_id(request), wanted.revision, agent_of(request).id)))

    async def _search(self, request: web.Request) -> web.Response:
        asked = await body(request, SearchBody)
        text = asked.text.strip()
        if not text:
            raise InvalidRequest("text: must not be empty")
        async with self._db.connection() as conn:  # so that what was published a moment ago, anywhere, is found
            version = await store.version(conn)
        language = asked.language or detect(text) or "en"
        return answer(await self._knowledge.decide(text, language, version))


def _id(request: web.Request) -> str:
    return request.match_info["id"].replace("\0", "")
