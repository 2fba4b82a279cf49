"""The part of the corpus in which servers say what became of our mails; and what only looks so."""

from __future__ import annotations

from typing import Any

from tests.connectors.mail.corpus_automatic import Made, plain_mail
from tests.connectors.mail.letters import HELP


def mails() -> Made:
    """Name, bytes and expected parse of each."""
    yield (
        "read-receipt",
        _report(
            "disposition-notification",
            "message/disposition-notification",
            "Final-Recipient: rfc822; desk@example.org\r\nDisposition: manual-action/MDN-sent-manually; displayed",
        ),
        {
            "group": "automatic",
            "language": "en",
            "kind": "auto_reply",
            "reason_has": "disposition-notification",
            "suppress": True,
        },
    )
    yield from _reports()
    yield from _words()
    yield from _more_words()


_DSN = """Reporting-MTA: dns; mx.example.org
Arrival-Date: Tue, 05 Mar 2024 09:30:00 +0800

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.cn
Diagnostic-Code: smtp; {diagnostic}
"""


def _report(
    kind: str, part: str, body: str, last: str = "", text: str = "This is a report.", subject: str = "Report"
) -> bytes:
    lines = [
        "Return-Path: <>",
        "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example.org>",
        f"To: {HELP}",
        f"Subject: {subject}",
    ]
    lines += [
        "Date: Tue, 05 Mar 2024 09:31:00 +0800",
        "Message-ID: <report-1@mx.example.org>",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
    ]
    lines += [
        f'Content-Type: multipart/report; report-type={kind}; boundary="=_b"',
        "",
        "--=_b",
        "Content-Type: text/plain; charset=utf-8",
        "",
        text,
    ]
    lines += ["--=_b", f"Content-Type: {part}", "", body]
    if last:
        lines += ["--=_b", last]
    return "\r\n".join([*lines, "--=_b--", ""]).replace("\r\n", "\n").replace("\n", "\r\n").encode()


_ORIGINAL = f"From: {HELP}\nTo: gone@example.cn\nSubject: Your order\nMessage-ID: <out-7@shop.example.com>\nDate: Tue, 05 Mar 2024 09:30:00 +0800\n"


def _reports() -> Made:
    whole = f"Content-Type: message/rfc822\n\n{_ORIGINAL}Content-Type: text/plain\n\nYour order is on its way.\n"
    cases = [
        ("dsn-hard", "gone@example.cn", "failed", "5.1.1", "550 5.1.1 User unknown", True, whole),
        (
            "dsn-headers-only",
            "gone@example.cn",
            "failed",
            "5.1.1",
            "550 no such user",
            True,
            f"Content-Type: text/rfc822-headers\n\n{_ORIGINAL}",
        ),
        ("dsn-soft", "busy@example.cn", "delayed", "4.4.1", "connection timed out", False, whole),
        ("dsn-soft-failed", "busy@example.cn", "failed", "4.7.1", "451 greylisted, try again", False, whole),
        ("dsn-full", "full@example.cn", "failed", "5.2.2", "552 mailbox full", False, whole),
        ("dsn-delivered", "here@example.cn", "delivered", "2.0.0", "250 ok", None, whole),
        ("dsn-folded", "gone@example.cn", "failed", "5.7.1", "554 5.7.1 blocked\n  by policy", True, whole),
        ("dsn-zh", "gone@example.cn", "failed", "5.1.1", "550 收件人不存在", True, whole),
    ]
    for name, recipient, action, status, diagnostic, hard, last in cases:
        body = _DSN.format(recipient=recipient, action=action, status=status, diagnostic=diagnostic)
        raw = _report(
            "delivery-status", "message/delivery-status", body, last, subject="Undelivered Mail Returned to Sender"
        )
        bounced = {
            "recipient": recipient,
            "action": action,
            "status": status,
            "hard": hard,
            "message_id": "<out-7@shop.example.com>",
            "subject": "Your order",
        }
        yield name, raw, {"group": "bounces", "language": "en", "kind": "bounce", "suppress": True, "bounced": bounced}
    two = (
        _DSN.format(recipient="a@example.cn", action="failed", status="5.1.1", diagnostic="550 x")
        + "\nFinal-Recipient: rfc822; b@example.cn\nAction: delayed\nStatus: 4.2.0\n"
    )
    yield "dsn-two", _report("delivery-status", "message/delivery-status", two, whole), {
        "group": "bounces", "language": "en", "kind": "bounce", "bounced": {"recipient": "a@example.cn", "hard": True},
    }  # fmt: skip
    yield "dsn-nothing-back", _report("delivery-status", "message/delivery-status", _DSN.format(recipient="a@example.cn", action="failed", status="5.0.0", diagnostic="x")), {
        "group": "bounces", "language": "en", "kind": "bounce", "bounced": {"message_id": "", "hard": True},
    }  # fmt: skip


