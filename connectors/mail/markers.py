"""The words by which mail programs announce what they quote, in the languages that customers' programs speak."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

_MAX_LINE = 400

# Separators -------------------------------------------------------------------------------------------------------

_ORIGINAL = (
    r"original (?:e-?)?(?:message|mail|appointment)s?|original|repl(?:y|ied) (?:message|mail)s?"
    r"|ursprüngliche nachricht|originalnachricht"
    r"|original-?nachricht|message d.origine|message original|mensaje original|messaggio originale"
    r"|原始邮件|原邮件|回复的原邮件|回复的邮件|原始信息|原始消息|邮件原件|回复邮件|原始郵件|元のメッセージ"
    r"|oprindelig besked|ursprungligt meddelande|opprinnelig melding|oorspronkelijk bericht"
    r"|исходное сообщение|пересылаемое сообщение"
)
_FORWARDED = (
    r"forwarded (?:message|mail|e-?mail)s?|forwarding (?:message|mail)s?|begin forwarded message"
    r"|weitergeleitete nachricht"
    r"|message transféré|mensaje reenviado|messaggio inoltrato"
    r"|转发的?(?:邮件|消息|信息)(?:信息)?|邮件转发(?:信息)?|已转发的?邮件|轉寄的?郵件|轉寄郵件|転送メッセージ|転送されたメッセージ|原邮件转发"
)
_DASHES = r"[-_—–=*#\s>|]"
_SEPARATOR = re.compile(
    rf"({_DASHES}*+)(?:(?P<reply>{_ORIGINAL})|(?P<forward>{_FORWARDED}))\s*+[:：]?({_DASHES}*+)",
    re.IGNORECASE,
)
_RULE_BEFORE, _RULE_AFTER = re.compile(r"[-_—–=*]{2}\Z"), re.compile(r"\s*+[-_—–=*]{2}")
_BEGIN = re.compile(
    r"\s*(?:begin forwarded message|forwarded message|开始转发的?邮件|(?:下面|以下)是(?:被)?转发的?邮件|被转发的?邮件"
    r"|anfang der weitergeleiteten (?:nachricht|e-?mail)|début du message (?:transféré|réexpédié)"
    r"|転送されたメッセージ)\s*[:：]\s*",
    re.IGNORECASE,
)
_LINE = re.compile(r"\s*(?:[-_—–=]\s?){10,200}\s*")


def separator(text: str) -> Literal["", "reply", "reply only", "forward", "line"]:
    """What kind of separator a line is; "" where it is none."""
    if len(text) > _MAX_LINE:
        return ""
    found = _SEPARATOR.fullmatch(text)
    if found and _RULE_BEFORE.search(found[1].rstrip()[-2:]) and _RULE_AFTER.match(text, found.start(4)):
        if found["forward"]:
            return "forward"
        return "reply only" if "回复" in text or "repl" in text.lower() else "reply"
    if _BEGIN.fullmatch(text):
        return "forward"
    return "line" if _LINE.fullmatch(text) else ""


def forwards(text: str) -> bool:
    """Whether a line says that what follows is passed on."""
    return separator(text) == "forward"


# The headers of a quoted mail -------------------------------------------------------------------------------------

_KEYS = {
    "from": "from von de da van från fra od от 发件人 发信人 寄件者 寄件人 差出人 送信者",
    "date": "отправлено дата dato skickat sendt verzonden"
    " sent date gesendet datum envoyé enviado fecha inviato data 发送时间 发送日期 发件日期 时间 日期 寄件日期"
    " 送信日時 日時 sendtime received 发信时间 发件时间 日期时间",
    "to": "кому til till to an à a para aan 收件人 收信人 收件者 宛先",
    "cc": "cc bcc kopie copie 抄送 抄送人 副本 密送 ccn replyto reply-to 回复 回复地址 importance priority 重要性",
    "subject": "emne ämne subject betreff objet asunto oggetto onderwerp тема 主题 主旨 标题 標題 件名",
}
_KINDS = {key: kind for kind, keys in _KEYS.items() for key in keys.split()}
_HEADER = re.compile(
    r"[\s*|>·•-]{0,6}([^\W\d_](?:[^\W\d_]|[ \u3000’'-]){0,14})\s{0,3}\*{0,2}\s{0,3}(?:[:：]|\t|\|)\*{0,2}(.{0,300})"
)
_WITHIN = 14


def header(text: str) -> tuple[str, str]:
    """The kind of a quoted mail's header and its value; "" where a line is none."""
    found = _HEADER.match(text.replace("\xa0", " ")) if len(text) <= 2000 else None
    if found is None:
        return "", ""
    key = re.sub(r"[\s\u3000]", "", found[1]).lower()
    return _KINDS.get(key, ""), found[2].strip(" *|\t")


