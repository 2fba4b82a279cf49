"""What stands below a mail that is nobody's question: signatures, what phones add, what lawyers add.

Cut is only what is surely that. A name, a closing, an address and a phone number are often what the mail is about.
"""

from __future__ import annotations

import re

_DELIMITED = 14  # lines that a signature below "-- " may have
_BLOCK = 12
_SEEN = 80  # lines from the end among which signatures are looked for

_DEVICE = (
    r"iphone|ipad|ipod|ios|mac|apple|huawei|honor|xiaomi|redmi|oppo|vivo|oneplus|realme|meizu|samsung|galaxy"
    r"|pixel|android"
    r"|smartphone|handy|mobile?|phone|tablet|blackberry|nokia|windows|outlook|mail|yahoo|proton|gmail|aol"
    r"|zoho|foxmail"
    r"|华为|荣耀|小米|红米|三星|魅族|一加|苹果|安卓|手机|平板|移动设备|邮箱|邮件|郵件|客户端|钉钉|企业微信|微信"
)
_SENT_FROM = re.compile(
    r"(?:[（(\[【]?\s*)(?:"
    rf"(?:发自|发送自|發自|来自|來自|寄自)\s*(?:我的|我嘅|于)?.{{0,30}}(?:{_DEVICE}).{{0,30}}"
    rf"|(?:从|從|由|通过|透過).{{0,30}}(?:{_DEVICE}).{{0,20}}(?:发送|發送|传送|寄出|发出|发来).{{0,8}}"
    rf"|(?:sent|send|envoy[ée]|gesendet|von meinem|enviado|inviato|verzonden"
    rf"|skickat)\b.{{0,60}}(?:{_DEVICE}).{{0,60}}"
    rf"|(?:{_DEVICE})から送信.{{0,10}}"
    r"|(?:get|holen sie sich|获取|下载|télécharger|obtenir|hol dir)\s.{0,20}outlook\s.{0,30}"
    r"|sent (?:from|with|via) .{1,40}[<(]https?://.{1,80}[>)]"
    r"|yahoo mail[:：].{0,60}|.{0,30}yahoo mail on android|此邮件由.{0,30}(?:发送|发出)"
    r")\s*[）)\]】]?",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"\W{0,12}(?:confidentiality (?:notice|note)|confidential(?:ity)?\s*[:：]|disclaimer\b"
    r"|(?:this|the) (?:e-?mail|message|information|communication|transmission)\b.{0,80}"
    r"(?:confidential|intended (?:only|solely)|privileged|attachments?)"
    r"|the information (?:contained|transmitted) in this"
    r"|please consider the environment|think before you print"
    r"|diese (?:e-?mail|nachricht)\b.{0,60}(?:vertraulich|rechtlich)|ce (?:message|courriel"
    r"|mail)\b.{0,60}confidentiel"
    r"|免责声明|保密(?:声明|提示|提醒|通知)|(?:本|此)(?:电子)?(?:邮件|郵件|信件|电邮).{0,40}(?:保密|机密|機密|仅供|僅供|专供|法律)"
    r"|このメール.{0,40}機密)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?:with )?(?:best|kind|kindest|warm|warmest|many)? ?(?:wishes|regards|greetings)|yours (?:sincerely"
    r"|faithfully|truly)"
    r"|sincerely(?: yours)?|cheers|best|mit (?:freundlichen|besten) gr(?:ü|ue)(?:ß|ss)en|(?:viele|beste|liebe"
    r"|freundliche) gr(?:ü|ue)(?:ß|ss)e"
    r"|(?:bien )?cordialement|祝\s?(?:好|商祺|工作顺利|您工作顺利|安好)"
    r"|此致\s*敬礼|敬礼|顺(?:颂|祝)商祺|敬具)[\s,.，。!！]*",
    re.IGNORECASE,
)
_CONTACT = (
    re.compile(
        r"\b(?:tel|phone|telefon|tél|mobile?|cell|fax|handy)\b\.?\s*[:：.+\d(]|(?:电话|手机|传真|电\s*话|電話|座机)\s*[:：]|\+\d[\d\s()-]{7,18}\d",
        re.IGNORECASE,
    ),
    re.compile(r"[\w.+-]+@[\w-]+\.\w"),
    re.compile(r"\bwww\.|https?://|(?:网址|网站|官网)\s*[:：]", re.IGNORECASE),
    re.compile(
        r"有限公司|股份公司|集团|\b(?:gmbh|ltd|inc|llc|corp|co\., ?ltd|s\.?a\.?r\.?l|ag|plc)\b|株式会社", re.IGNORECASE
    ),
    re.compile(r"\b(?:street|road|ave(?:nue)?|stra(?:ß|ss)e|floor|suite)\b|(?:地址|邮编)\s*[:：]", re.IGNORECASE),
)
_RULE = re.compile(r"\s*(?:[_=*~—–-]\s?){5,80}\s*")