_QMAIL = f"""Hi. This is the qmail-send program at mx.example.org.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<gone@example.cn>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 User unknown

--- Below this line is a copy of the message.

{_ORIGINAL}
Your order is on its way.
"""
_EXIM = f"""This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  gone@example.cn
    host mx.example.cn [192.0.2.2]
    SMTP error from remote mail server after RCPT TO:<gone@example.cn>:
    550 5.1.1 No such user here

------ This is a copy of the message, including all the headers. ------

{_ORIGINAL}
Your order is on its way.
"""
_EXIM_WARN = """This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue.

The address to which the message has not yet been delivered is:

  busy@example.cn
    Delay reason: connection timed out

No action is required on your part. Delivery attempts will continue for
some time, and this warning may be repeated. The server will keep trying.
"""
_OFFICE = """Your message to gone@example.cn couldn't be delivered.

gone wasn't found at example.cn.

Diagnostic information for administrators:
Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient gone@example.cn not found by SMTP address lookup'

Original message headers:
Message-ID: <out-7@shop.example.com>
Subject: Your order
"""
_QQ = """发送邮件失败
无法发送到 gone@example.cn
退信原因
收件人邮件地址（gone@example.cn）不存在，邮件无法送达。
host mx.example.cn[192.0.2.2] said: 550 Mailbox not found (in reply to RCPT TO command)
解决方案
请联系您的收件人，重新核实邮箱地址，或发送到其他收信邮箱。
"""
_NETEASE = """抱歉，您的邮件被退回来了……
原邮件信息：
时 间：2024-03-05 09:30:00
主 题：您的订单
收件人：gone@example.cn
退信原因：收件人的邮箱地址不存在
英文说明：SMTP error, RCPT TO: 550 User not found: gone@example.cn
"""
_GMAIL = """** Address not found **

Your message wasn't delivered to gone@example.cn because the address couldn't be found, or is unable to receive mail.

The response from the remote server was:
550 5.1.1 The email account that you tried to reach does not exist.
"""


def _words() -> Made:
    cases: list[tuple[str, str, str, str, tuple[str, ...], dict[str, Any]]] = [
        ("qmail", "MAILER-DAEMON@mx.example.org", "failure notice", _QMAIL, ("Return-Path: <>",), {"status": "5.1.1", "hard": True, "message_id": "<out-7@shop.example.com>", "subject": "Your order"}),
        ("exim", "Mailer-Daemon@mx.example.org", "Mail delivery failed: returning message to sender", _EXIM, ("X-Failed-Recipients: gone@example.cn", "Auto-Submitted: auto-replied"), {"status": "5.1.1", "hard": True, "message_id": "<out-7@shop.example.com>"}),
        ("exim-warning", "Mailer-Daemon@mx.example.org", "Warning: message 1abc delayed 24 hours", _EXIM_WARN, ("Auto-Submitted: auto-replied",), {"recipient": "busy@example.cn", "hard": False, "action": "delayed"}),
        ("office365", "postmaster@example.org", "Undeliverable: Your order", _OFFICE, ("In-Reply-To: <out-7@shop.example.com>",), {"status": "5.1.10", "hard": True, "message_id": "<out-7@shop.example.com>"}),
        ("qq-returned", "PostMaster@qq.example.cn", "系统退信/Systems bounce", _QQ, (), {"hard": True}),
        ("netease-returned", "Postmaster@163.example.cn", "系统退信", _NETEASE, (), {"hard": True}),
        ("gmail-returned", "mailer-daemon@googlemail.example.com", "Delivery Status Notification (Failure)", _GMAIL, ("X-Failed-Recipients: gone@example.cn", "In-Reply-To: <out-7@shop.example.com>"), {"hard": True, "message_id": "<out-7@shop.example.com>"}),
        ("full-mailbox", "postmaster@example.cn", "Undeliverable mail", "The following recipients could not be reached:\n\nfull@example.cn\n\n452 mailbox full, try again later\n", (), {"recipient": "full@example.cn", "hard": False}),
    ]  # fmt: skip
    for name, sender, subject, text, headers, bounced in cases:
        raw = plain_mail(subject, text, *headers, sender=f"Mail System <{sender}>", name=name)
        language = "zh" if "退信" in subject else "en"
        yield (
            name,
            raw,
            {
                "group": "bounces",
                "language": language,
                "kind": "bounce",
                "bounced": {"recipient": "gone@example.cn", **bounced},
            },
        )
    asks = 'I got a mail: "Undelivered Mail Returned to Sender". Your address help@ does not exist? What shall I do?'
    yield (
        "asks-about-bounce",
        plain_mail("Undelivered mail", asks, name="asks-about-bounce"),
        {"group": "bounces", "language": "en", "kind": "message", "text": asks},
    )
    chinese = "我给你们发的邮件被退信了，提示收件人不存在，怎么办？"
    yield (
        "asks-about-bounce-zh",
        plain_mail("退信", chinese, name="asks-about-bounce-zh"),
        {"group": "bounces", "language": "zh", "kind": "message", "text": chinese},
    )


