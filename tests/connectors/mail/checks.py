"""Whether a parse is what stands beside the mail in the corpus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.mail.inspect import described
from connectors.mail.types import Mail


def differences(mail: Mail, expected: dict[str, Any]) -> list[str]:
    """What is not as expected, in words; empty where all is."""
    found = described(mail)
    wrong = [
        f"{name}: {found[name]!r} instead of {wanted!r}"
        for name, wanted in expected.items()
        if name in found and name not in _SPECIAL and found[name] != wanted
    ]
    for name, (where, holds) in _TESTS.items():
        wanted = expected.get(name, ())
        shown = str(found[where]) if where != "faults" else "\n".join(found["faults"])
        each = [wanted] if isinstance(wanted, str) else wanted
        wrong += [f"{name}: {one!r} in {shown!r}" for one in each if not holds(shown, one)]
    for name, wanted in expected.get("bounced", {}).items():
        if found["bounce"] is None or found["bounce"].get(name) != wanted:
            wrong.append(f"bounce {name}: {found['bounce']!r} instead of {wanted!r}")
    if "files" in expected and [one["name"] for one in found["attachments"]] != expected["files"]:
        wrong.append(f"files: {[one['name'] for one in found['attachments']]!r} instead of {expected['files']!r}")
    if "no_faults" in expected and found["faults"]:
        wrong.append(f"faults: {found['faults']!r}")
    return wrong


_SPECIAL = {"language", "bounce"}
_TESTS: dict[str, tuple[str, Callable[[str, str], bool]]] = {
    "text_has": ("text", lambda text, one: one in text),
    "text_starts": ("text", lambda text, one: text.startswith(one)),
    "text_lacks": ("text", lambda text, one: one not in text),
    "shows": ("full_text", lambda text, one: one in text),
    "reason_has": ("reason", lambda text, one: one in text),
    "fault_has": ("faults", lambda text, one: one in text),
}
