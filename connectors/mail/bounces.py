"""What servers say became of our mails: reports as RFC 3464 has them, and those that are only words."""

from __future__ import annotations

import re

from connectors.mail import charsets
from connectors.mail.headers import Headers, ids
from connectors.mail.mime import Part, Reader, content
from connectors.mail.types import Address, Bounce, Failure

_MAX_FAILURES = 50


def read_report(tree: Part) -> Bounce | None:
    """The report of a multipart/report; None where the mail is none about delivery."""
    parts = list(tree.walk())
    status = next(
        (part for part in parts if part.type in ("message/delivery-status", "message/global-delivery-status")), None
    )
    if status is None:
        return None
    about = [part for part in parts if part.type in _ORIGINALS]
    message_id, subject = _original(about[-1]) if about else ("", "")
    return Bounce(_failures(content(status, {})), message_id, subject)


_ORIGINALS = (
    "message/rfc822",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global",
    "message/global-headers",
)


def _original(part: Part) -> tuple[str, str]:
    """The Message-ID and the subject of the mail that came back."""
    headers = Reader().read(content(part, {})[:200_000] + b"\r\n\r\n").headers
    return next(iter(ids(headers.all("message-id"))), ""), headers.text("subject")


def _failures(report: bytes) -> tuple[Failure, ...]:
    found = []
    for block in re.split(
        rb"(?:\r\n|\n|\r(?!\n))[ \t]*(?:\r\n|\n"
        rb"|\r)",
        report[:500_000].strip(),
    )[: _MAX_FAILURES + 1]:
        fields = {
            match[1].decode().lower(): re.sub(r"\s+", " ", charsets.decode(match[2]).text).strip()
            for match in _FIELD.finditer(block)
        }
        if "final-recipient" not in fields and "original-recipient" not in fields and "action" not in fields:
            continue
        recipient = fields.get("original-recipient") or fields.get("final-recipient", "")
        status = _STATUS.search(fields.get("status", "")) or _STATUS.search(fields.get("diagnostic-code", ""))
        diagnostic = fields.get("diagnostic-code", "")
        action = fields.get("action", "").lower().split(" ")[0]
        found.append(
            Failure(
                _mailbox(recipient.partition(";")[2] or recipient),
                action,
                status[0] if status else "",
                diagnostic.partition(";")[2].strip()[:1000] or diagnostic[:1000],
                _is_hard(action, status[0] if status else "", diagnostic),
            )
        )
    return tuple(found)


_FIELD = re.compile(rb"^([A-Za-z-]{1,40})[ \t]*:([^\r\n]*(?:(?:\r\n|\n|\r)[ \t][^\r\n]*)*)", re.MULTILINE)
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_CODE = re.compile(r"(?:^|[^\d.])([45])\d\d(?=[\s:-]|$)")
_ADDRESS = re.compile(
    r"[^\s<>()\[\],;:\"'（）“”：，。]{1,64}@[A-Za-z0-9\u00a1-\uffff][A-Za-z0-9.\-\u00a1-\u2fff\u4e00-\uffef]{0,200}[A-Za-z0-9]"
)


def _mailbox(text: str) -> str:
    found = _ADDRESS.search(text[:1000])
    return found[0] if found else text.strip()[:200]


def _is_hard(action: str, status: str, diagnostic: str) -> bool | None:
    if action in ("delivered", "relayed", "expanded"):
        return None
    if action == "delayed":
        return False
    if status[:1] in ("4", "5"):
        return status[0] == "5" and status not in ("5.2.2", "5.3.4")  # a full mailbox may be emptied
    code = _CODE.search(diagnostic[:500])
    if code:
        return code[1] == "5"
    return True if action == "failed" else None


# In words ---------------------------------------------------------------------------------------------------------

