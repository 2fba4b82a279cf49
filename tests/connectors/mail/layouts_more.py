"""Rarer and older programs: what they put around the customer's words."""

from __future__ import annotations

from tests.connectors.mail.layouts_west import Bodies
from tests.connectors.mail.letters import HELP, Letter, broken, lines, plain, rich


def windows_mail(letter: Letter) -> Bodies:
    names = ("发件人:", "发送时间:", "收件人:") if letter.zh else ("From:", "Sent:", "To:")
    values = (
        f'<a href="mailto:{HELP}">{letter.us}</a>',
        "2024年3月5日 9:30" if letter.zh else "Tuesday, March 5, 2024 9:30 AM",
        letter.name,
    )
    head = "<br>".join(f"<b>{name}</b>&nbsp;{value}" for name, value in zip(names, values, strict=True))
    style = "padding-top: 5px; border-top-color: rgb(229, 229, 229); border-top-width: 1px; border-top-style: solid;"
    body = f'<html><body dir="ltr"><div dir="ltr">{rich(letter.said)}<div><br></div><div style="{style}"><div><font>{head}</font></div></div><div><br></div><div dir="">{rich(letter.quoted)}</div></div></body></html>'
    return body, ""


def hotmail_old(letter: Letter) -> Bodies:
    """Quotes by signs, in HTML too."""
    head = [
        f"Subject: {letter.subject}",
        f"From: {HELP}",
        f"To: {letter.address}",
        "Date: Tue, 5 Mar 2024 09:30:00 +0800",
        "",
        *lines(letter.quoted),
    ]
    quoted = "<br>".join(f"&gt; {line}" for line in head)
    return (
        f"<html><body class='hmmessage'><div dir='ltr'>\n{broken(letter.said)}<br><br><div><div id=\"SkyDrivePlaceholder\"></div>{quoted}<br></div></div></body></html>",
        "",
    )


def zimbra(letter: Letter) -> Bodies:
    names = ("发件人: ", "收件人: ", "发送时间: ", "主题: ") if letter.zh else ("From: ", "To: ", "Sent: ", "Subject: ")
    values = (
        HELP,
        letter.address,
        "2024年3月5日 9:30:00" if letter.zh else "Tuesday, March 5, 2024 9:30:00 AM",
        letter.subject,
    )
    head = "<br>".join(f"<b>{name}</b>{value}" for name, value in zip(names, values, strict=True))
    text = f"----- {'原始邮件' if letter.zh else 'Original Message'} -----\n" + "\n".join(
        f"{n}{v}" for n, v in zip(names, values, strict=True)
    )
    body = f'<html><body><div style="font-family: Arial">{broken(letter.said)}<br><br><hr id="zwchr">{head}<br><br>{broken(letter.quoted)}<br></div></body></html>'
    return body, f"{plain(letter.said)}\n\n{text}\n\n{plain(letter.quoted)}\n"


def aol(letter: Letter) -> Bodies:
    head = f"From: {letter.us} &lt;{HELP}&gt;<br>\nTo: {letter.name} &lt;{letter.address}&gt;<br>\nSent: Tue, Mar 5, 2024 9:30 am<br>\nSubject: {letter.subject}<br>"
    return (
        f"<font color='black' size='2' face='arial'>{broken(letter.said)}<br>\n<br>\n<div style=\"font-size:10pt\">-----Original Message-----<br>\n{head}<br>\n<div id=\"AOLMsgPart_0\">{rich(letter.quoted)}</div></div></font>",
        "",
    )


def mailspring(letter: Letter) -> Bodies:
    """A desktop program that quotes as Gmail does, with a mark of its own below."""
    attribution = (
        f"在 3月 5 2024, 9:30 早上, {letter.us} &lt;{HELP}&gt; 写道："
        if letter.zh
        else f"On Mar 5 2024, at 9:30 am, {letter.us} &lt;{HELP}&gt; wrote:"
    )
    quote = f'<div class="gmail_quote_attribution">{attribution}</div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex">{rich(letter.quoted)}</blockquote>'
    return f"<div>{rich(letter.said)}</div><br>{quote}", ""


def kmail(letter: Letter) -> Bodies:
    """The German and French lines of programs that are set to these languages."""
    attribution = f"Am Dienstag, 5. März 2024, 09:30:00 CET schrieb {letter.us}:"
    if letter.zh:
        attribution = f"Le mar. 5 mars 2024 à 09:30, {letter.us} <{HELP}> a écrit :"
    return "", f"{plain(letter.said)}\n\n{attribution}\n\n{plain(letter.quoted, '> ')}\n"


def japanese(letter: Letter) -> Bodies:
    """Gmail that speaks Japanese."""
    return "", f"{plain(letter.said)}\n\n2024年3月5日(火) 9:30 {letter.us} <{HELP}>:\n\n{plain(letter.quoted, '> ')}\n"
