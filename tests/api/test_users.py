"""Taking people in, and the demo's log-ins."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.users import add_user, demo_users
from hub.errors import InvalidRequest
from tests.api.office import PASSWORD, PASSWORDS, Office


async def test_the_demos_people_have_one_password_for_each_installation(office: Office, tmp_path: Path) -> None:
    emails, password = await demo_users(office.house.db, PASSWORDS, tmp_path)
    file = tmp_path / "demo-password"
    assert (file.read_text().strip(), file.stat().st_mode & 0o777) == (password, 0o600)
    assert emails == ["agent@example.com", "editor@example.com", "admin@example.com"]
    assert await demo_users(office.house.db, PASSWORDS, tmp_path) == (emails, password)
    for email in emails:
        assert (await office.call("POST", "/login", {"email": email, "password": password}))[0] == 200
    file.unlink()
    _, another = await demo_users(office.house.db, PASSWORDS, tmp_path)
    assert another != password
    assert (await office.call("POST", "/login", {"email": emails[0], "password": password}))[0] == 401
    assert (await office.call("POST", "/login", {"email": emails[0], "password": another}))[0] == 200


async def test_who_cannot_be_taken_in_is_said_with_the_remedy(office: Office) -> None:
    await office.hire("li")
    db = office.house.db
    with pytest.raises(InvalidRequest, match="is taken"):
        await add_user(db, PASSWORDS, "LI@example.com", "Li", PASSWORD, ("agent",))
    with pytest.raises(InvalidRequest, match="no address"):
        await add_user(db, PASSWORDS, "li", "Li", PASSWORD, ("agent",))
    with pytest.raises(InvalidRequest, match="at least 8"):
        await add_user(db, PASSWORDS, "wang@example.com", "Wang", "short", ("agent",))
    with pytest.raises(InvalidRequest, match="one or more of agent"):
        await add_user(db, PASSWORDS, "wang@example.com", "Wang", PASSWORD, ())
