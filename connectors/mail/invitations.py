"""Calendar invitations as a few lines of text: what, when, where."""

from __future__ import annotations

import re

_METHODS = {
    "REQUEST": ("Invitation", "会议邀请"),
    "CANCEL": ("Cancelled", "会议取消"),
    "COUNTER": ("New time proposed", "提议新时间"),
    "PUBLISH": ("Event", "日程"),
}
_ANSWERS = {"ACCEPTED": ("Accepted", "已接受"), "DECLINED": ("Declined", "已拒绝"), "TENTATIVE": ("Tentative", "暂定")}
_FIELD = re.compile(r"^([A-Z-]{1,30})((?:;[^:;\"\n]{0,200}(?:\"[^\"\n]{0,200}\")?){0,10}):(.{0,2000})$", re.MULTILINE)
_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})\d{0,2}(Z?))?")
_ZONE = re.compile(r"TZID=\"?([^\";:]{1,60})")


def described(calendar: str) -> str:
    """The first event of a calendar, in Chinese where its title is; "" where there is none."""
    unfolded = re.sub(r"\n[ \t]", "", calendar[:200_000])
    start = unfolded.find("BEGIN:VEVENT")
    if start < 0:
        return ""
    event = unfolded[start:].partition("END:VEVENT")[0]
    fields: dict[str, tuple[str, str]] = {}
    for match in _FIELD.finditer(event.partition("BEGIN:VALARM")[0]):
        fields.setdefault(match[1], (match[2], _plain(match[3])))
    method = re.search(r"^METHOD:([A-Z]+)", unfolded, re.MULTILINE)
    title = fields.get("SUMMARY", ("", ""))[1]
    chinese = int(bool(re.search("[\u4e00-\u9fff]", title)))
    said = _METHODS.get(method[1] if method else "PUBLISH", _METHODS["PUBLISH"])
    answer = re.search(r"PARTSTAT=([A-Z]+)", event) if method and method[1] == "REPLY" else None
    if answer:
        said = _ANSWERS.get(answer[1], said)
    when = " – ".join(filter(None, (_time(*fields[name]) for name in ("DTSTART", "DTEND") if name in fields)))
    where = fields.get("LOCATION", ("", ""))[1]
    return "\n".join(filter(None, (f"{said[chinese]}: {title}".rstrip(": "), when, where)))


def _plain(value: str) -> str:
    return (
        value.replace("\\n", " ")
        .replace("\\N", " ")
        .replace("\\,", ",")
        .replace("\\;", ";")
        .replace("\\\\", "\\")
        .strip()
    )


def _time(parameters: str, value: str) -> str:
    found = _TIME.match(value)
    if found is None:
        return ""
    day = f"{found[1]}-{found[2]}-{found[3]}"
    if found[4] is None:
        return day
    zone = _ZONE.search(parameters)
    return f"{day} {found[4]}:{found[5]}" + (" UTC" if found[6] else f" ({zone[1]})" if zone else "")
