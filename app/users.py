"""Taking people in, and the demo's log-ins."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from app.auth import Passwords, normal
from hub.errors import InvalidRequest
from hub.store import users
from hub.store.db import Database
from hub.types import Agent, Role

ROLES: tuple[Role, ...] = ("agent", "editor", "admin")
MIN_PASSWORD = 8
DEMO: tuple[tuple[str, str, Role], ...] = (
    ("agent@example.com", "Demo agent 演示客服", "agent"),
    ("editor@example.com", "Demo editor 演示编辑", "editor"),
    ("admin@example.com", "Demo administrator 演示管理员", "admin"),
)


async def add_user(
    db: Database, passwords: Passwords, email: str, name: str, password: str, roles: Sequence[Role]
) -> Agent:
    """Takes somebody in; raises `InvalidRequest` that says what to mend."""
    email = normal(email)
    local, _, domain = email.partition("@")
    if not local or not domain or any(char.isspace() for char in email):
        raise InvalidRequest(f"email: {email!r} is no address")
    if not name.strip():
        raise InvalidRequest("name: must not be empty")
    if len(password) < MIN_PASSWORD:
        raise InvalidRequest(f"password: at least {MIN_PASSWORD} characters")
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        raise InvalidRequest(f"roles: one or more of {', '.join(ROLES)}")
    hashed = await passwords.hash(password)
    async with db.transaction() as conn:
        added = await users.add(conn, email, name.strip(), hashed, sorted(set(roles)))
    if added is None:
        raise InvalidRequest(f"email: {email} is taken")
    return added


async def demo_users(db: Database, passwords: Passwords, var: Path) -> tuple[list[str], str]:
    """Makes the demo's people; answers their addresses and the password of this installation, which stands in `var`."""
    password = _demo_password(var / "demo-password")
    for email, name, role in DEMO:
        async with db.connection() as conn:
            found = await users.with_password(conn, email)
        if found is not None and await passwords.fits(found[1], password):
            continue
        hashed = await passwords.hash(password)
        async with db.transaction() as conn:
            # Another process may have been faster; then the password is the same file's.
            if found is None:
                await users.add(conn, email, name, hashed, (role,))
            else:
                await users.set_password(conn, found[0].id, hashed)
    return [email for email, _, _ in DEMO], password


def _demo_password(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if kept := path.read_text(encoding="utf-8").strip():
            return kept
        handle = os.open(path, os.O_WRONLY | os.O_TRUNC)
    password = secrets.token_urlsafe(12)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(password + "\n")
    return password