def header_block(lines: list[str], *, announced: bool = False) -> bool:
    """Whether `lines` begin with the headers of a quoted mail, in any order.

    Without a separator above they need a sender and a subject, or a sender's address: "From: Shanghai, to: Berlin,
    date: 3 May" is what somebody wants to have shipped.
    """
    if not announced and not header(lines[0])[0]:
        return bool(separator(lines[0]) == "line" and header_block(_after_blanks(lines[1:]))) if lines else False
    kinds: dict[str, str] = {}
    strange = 0
    for line in lines[:_WITHIN]:
        kind, value = header(line)
        if kind:
            kinds.setdefault(kind, value)
        elif line.strip():
            strange += 1
            if strange > (2 if kinds else 0):  # what goes on below a long list of addresses
                break
        elif len(kinds) >= 3:
            break
    if announced:
        return "from" in kinds or len(kinds) >= 2
    if "from" not in kinds or len(kinds) < 3:
        return False
    return "subject" in kinds or "@" in kinds["from"]


def _after_blanks(lines: list[str]) -> list[str]:
    for at, line in enumerate(lines):
        if line.strip():
            return lines[at:]
    return [""]


# Attributions -----------------------------------------------------------------------------------------------------


class Attribution(Struct, frozen=True):
    """So many lines say who wrote what follows; `sure`: nobody but a program writes so."""

    lines: int
    sure: bool


_WROTE = (
    r"wrote|writes|schrieb|schreibt|a écrit|écrivait|escribió|ha scritto|schreef|escreveu|skrev"
    r"|napsal\(?a?\)?|napisał\(?a?\)?|пишет|написала?"
    r"|写道|寫道|写到|编写|撰写|写了|写|さんは書きました|さんが書きました|は書きました|のメール|작성"
)
_STARTS = re.compile(
    r"[\s>*-]{0,8}(?:(?:on|at|am|le|el|il|op|em|den|dne|dnia|w dniu|vào|kl|mon|tue|wed|thu|fri|sat|sun)\b|在|于|於"
    r"|[\"“'*]|\d{1,4}\s?[年/.-]\s?\d{1,2}|<?[^\s<>@]{1,80}@|.{1,80}<|.{0,40}\s?[于在於]\s?\d{4})",
    re.IGNORECASE,
)
_ENDS = re.compile(rf"(?:{_WROTE})\s*[:：]?\s*-{{0,8}}\s*$", re.IGNORECASE)
_CHINESE = re.compile(r"\s*在\s?\d{4}年\d{1,2}月\d{1,2}日.{0,12}\d{1,2}[:：]\d{2}\s?[，,].{1,80}写道：$")
_AFTER = re.compile(r".{1,160}>\s(?:schrieb|wrote|skrev)\s(?:am|on|den)\b.{6,80}[:：]$", re.IGNORECASE)
_GERMAN = re.compile(r"(?:am|den|on|op)\b.{4,200}\b(?:schrieb|schreef|skrev)\b.{2,160}[:：]\s*$", re.IGNORECASE)
_JAPANESE = re.compile(
    r"\d{4}\s?[年/-]\s?\d{1,2}\s?[月/-]\s?\d{1,2}.{0,80}<[^<>\s]{3,200}@[^<>\s]{3,200}>\s?[:：]?\s*$"
)
_RUSSIAN = re.compile(
    r"(?:[a-zа-я]{2,12},? )?\d{1,2}[ .].{3,40}\d{4}.{0,12}\d{1,2}:\d{2}.{0,40}\s(?:от|from)\s"
    r".{1,80}<[^<>\s]+@[^<>\s]+>\s?:$",
    re.IGNORECASE,
)
_WHEN = re.compile(r"\d{4}|\d{1,2}[./-]\d{1,2}[./-]\d{2}")
_CLOCK = re.compile(r"\d{1,2}\s?[:：.点時时h]\s?\d{2}")
_DASHED = re.compile(r"-{2,}\s.{4,300}\s-{2,}\s*$")


def attribution(lines: list[str]) -> Attribution | None:
    """The attribution that begins in the first of `lines`; programs break it into up to four."""
    if not lines or len(lines[0]) > _MAX_LINE or not _STARTS.match(lines[0]):
        return None
    whole = ""
    for count, line in enumerate(lines[:4], 1):
        if not line.strip():
            return None
        whole = f"{whole} {line.strip()}".strip()
        if len(whole) > _MAX_LINE:
            return None
        ended = whole.rstrip(" *>")
        japanese = _JAPANESE.search(ended) or _RUSSIAN.match(whole)
        if not (japanese or _ENDS.search(ended) or _GERMAN.match(ended) or _AFTER.match(ended)):
            continue
        if not (ended.endswith((":", "：", "-")) or japanese):
            continue
        if not re.search(r"\d|@", ended):
            return None
        sure = bool(_WHEN.search(ended) and _CLOCK.search(ended) and ("@" in ended or japanese or _DASHED.match(ended)))
        sure = sure or bool(_CHINESE.match(ended))
        return Attribution(count, sure)
    return None