_MORE: list[tuple[str, str, str, str, bool | None]] = [
    (
        "office365-zh",
        "postmaster@example.org",
        "未传递: 订单",
        "邮件无法传递给以下收件人或组:\n\ngone@example.cn\n找不到所输入的电子邮件地址。\n\n供管理员使用的诊断信息:\n#550 5.1.10 RESOLVER.ADR.RecipientNotFound ##",
        True,
    ),
    (
        "gmail-old",
        "mailer-daemon@googlemail.example",
        "Delivery Status Notification (Failure)",
        "Delivery to the following recipient failed permanently:\n\n     gone@example.cn\n\nTechnical details of permanent failure:\n550 5.1.1 no such user",
        True,
    ),
    (
        "gmail-zh",
        "mailer-daemon@googlemail.example",
        "传递状态通知（失败）",
        "** 找不到地址 **\n\n由于找不到 gone@example.cn 地址，或该地址无法接收邮件，因此您的邮件未能送达。\n550 5.1.1",
        True,
    ),
    (
        "postfix-soft",
        "MAILER-DAEMON@mx.example",
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.example.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n<gone@example.cn>: host mx.example.cn said: 450 4.2.1 try again later (in reply to RCPT TO command)",
        False,
    ),
    (
        "aliyun-full",
        "postmaster@aliyun.example",
        "系统退信通知",
        "您的邮件被退回，原因如下：\n收件人 gone@example.cn 邮箱已满，无法接收。\n552",
        False,
    ),
    (
        "yahoo-returned",
        "MAILER-DAEMON@yahoo.example",
        "Failure Notice",
        "Sorry, we were unable to deliver your message to the following address.\n\n<gone@example.cn>:\n554: delivery error: dd This user doesn't have an account here (gone@example.cn)",
        True,
    ),
    (
        "sina-returned",
        "MAILER-DAEMON@sina.example",
        "退信通知",
        "很抱歉，您的邮件未能投递成功。\n收件人：gone@example.cn\n错误信息：550 User not exist",
        True,
    ),
]
_ASKS = {
    "asks-delivery-delayed": ("mail@firma.example", "Delivery delayed?", "Where is my parcel? The delivery failed."),
    "asks-returned-mail": ("mail@firma.example", "Returned mail", "I returned it by mail on Monday."),
    "asks-returned-letter-zh": ("desk@example.org", "退信了怎么办", "我寄给你们的信被退回来了，上面写收件人不存在"),
}


def _more_words() -> Made:
    for name, sender, subject, text, hard in _MORE:
        bounced = {"recipient": "gone@example.cn", "hard": hard}
        language = "zh" if any("\u4e00" <= one <= "\u9fff" for one in text) else "en"
        yield (
            name,
            plain_mail(subject, text, sender=f"Mail System <{sender}>", name=name),
            {"group": "bounces", "language": language, "kind": "bounce", "bounced": bounced},
        )
    for name, (sender, subject, text) in _ASKS.items():
        yield (
            name,
            plain_mail(subject, text, sender=f"Desk <{sender}>", name=name),
            {"group": "bounces", "language": "zh" if name.endswith("zh") else "en", "kind": "message", "text": text},
        )
