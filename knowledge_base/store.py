"""Articles in the database: their revisions, and the number of the last change of what is served.

An article is served exactly while it has a `published_revision`. Whoever changes that locks the row of the knowledge
base first and the article's second, everywhere; so versions appear in the order of commits, and nobody waits in a ring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

import asyncpg
import msgspec
from msgspec import Meta, Struct

from hub.errors import NotFound
from hub.store.db import Connection
from hub.types import Language
from knowledge_base.index import Article, Translation

State = Literal["draft", "published", "archived"]
Translations = Mapping[Language, Translation]


class Entry(Struct, frozen=True, kw_only=True):
    """An article as editors see it: where it stands, and what its latest revision says."""

    id: str
    category: str
    state: State
    published_revision: int | None
    latest_revision: int
    translations: Translations
    created_at: datetime
    updated_at: datetime


class Writer(Struct, frozen=True):
    """Who wrote a revision."""

    id: str
    name: str


class Revision(Struct, frozen=True, kw_only=True):
    """What an article said, or is to say. `author` is None for what was imported."""

    revision: int
    created_at: datetime
    author: Writer | None
    translations: Translations
    published: bool


class Filter(Struct, frozen=True):
    """Which articles to list: all that `state` and `category` name and whose latest revision holds `text`."""

    state: State | None = None
    category: str | None = None
    text: str | None = None


class Place(Struct, frozen=True, array_like=True):
    """A place in the list of articles, whose order is: what moved last first."""

    updated_at: Annotated[datetime, Meta(tz=True)]
    id: str


class Change(Struct, frozen=True):
    """What became of the served articles up to `version`: new content, not yet decoded, and ids no longer served."""

    version: int
    served: Sequence[tuple[str, int, str]]
    gone: Sequence[str]


_translations = msgspec.json.Decoder(dict[Language, Translation])

_ENTRY = """a.id, a.category, a.state, a.published_revision, a.latest_revision, a.created_at, a.updated_at,
    (select translations from revisions where article = a.id and revision = a.latest_revision) as translations"""


async def get(conn: Connection, article: str) -> Entry:
    """An article as it stands; raises `NotFound`."""
    return _entry(await conn.fetchrow(f"select {_ENTRY} from articles a where a.id = $1", article), article)


async def many(conn: Connection, articles: Sequence[str]) -> list[Entry]:
    """Those of these articles that there are."""
    rows = await conn.fetch(f"select {_ENTRY} from articles a where a.id = any($1)", articles)
    return [_entry(row, row["id"]) for row in rows]


async def lock(conn: Connection, article: str) -> Entry:
    """The article, locked until the transaction ends; raises `NotFound`."""
    # Locked by a statement of its own: the next one then sees the revisions of whoever held the lock before.
    await conn.fetchval("select 1 from articles where id = $1 for update", article)
    return await get(conn, article)


async def find(conn: Connection, wanted: Filter, after: Place | None, limit: int) -> list[Entry]:
    """At most `limit` articles that come after a place in the list."""
    rows = await conn.fetch(
        f"""
        select {_ENTRY} from articles a
        where ($1::text is null or a.state = $1) and ($2::text is null or a.category = $2)
            and ($3::text is null or strpos(lower(a.id), lower($3)) > 0 or exists (
                select from revisions r, jsonb_path_query(r.translations, 'strict $.** ? (@.type() == "string")') said
                where r.article = a.id and r.revision = a.latest_revision
                    and strpos(lower(said #>> '{{}}'), lower($3)) > 0
            ))
            and ($4::timestamptz is null or a.updated_at <= $4 and (a.updated_at < $4 or a.id > $5))
        order by a.updated_at desc, a.id limit $6
        """,
        wanted.state,
        wanted.category,
        wanted.text,
        after and after.updated_at,
        after and after.id,
        limit,
    )
    return [_entry(row, row["id"]) for row in rows]


async def revisions(conn: Connection, article: str) -> list[Revision]:
    """All revisions, the newest first; raises `NotFound` where there is no such article."""
    rows = await conn.fetch(
        """
        select r.revision, r.created_at, r.translations, u.id as author, u.name,
            r.revision is not distinct from a.published_revision as published
        from revisions r join articles a on a.id = r.article left join users u on u.id = r.author
        where r.article = $1 order by r.revision desc
        """,
        article,
    )
    if not rows:
        raise NotFound(f"there is no article {article}")
    return [
        Revision(
            revision=row["revision"],
            created_at=row["created_at"],
            author=Writer(row["author"], row["name"]) if row["author"] else None,
            translations=_translations.decode(row["translations"]),
            published=row["published"],
        )
        for row in rows
    ]


async def content(conn: Connection, article: str, revision: int) -> Translations:
    """What a revision says; raises `NotFound`."""
    said = await conn.fetchval(
        "select translations from revisions where article = $1 and revision = $2", article, revision
    )
    if said is None:
        raise NotFound(f"the article {article} has no revision {revision}")
    return _translations.decode(said)


async def insert(conn: Connection, article: str, category: str, translations: Translations, author: str | None) -> None:
    """A new article with its first revision, a draft."""
    await conn.execute(
        """
        with made as (insert into articles (id, category, state, latest_revision) values ($1, $2, 'draft', 1)),
        told as (insert into events (kind, article) values ('article', $1))
        insert into revisions (article, revision, translations, author) values ($1, 1, $3, $4)
        """,
        article,
        category,
        _json(translations),
        author,
    )


async def add_revision(
    conn: Connection, article: Entry, translations: Translations, author: str | None, category: str, state: State
) -> None:
    """One more revision of the locked article; what is served stays as it is."""
    await conn.execute(
        """
        with moved as (
            update articles set latest_revision = $2, category = $5, state = $6, updated_at = clock_timestamp()
            where id = $1
        ),
        told as (insert into events (kind, article) values ('article', $1))
        insert into revisions (article, revision, translations, author) values ($1, $2, $3, $4)
        """,
        article.id,
        article.latest_revision + 1,
        _json(translations),
        author,
        category,
        state,
    )


async def lock_state(conn: Connection) -> int:
    """Locks what is served, until the transaction ends; answers its version."""
    version: int = await conn.fetchval("select version from knowledge_state for update")
    return version


async def version(conn: Connection) -> int:
    """The version of what is served."""
    found: int = await conn.fetchval("select version from knowledge_state")
    return found


async def serve(conn: Connection, article: str, revision: int | None, state: State) -> None:
    """Serves this revision of the locked article from now on, or None of it; what is served is locked too."""
    await conn.execute(
        """
        with next as (update knowledge_state set version = version + 1 returning version),
        told as (insert into events (kind, article) values ('article', $1))
        update articles set state = $3, published_revision = $2, version = next.version, updated_at = clock_timestamp()
        from next where id = $1
        """,
        article,
        revision,
        state,
    )


async def insert_published(conn: Connection, articles: Sequence[tuple[str, str, Translations]]) -> int:
    """New articles (id, category, content), all published as one version, which is locked.

    Those whose id is taken are passed over. Answers how many are new.
    """
    new: int = await conn.fetchval(
        """
        with next as (select version + 1 as version from knowledge_state),
        made as (
            insert into articles (id, category, state, latest_revision, published_revision, version)
            select given.id, category, 'published', 1, 1, version
            from next, unnest($1::text[], $2::text[]) as given (id, category)
            on conflict (id) do nothing returning id
        ),
        written as (
            insert into revisions (article, revision, translations)
            select id, 1, said from made join unnest($1::text[], $3::jsonb[]) as given (id, said) using (id)
        ),
        told as (insert into events (kind, article) select 'article', id from made),
        counted as (update knowledge_state set version = version + 1 where exists (select from made))
        select count(*) from made
        """,
        [id for id, _, _ in articles],
        [category for _, category, _ in articles],
        [_json(translations) for _, _, translations in articles],
    )
    return new


async def is_empty(conn: Connection) -> bool:
    """Whether there is no article at all."""
    return not await conn.fetchval("select exists (select from articles)")


async def changes(conn: Connection, since: int) -> Change:
    """What changed in the served articles after the version `since`; one statement, so one state of the database."""
    rows = await conn.fetch(
        """
        select k.version, a.id, r.revision, r.translations
        from knowledge_state k left join articles a on a.version > $1
            left join revisions r on r.article = a.id and r.revision = a.published_revision
        """,
        since,
    )
    return Change(
        version=rows[0]["version"],
        served=[(row["id"], row["revision"], row["translations"]) for row in rows if row["revision"] is not None],
        gone=[row["id"] for row in rows if row["id"] is not None and row["revision"] is None],
    )


def served_article(id: str, revision: int, translations: str) -> Article:
    """An item of `Change.served`, decoded."""
    return Article(id, revision, _translations.decode(translations))


def _entry(row: asyncpg.Record | None, article: str) -> Entry:
    if row is None:
        raise NotFound(f"there is no article {article}")
    return Entry(
        id=row["id"],
        category=row["category"],
        state=row["state"],
        published_revision=row["published_revision"],
        latest_revision=row["latest_revision"],
        translations=_translations.decode(row["translations"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _json(translations: Translations) -> str:
    return msgspec.json.encode(translations).decode()
