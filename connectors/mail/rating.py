"""The page on which a customer says what they think of us: by a signed link, once.

Looking at the page changes nothing, because mail programs look at links by themselves.
"""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from connectors.mail.tokens import Tokens
from hub.store import conversations, surveys
from hub.store.db import Database
from hub.types import Language

PURPOSE = "rate"
_LONGEST = 2000
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem;color:#222}"
    "label{margin-right:1rem}textarea{width:100%;margin:1rem 0;font:inherit}button{font:inherit;padding:.4rem 1.2rem}"
)
_WORDS: dict[str, dict[Language, str]] = {
    "title": {"en": "How did we do?", "zh": "您对我们的服务满意吗？"},
    "scale": {"en": "1 is bad, 5 is very good.", "zh": "1 为不满意，5 为非常满意。"},
    "comment": {"en": "Anything you want to add", "zh": "还想说点什么"},
    "send": {"en": "Send", "zh": "提交"},
    "thanks": {"en": "Thank you. We have your rating.", "zh": "谢谢，您的评价已收到。"},
    "before": {"en": "This conversation has been rated already. Thank you.", "zh": "这次服务已经评价过了，谢谢。"},
    "wrong": {"en": "This link is not valid.", "zh": "链接无效。"},
    "missing": {"en": "Please choose a number from 1 to 5.", "zh": "请选择 1 到 5。"},
}


class Rating:
    """The link, and what is behind it."""

    def __init__(
        self, channel: str, db: Database, public_url: str | None, tokens: Callable[[], Awaitable[Tokens]]
    ) -> None:
        self._path = f"/channels/{channel}/rate"
        self._db = db
        self._public = public_url
        self._tokens = tokens

    def link(self, tokens: Tokens, conversation: str) -> str | None:
        """Where a conversation is rated; None where the world cannot reach us."""
        if self._public is None:
            return None
        return f"{self._public.rstrip('/')}{self._path}/{tokens.sign(conversation, PURPOSE)}"

    def routes(self) -> Iterable[web.RouteDef]:
        """The page, where there are links to it."""
        if self._public is not None:
            yield web.get(self._path + "/{token}", self._ask)
            yield web.post(self._path + "/{token}", self._store)

    async def _ask(self, request: web.Request) -> web.Response:
        conversation, spoken = await self._named(request)
        if conversation is None:
            return _page(_WORDS["wrong"][spoken], spoken, status=404)
        async with self._db.connection() as conn:
            rated = await surveys.rated(conn, conversation)
        return _page(_WORDS["before"][spoken], spoken) if rated else _page(_form(spoken), spoken, markup=True)

    async def _store(self, request: web.Request) -> web.Response:
        conversation, spoken = await self._named(request)
        if conversation is None:
            return _page(_WORDS["wrong"][spoken], spoken, status=404)
        form = await request.post()
        score, comment = str(form.get("score", "")), str(form.get("comment", "")).replace("\x00", "").strip()
        if score not in ("1", "2", "3", "4", "5"):
            return _page(_WORDS["missing"][spoken], spoken, status=400)
        async with self._db.connection() as conn:
            kept = await surveys.rate_once(conn, conversation, int(score), comment[:_LONGEST] or None)
        return _page(_WORDS["thanks" if kept else "before"][spoken], spoken)

    async def _named(self, request: web.Request) -> tuple[str | None, Language]:
        named = (await self._tokens()).verify(request.match_info["token"], PURPOSE)
        if named is None:
            return None, "en"
        async with self._db.connection() as conn:
            return named, (await conversations.get(conn, named)).language


def _form(spoken: Language) -> str:
    words = {key: html.escape(said[spoken]) for key, said in _WORDS.items()}
    numbers = "".join(
        f'<label><input type="radio" name="score" value="{each}" required> {each}</label>' for each in range(1, 6)
    )
    return (
        f'<h1>{words["title"]}</h1><form method="post"><p>{words["scale"]}</p><p>{numbers}</p>'
        f'<textarea name="comment" rows="4" maxlength="{_LONGEST}" placeholder="{words["comment"]}"></textarea>'
        f"<p><button>{words['send']}</button></p></form>"
    )


def _page(said: str, spoken: Language, *, status: int = 200, markup: bool = False) -> web.Response:
    body = said if markup else f"<p>{html.escape(said)}</p>"
    text = (
        f'<!DOCTYPE html><html lang="{spoken}"><head><meta charset="utf-8"><meta name="robots" content="noindex">'
        f'<meta name="viewport" content="width=device-width"><title>{html.escape(_WORDS["title"][spoken])}</title>'
        f"<style>{_STYLE}</style></head><body>{body}</body></html>"
    )
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)
