"""``python -m app add-user``: takes in an agent, an editor or an administrator."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys

from app import settings, users
from app.auth import Passwords
from app.supervisor.state import adopt_environment
from hub.errors import InvalidRequest
from hub.store.db import AWAY, Database
from hub.types import Role


def main(words: list[str]) -> int:
    """The command's entry; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m app add-user", description=__doc__)
    parser.add_argument("email")
    parser.add_argument("--name", required=True, help="as customers and colleagues see it")
    parser.add_argument("--role", action="append", choices=("agent", "editor", "admin"), required=True)
    wanted = parser.parse_args(words)
    adopt_environment()
    try:
        url = settings.load().database_url
    except settings.WrongSetting as error:
        print(error, file=sys.stderr)
        return 2
    # Never from the command line, where other users of the machine would see it.
    password = getpass.getpass("password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    try:
        asyncio.run(_add(url, wanted.email, wanted.name, password, wanted.role))
    except InvalidRequest as error:
        print(error, file=sys.stderr)
        return 1
    except AWAY as error:
        print(f"the database cannot be reached ({type(error).__name__}); start it with `make run`", file=sys.stderr)
        return 1
    print(f"{wanted.email} may log in now")
    return 0


async def _add(url: str, email: str, name: str, password: str, roles: list[Role]) -> None:
    db = Database(url, size=2)
    try:
        await users.add_user(db, Passwords(), email, name, password, roles)
    finally:
        await db.close()