def without(lines: list[str]) -> list[str]:
    """The lines without what is surely a signature at their end."""
    head, tail = lines[:-_SEEN], _trimmed(lines[-_SEEN:])
    for _ in range(_SEEN):
        shorter = _step(tail) if tail else None
        if shorter is None:
            break
        tail = _trimmed(shorter)
    return _trimmed(head + tail)


def may_be(lines: list[str]) -> bool:
    """Whether lines below a signature's rule are short and few enough to be one."""
    said = [line for line in lines if line.strip()]
    return len(said) <= _DELIMITED and all(_short(line) for line in said)


def _step(lines: list[str]) -> list[str] | None:
    for cut in (_card, _sent_from, _disclaimer, _delimited, _company):
        at = cut(lines)
        if at is not None:
            return lines[:at]
    return None


def _trimmed(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]


def _sent_from(lines: list[str]) -> int | None:
    """What phones and programs add: the last line."""
    last = lines[-1].strip()
    return len(lines) - 1 if len(last) <= 120 and _SENT_FROM.fullmatch(last) else None


def _card(lines: list[str]) -> int | None:
    """What NetEase's program adds: a card as a table, and who made it."""
    if not _CARD.fullmatch(lines[-1].strip()):
        return None
    drawn = [at for at in range(max(0, len(lines) - 20), len(lines)) if _DRAWN.fullmatch(lines[at])]
    return drawn[0] if drawn else len(lines) - 1


_CARD = re.compile(r"签名由.{0,4}网易邮箱大师.{0,4}定制")
_DRAWN = re.compile(r"\s*\|\s*\|?\s*")


def _disclaimer(lines: list[str]) -> int | None:
    """Legal text in the last paragraphs; it has no end that could be known, so that it must be the mail's end."""
    start = max(0, len(lines) - 30)
    for at in range(start, len(lines)):
        line = lines[at]
        if _DISCLAIMER.match(line[:300]) and (at == 0 or not lines[at - 1].strip() or _RULE.fullmatch(lines[at - 1])):
            long = sum(map(_width, lines[at:])) >= 60 or "nvironment" in line or "print" in line
            if long and not any("?" in later or "？" in later for later in lines[at:]):
                return at - 1 if at and _RULE.fullmatch(lines[at - 1]) else at
    return None


def _delimited(lines: list[str]) -> int | None:
    """Below "-- ", or below "--" where what follows is short; without an empty line above, where it says nothing."""
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at]
        if line == "-- " or line.rstrip() in ("--", "—"):
            rest = [later for later in lines[at + 1 :] if later.strip()]
            apart = line == "-- " or at == 0 or not lines[at - 1].strip()
            if not apart and (len(rest) < 2 or any(_SENTENCE.search(later) for later in rest)):
                return None
            limit = 2 * _DELIMITED if line == "-- " else _DELIMITED
            short = all(_short(later) for later in rest)
            return at if len(rest) <= limit and (short or line == "-- ") else None
    return None


_SENTENCE = re.compile(r"[?？。！!；;]|[a-z]\.\s*$|\w\s+\w+\s+\w+\s+\w+\s+\w")


def _company(lines: list[str]) -> int | None:
    """How a company can be reached, below a closing or a rule: from the first such line on."""
    start = max(0, len(lines) - _BLOCK)
    for at in range(len(lines) - 1, start - 1, -1):
        ruled = bool(_RULE.fullmatch(lines[at])) and at > 0
        if not ruled and not _CLOSING.fullmatch(lines[at].strip()[:60]):
            continue
        below = [number for number in range(at + 1, len(lines)) if lines[number].strip()]
        if any(_width(lines[number]) > 100 for number in below):
            return None
        said = [number for number in below if any(sign.search(lines[number][:200]) for sign in _CONTACT)]
        signs = {number for number, sign in enumerate(_CONTACT) for line in below if sign.search(lines[line][:200])}
        if len(signs) < 2 or not signs & {1, 2, 3}:
            return None
        return at if ruled else said[0]
    return None


def _short(line: str) -> bool:
    """Whether a line is as short as those of signatures; a link counts for little, as long as it may be."""
    return _width(_LINK.sub("https://", line)) <= 120


_LINK = re.compile(r"https?://\S+")


def _width(text: str) -> int:
    """How wide a text is: a Chinese character counts for two."""
    return len(text) + sum(character >= "\u2e80" for character in text)
