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
_STYLE = """
:root{color-scheme:light dark;--page:#f4f6f8;--card:#fff;--line:#d9dee3;--text:#1d2327;--soft:#5b6670;
--brand:#1f6f66;--on:#fff}
@media(prefers-color-scheme:dark){:root{--page:#14181b;--card:#1d2327;--line:#38424a;--text:#e6eaed;--soft:#9aa6b0;
--brand:#4db3a6;--on:#0d1513}}
*{box-sizing:border-box}
body{margin:0;padding:8vh 16px 16px;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main{max-width:30rem;margin:0 auto;padding:28px;border:1px solid var(--line);border-radius:14px;background:var(--card)}
h1{margin:0 0 20px;font-size:22px}
p{margin:0}
fieldset{margin:0;padding:0;border:0}
.scale{display:flex;gap:8px}
.scale label{flex:1;position:relative}
.scale input{position:absolute;inset:0;margin:0;width:100%;height:100%;opacity:0;cursor:pointer}
.scale span{display:block;padding:10px 0;border:1px solid var(--line);border-radius:10px;text-align:center;
font-weight:600}
.scale :checked+span{border-color:var(--brand);background:var(--brand);color:var(--on)}
.scale :focus-visible+span{outline:2px solid var(--brand);outline-offset:2px}
.ends{display:flex;justify-content:space-between;margin:6px 2px 20px;color:var(--soft);font-size:13.5px}
textarea{display:block;width:100%;margin:0 0 20px;padding:10px 12px;border:1px solid var(--line);border-radius:10px;
background:transparent;color:inherit;font:inherit;resize:vertical}
button{padding:9px 24px;border:0;border-radius:10px;background:var(--brand);color:var(--on);font:inherit;
font-weight:600;cursor:pointer}
"""
_WORDS: dict[str, dict[Language, str]] = {
    "title": {"en": "How did we do?", "zh": "您对我们的服务满意吗？"},
    "worst": {"en": "1 is bad", "zh": "1 为不满意"},
    "best": {"en": "5 is very good", "zh": "5 为非常满意"},
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
        f'<label><input type="radio" name="score" value="{each}" required><span>{each}</span></label>'
        for each in range(1, 6)
    )
    return (
        f'<h1 id="asked">{words["title"]}</h1><form method="post"><fieldset aria-labelledby="asked">'
        f'<p class="scale">{numbers}</p></fieldset><p class="ends"><span>{words["worst"]}</span>'
        f'<span>{words["best"]}</span></p><textarea name="comment" rows="4" maxlength="{_LONGEST}" '
        f'placeholder="{words["comment"]}" aria-label="{words["comment"]}"></textarea>'
        f"<button>{words['send']}</button></form>"
    )


def _page(said: str, spoken: Language, *, status: int = 200, markup: bool = False) -> web.Response:
    body = said if markup else f"<p>{html.escape(said)}</p>"
    title = html.escape(_WORDS["title"][spoken])
    text = (
        f'<!DOCTYPE html><html lang="{spoken}"><head><meta charset="utf-8"><meta name="robots" content="noindex">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)