_FROM = re.compile(
    r"mailer-?daemon|postmaster|mail-?delivery|mdaemon|^mailer@"
    r"|^bounces?[-+@]",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"undeliver|delivery (?:status|has failed|failure|failed|delayed|incomplete)|failure notice"
    r"|returned (?:mail|to sender)|mail delivery"
    r"|could not be delivered|non[- ]?delivery|message (?:delayed|not delivered)|unzustellbar"
    r"|nicht zustellbar|non remis|échec de"
    r"|退信|系统退信|未传递|传递状态通知|投递失败|未送达|无法送达|无法投递|傳送失敗|配信不能|配信エラー",
    re.IGNORECASE,
)
_TEXT = re.compile(
    r"this is the qmail-send program|this message was created automatically by mail delivery software"
    r"|a message that you sent could not be delivered|i'm afraid i wasn't able to deliver"
    r"|this is the mail system at host"
    r"|delivery (?:to the following|has failed to these|of the following)|your message (?:wasn't|couldn't be"
    r"|to .{1,80} couldn't be) delivered"
    r"|address (?:not found|couldn't be found)|the following (?:addresses had|address\(es\) failed|recipients?)"
    r"|could not be delivered|(?:无法|未能)(?:发送到|送达|投递|传递)|unable to deliver your|退信原因|被退回|投递失败"
    r"|收件人.{0,80}不存在|您的邮件.{0,40}未能",
    re.IGNORECASE,
)  # fmt: skip
_HARD = re.compile(
    r"does(?:n't| not) exist|no such (?:user|recipient|mailbox|address)|user unknown|unknown (?:user"
    r"|local part)|address (?:not found|rejected)"
    r"|mailbox (?:unavailable|not found)|unrouteable|permanent (?:error|failure)|domain.{0,40}not found"
    r"|couldn't be found"
    r"|不存在|地址错误|找不到|not exist|doesn't have an? |已(?:停用|注销|冻结)|拒收|拒绝",
    re.IGNORECASE,
)
_SOFT = re.compile(
    r"temporar|will (?:be retried|keep trying|retry)|delayed|mailbox (?:is )?full|over quota|quota exceeded"
    r"|try again|timed? ?out"
    r"|greylist|暂时|稍后|已满|超出.{0,8}(?:容量|限额)|继续尝试|超时",
    re.IGNORECASE,
)
_COPY = re.compile(
    r"(?:---+ ?(?:below this line is a copy of the message|this is a copy of the message|original message"
    r"|returned message|the header of)"
    r"|(?:-{3,}|—{3,}) ?(?:原始邮件|原邮件|以下是原))",
    re.IGNORECASE,
)
_MESSAGE_ID = re.compile(r"message-id\s*:\s*(<[^<>\s]{3,300}>)", re.IGNORECASE)
_SUBJECT_LINE = re.compile(r"^\s*>?\s*subject\s*:\s*(.{1,300})$", re.IGNORECASE | re.MULTILINE)


def read_words(headers: Headers, sender: Address | None, subject: str, text: str, tree: Part) -> Bounce | None:
    """The report of a server that writes no RFC 3464: by at least two of sender, subject and words."""
    text = text[:100_000]
    from_server = bool(sender and _FROM.search(sender.address)) or any(
        value.strip() == b"<>" for value in headers.all("return-path")
    )
    failed = headers.text("x-failed-recipients")
    signs = [from_server, bool(_SUBJECT.search(subject[:300])), bool(_TEXT.search(text)), bool(failed)]
    if (
        sum(signs) < 2
        or not (from_server or failed)
        or (ids(headers.all("in-reply-to")) and sum(signs) < 3 and not failed)
    ):
        return None
    copy = _COPY.search(text)
    report, original = (text[: copy.start()], text[copy.start() :]) if copy else (text, text)
    recipient = failed.split(",")[0].strip() or _recipient(report, sender)
    status = _STATUS.search(report)
    hard = _hardness(report, status[0] if status else "")
    about = [part for part in tree.walk() if part.type in _ORIGINALS]
    message_id, was = _original(about[-1]) if about else ("", "")
    named = _MESSAGE_ID.search(original)
    subject_line = _SUBJECT_LINE.search(original) if copy else None
    diagnostic = next((line.strip() for line in report.split("\n") if _DIAGNOSIS.search(line[:500])), "")
    action = "delayed" if hard is False and _DELAYED.search(subject + report[:2000]) else "failed"
    failure = Failure(recipient, action, status[0] if status else "", diagnostic[:1000], hard)
    references = ids(headers.all("in-reply-to")) + ids(headers.all("references"))
    found_id = message_id or (named[1] if named else "") or next(iter(references), "")
    return Bounce((failure,), found_id, was or (subject_line[1].strip() if subject_line else ""))


_DIAGNOSIS = re.compile(r"(?<!\d)[45]\d\d[ -]|\b[45]\.\d\.\d|said:|does not exist|不存在|已满|拒")
_DELAYED = re.compile(r"delay|will (?:be retried|keep trying|retry)|继续尝试", re.IGNORECASE)


def _recipient(report: str, sender: Address | None) -> str:
    own = sender.address.lower() if sender else ""
    return next((found for found in _ADDRESS.findall(report[:20_000]) if found.lower() != own), "")


def _hardness(report: str, status: str) -> bool | None:
    if status:
        return _is_hard("failed", status, report)
    if _SOFT.search(report) and not _HARD.search(report):
        return False
    if _HARD.search(report):
        return True
    code = _CODE.search(report)
    return code[1] == "5" if code else None
