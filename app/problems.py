"""Errors as they are told outside: problem documents (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus

import asyncpg
import msgspec
from aiohttp import web

from hub.errors import Forbidden, HubError, IllegalTransition, InvalidRequest, NotFound, Unauthenticated
from hub.http import Problem
from hub.store.db import AWAY

_STATUS: dict[type[HubError], tuple[int, str]] = {
    InvalidRequest: (400, "Invalid request"),
    Unauthenticated: (401, "Not logged in"),
    Forbidden: (403, "Forbidden"),
    NotFound: (404, "Not found"),
    IllegalTransition: (409, "Not now"),
}
_NOT_TEXT = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError, UnicodeEncodeError)


def problem_of(error: Exception) -> Problem | None:
    """The problem that an error is to the outside; None: it is ours, and says nothing to anybody else."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, web.HTTPException):
        headers = {name: error.headers[name] for name in ("Allow", "Retry-After") if name in error.headers}
        detail = error.text if error.text and error.text != f"{error.status}: {error.reason}" else ""
        return Problem(error.status, error.reason, detail or "", headers=headers)
    for kind, (status, title) in _STATUS.items():
        if isinstance(error, kind):
            headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
            return Problem(status, title, str(error), headers=headers)
    if isinstance(error, _NOT_TEXT):
        return Problem(400, "Invalid request", "there is a character in it that is no text")
    if isinstance(error, AWAY):
        detail = "the database is away; nothing was changed that was not acknowledged"
        return Problem(503, "Unavailable", detail, headers={"Retry-After": "2"})
    return None


def response_of(problem: Problem) -> web.Response:
    """The problem's document."""
    document = {
        "type": "about:blank",
        "title": problem.title or HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        **problem.extra,
    }
    return web.Response(
        status=problem.status,
        body=msgspec.json.encode(document),
        content_type="application/problem+json",
        headers={"Cache-Control": "no-store", **problem.headers},
    )
