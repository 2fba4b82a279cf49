"""How mail programs from elsewhere lay an answer out: what stands around the customer's words."""

from __future__ import annotations

from tests.connectors.mail.letters import HELP, Letter, broken, plain, rich, spaced

Bodies = tuple[str, str]
"""The HTML and the plain text of one mail; "" where the program sends no such part."""


def _signed(letter: Letter, opened: str, closed: str, joint: str = "<br>") -> str:
    return opened + joint.join(letter.signature) + closed if letter.signature else ""


def _tail(letter: Letter, before: str = "\n\n") -> str:
    return before + "\n".join(letter.signature) if letter.signature else ""


def gmail(letter: Letter) -> Bodies:
    if letter.zh:
        attribution = f'{letter.us} &lt;<a href="mailto:{HELP}">{HELP}</a>&gt; 于2024年3月5日周二 09:30写道：'
        wrapped = f"{letter.us} <{HELP}> 于2024年3月5日周二\n09:30写道："
    else:
        attribution = (
            f'On Tue, Mar 5, 2024 at 9:30\u202fAM {letter.us} &lt;<a href="mailto:{HELP}">{HELP}</a>&gt; wrote:'
        )
        wrapped = f"On Tue, Mar 5, 2024 at 9:30\u202fAM {letter.us} <{HELP}>\nwrote:"
    style = 'style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"'
    signature = _signed(
        letter,
        '<div><br></div><span class="gmail_signature_prefix">-- </span><br><div dir="ltr" class="gmail_signature"'
        ' data-smartmail="gmail_signature"><div dir="ltr">',
        "</div></div>",
    )
    said = f'<div dir="ltr">{rich(letter.said)}</div><br clear="all">{signature}<br>'
    head = f'<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">{attribution}<br></div>'
    if letter.style == "inline":
        first, second = letter.quoted
        parts = [f'<blockquote class="gmail_quote" {style}>{rich((text,))}</blockquote>' for text in (first, second)]
        said_rich = [rich((text,)) for text in letter.said[:2]]
        body = f'<div dir="ltr">{head}{parts[0]}<div><br></div>{said_rich[0]}{parts[1]}{said_rich[1]}</div></div>'
        text = f"{wrapped}\n\n" + f"> {first}\n\n{letter.said[0]}\n\n> {second}\n\n{letter.said[1]}\n"
        return body, text
    if letter.style == "forward":
        lines = [
            "---------- Forwarded message ---------",
            f"From: {letter.us} <{HELP}>",
            "Date: Tue, Mar 5, 2024 at 9:30 AM",
        ]
        lines += [f"Subject: {letter.subject}", f"To: {letter.name} <{letter.address}>"]
        shown = "<br>".join(line.replace("<", "&lt;").replace(">", "&gt;") for line in lines)
        forwarded = f'<div class="gmail_quote"><div dir="ltr" class="gmail_attr">{shown}<br></div><br><br>{rich(letter.quoted)}</div>'
        return said + forwarded, plain(letter.said) + "\n\n" + "\n".join(lines) + "\n\n\n" + plain(letter.quoted)
    if letter.style == "bottom":
        return (
            "",
            f"{wrapped}\n\n{plain(letter.quoted, '> ')}\n\n{plain(letter.said)}{_tail(letter, chr(10) + '-- ' + chr(10))}\n",
        )
    quoted = f'<blockquote class="gmail_quote" {style}>{rich(letter.quoted)}</blockquote></div>'
    text = f"{plain(letter.said)}{_tail(letter, chr(10) * 2 + '-- ' + chr(10))}\n\n\n{wrapped}\n\n{plain(letter.quoted, '> ')}\n>\n"
    return said + head + quoted, text


def outlook_new(letter: Letter) -> Bodies:
    names = ("发件人:", "发送时间:", "收件人:", "主题:") if letter.zh else ("From:", "Sent:", "To:", "Subject:")
    when = "2024年3月5日 9:30" if letter.zh else "Tuesday, March 5, 2024 9:30 AM"
    values = (f"{letter.us} &lt;{HELP}&gt;", when, f"{letter.name} &lt;{letter.address}&gt;", letter.subject)
    head = "<br>".join(f"<b>{name}</b> {value}" for name, value in zip(names, values, strict=True))
    font = (
        'class="elementToProof" style="font-family: Aptos, Calibri, sans-serif; font-size: 12pt; color: rgb(0, 0, 0);"'
    )
    signature = _signed(letter, '<div id="Signature"><div style="color: inherit;">', "</div></div>")
    quoted = rich(letter.quoted, "p", 'class="MsoNormal"', "&nbsp;")
    body = (
        '<html><head><style type="text/css" style="display:none;"> P {margin-top:0;margin-bottom:0;} </style></head><body dir="ltr">'
        f'{rich(letter.said, "div", font)}{signature}<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1">'
        f'<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt" color="#000000">{head}</font>'
        f"<div>&nbsp;</div></div><div>{quoted}</div></body></html>"
    )
    line = "________________________________"
    lines = head.replace("<b>", "").replace("</b>", "").replace("<br>", "\n").replace("&lt;", "<").replace("&gt;", ">")
    return body, f"{plain(letter.said)}{_tail(letter)}\n{line}\n{lines}\n\n{plain(letter.quoted)}\n"


def outlook_old(letter: Letter) -> Bodies:
    names = ("发件人:", "发送时间:", "收件人:", "主题:") if letter.zh else ("From:", "Sent:", "To:", "Subject:")
    when = "2024年3月5日 9:30" if letter.zh else "Tuesday, March 5, 2024 9:30 AM"
    values = (f"{letter.us} [mailto:{HELP}]", when, letter.name, letter.subject)
    span = '<span lang="EN-US" style="font-size:11.0pt;font-family:&quot;Calibri&quot;,sans-serif">'
    head = "<br>".join(f"<b>{span}{name}</span></b>{span} {value}" for name, value in zip(names, values, strict=True))
    normal = 'class="MsoNormal"'
    signature = "".join(f"<p {normal}>{line}<o:p></o:p></p>" for line in letter.signature)
    body = (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta name="Generator" content="Microsoft Word 15"><!--[if !mso]><style>'
        'v\\:* {behavior:url(#default#VML);}</style><![endif]--></head><body lang="ZH-CN" link="#0563C1"><div class="WordSection1">'
        f"{rich(letter.said, 'p', normal, '<o:p>&nbsp;</o:p>')}<p {normal}><o:p>&nbsp;</o:p></p>{signature}<div>"
        f'<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p {normal}>{head}<o:p></o:p></span></p></div></div>'
        f"<p {normal}><o:p>&nbsp;</o:p></p>{rich(letter.quoted, 'p', normal, '<o:p>&nbsp;</o:p>')}</div></body></html>"
    )
    mark = "-----邮件原件-----" if letter.zh else "-----Original Message-----"
    lines = "\n".join(f"{name} {value}" for name, value in zip(names, values, strict=True))
    return body, f"{plain(letter.said)}{_tail(letter)}\n\n{mark}\n{lines}\n\n{plain(letter.quoted)}\n"


def outlook_plain(letter: Letter) -> Bodies:
    return "", outlook_old(letter)[1]


def outlook_mobile(letter: Letter) -> Bodies:
    get = '<a href="https://aka.ms/o0ukef">Outlook for iOS</a>'
    get = f"获取 {get}" if letter.zh else f"Get {get}"
    page = outlook_new(letter._replace(signature=()))[0]
    footer = f'<div id="ms-outlook-mobile-signature" dir="auto"><div></div>{get}</div><div id="mail-editor-reference-message-container">'
    return page.replace('<div id="appendonsend"></div>', footer).replace("</body>", "</div></body>"), ""


def outlook_mac(letter: Letter) -> Bodies:
    names = ("发件人：", "日期：", "收件人：", "主题：") if letter.zh else ("From: ", "Date: ", "To: ", "Subject: ")
    when = "星期二, 2024年3月5日 09:30" if letter.zh else "Tuesday, 5 March 2024 at 09:30"
    values = (f"{letter.us} &lt;{HELP}&gt;", when, f"{letter.name} &lt;{letter.address}&gt;", letter.subject)
    head = "<br>".join(f"<b>{name}</b>{value}" for name, value in zip(names, values, strict=True))
    normal = 'class="MsoNormal"'
    body = (
        f'<html><body lang="EN-CN" link="blue" style="word-wrap:break-word"><div class="WordSection1">{rich(letter.said, "p", normal, "&nbsp;")}'
        f'<p {normal}><o:p>&nbsp;</o:p></p><div id="mail-editor-reference-message-container"><div><div style="border:none;border-top:solid #B5C4DF'
        f' 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p {normal} style="margin-bottom:12.0pt"><span style="color:black">{head}</span></p></div>'
        f"{rich(letter.quoted, 'p', normal, '&nbsp;')}</div></div></div></body></html>"
    )
    return body, ""


def _apple_attribution(letter: Letter) -> str:
    if letter.zh:
        return f"2024年3月5日 09:30，{letter.us} <{HELP}> 写道："
    return f"On Mar 5, 2024, at 9:30\u202fAM, {letter.us} <{HELP}> wrote:"


def apple_mail(letter: Letter) -> Bodies:
    attribution = _apple_attribution(letter).replace("<", "&lt;").replace(">", "&gt;")
    style = '<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body style="overflow-wrap: break-word;">'
    if letter.style == "inline":
        first, second = letter.quoted
        cite = f'<blockquote type="cite"><div>{attribution}</div><br class="Apple-interchange-newline"><div>{rich((first,))}</div></blockquote>'
        body = f'{cite}<div><br></div>{rich(letter.said[:1])}<br><blockquote type="cite">{rich((second,))}</blockquote><div><br></div>{rich(letter.said[1:])}'
        text = f"> {_apple_attribution(letter)}\n> \n> {first}\n\n{letter.said[0]}\n\n> {second}\n\n{letter.said[1]}"
        return style + body + "</body></html>", text
    if letter.style == "forward":
        words = "开始转发的邮件：" if letter.zh else "Begin forwarded message:"
        names = ("发件人: ", "主题: ", "日期: ", "收件人: ") if letter.zh else ("From: ", "Subject: ", "Date: ", "To: ")
        when = "2024年3月5日 GMT+8 09:30:00" if letter.zh else "March 5, 2024 at 9:30:00 AM GMT+8"
        values = (f"{letter.us} <{HELP}>", letter.subject, when, letter.address)
        rows = "".join(
            f"<div style='margin:0px'><span><b>{name}</b></span><span>{value.replace('<', '&lt;').replace('>', '&gt;')}<br></span></div>"
            for name, value in zip(names, values, strict=True)
        )
        body = f'{rich(letter.said)}<div><br><blockquote type="cite"><div>{words}</div><br class="Apple-interchange-newline">{rows}<br><div>{rich(letter.quoted)}</div></blockquote></div>'
        return style + body + "</body></html>", ""
    signature = _signed(letter, '<br><div id="AppleMailSignature"><div>', "</div></div>")
    cite = f'<br><div><br><blockquote type="cite"><div>{attribution}</div><br class="Apple-interchange-newline"><div>{rich(letter.quoted)}</div></blockquote></div>'
    text = f"{plain(letter.said)}{_tail(letter)}\n\n> {_apple_attribution(letter)}\n> \n{plain(letter.quoted, '> ')}\n"
    return f"{style}{rich(letter.said)}{signature}{cite}</body></html>", text


def iphone(letter: Letter) -> Bodies:
    words = "发自我的 iPhone" if letter.zh else "Sent from my iPhone"
    if letter.zh:
        attribution = f"{letter.us} &lt;{HELP}&gt; 在 2024年3月5日 09:30 写道："
    else:
        attribution = f"On Mar 5, 2024, at 09:30, {letter.us} &lt;{HELP}&gt; wrote:"
    body = (
        f'<html><body dir="auto">{broken(letter.said)}<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">{words}</div><div dir="ltr"><br>'
        f'<blockquote type="cite">{attribution}<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">{rich(letter.quoted)}</div></blockquote></body></html>'
    )
    text = f"{plain(letter.said)}\n\n{words}\n\n> {attribution.replace('&lt;', '<').replace('&gt;', '>')}\n> \n{plain(letter.quoted, '> ')}\n"
    return body, text


def thunderbird(letter: Letter) -> Bodies:
    attribution = f"在 2024/3/5 9:30, {letter.us} 写道:" if letter.zh else f"On 3/5/24 09:30, {letter.us} wrote:"
    if letter.style in ("inline", "bottom"):
        first, second = letter.quoted
        if letter.style == "inline":
            text = f"{attribution}\n> {first}\n{letter.said[0]}\n>\n> {second}\n{letter.said[1]}\n"
        else:
            text = f"{attribution}\n{plain(letter.quoted, '> ')}\n\n{plain(letter.said)}{_tail(letter, chr(10) * 2 + '-- ' + chr(10))}\n"
        return "", text
    if letter.style == "forward":
        title = "-------- 转发的消息 --------" if letter.zh else "-------- Forwarded Message --------"
        names = ("主题：", "日期：", "发件人：", "收件人：") if letter.zh else ("Subject: ", "Date: ", "From: ", "To: ")
        values = (letter.subject, "Tue, 5 Mar 2024 09:30:00 +0800", f"{letter.us} &lt;{HELP}&gt;", letter.address)
        rows = "".join(
            f"<tr><th nowrap valign=BASELINE align=RIGHT>{n}</th><td>{v}</td></tr>"
            for n, v in zip(names, values, strict=True)
        )
        box = f'<div class="moz-forward-container"><br><br>{title}<table class="moz-email-headers-table"><tbody>{rows}</tbody></table><br><br>{spaced(letter.quoted)}</div>'
        return f"<html><body>{spaced(letter.said)}{box}</body></html>", ""
    signature = _signed(letter, '<div class="moz-signature">-- <br>', "</div>")
    body = (
        f'<!DOCTYPE html><html><head><meta http-equiv="Content-Type" content="text/html; charset=UTF-8"></head><body>{spaced(letter.said)}'
        f'<div class="moz-cite-prefix">{attribution}<br></div><blockquote type="cite" cite="mid:1@shop.example.com">{spaced(letter.quoted)}</blockquote>{signature}</body></html>'
    )
    return body, ""


def samsung(letter: Letter) -> Bodies:
    words = "从我的 Galaxy 发送" if letter.zh else "Sent from my Galaxy"
    title = "-------- 原始信息 --------" if letter.zh else "-------- Original message --------"
    names = ("发件人： ", "日期： ", "收件人： ", "主题： ") if letter.zh else ("From: ", "Date: ", "To: ", "Subject: ")
    values = (f"{letter.us} &lt;{HELP}&gt;", "2024/3/5  09:30  (GMT+08:00)", f"{letter.address}", letter.subject)
    head = "".join(f"<div>{name}{value} </div>" for name, value in zip(names, values, strict=True))
    body = (
        f'<html><body>{rich(letter.said, "div", "dir=auto")}<div><br></div><div id="composer_signature" dir="auto"><div style="font-size:12px;color:#575757">{words}</div></div>'
        f'<div><br></div><div style="font-size:100%;color:#000000"><!-- originalMessage --><div>{title}</div>{head}<div><br></div></div>{rich(letter.quoted)}</body></html>'
    )
    return body, ""


def yahoo(letter: Letter) -> Bodies:
    if letter.zh:
        attribution = f"在2024年3月5日星期二 GMT+8 09:30:00， {letter.us}&lt;{HELP}&gt; 写道："
    else:
        attribution = f"On Tuesday, March 5, 2024 at 09:30:00 AM GMT+8, {letter.us} &lt;{HELP}&gt; wrote:"
    body = (
        f'<html><body><div class="ydp1a2b3cyahoo-style-wrap" style="font-family:Helvetica Neue, Arial, sans-serif;">{rich(letter.said, "div", "dir=ltr data-setdir=false")}'
        f'<div><br></div></div><div id="ydp9f8e7dyahoo_quoted_3141592653" class="ydp9f8e7dyahoo_quoted"><div style="color:#26282a;"><div>{attribution}</div>'
        f"<div><br></div><div><br></div><div>{rich(letter.quoted)}</div></div></div></body></html>"
    )
    return (
        body,
        f"{plain(letter.said)}\n\n    {attribution.replace('&lt;', '<').replace('&gt;', '>')}  \n \n{plain(letter.quoted, ' ')}\n",
    )


def proton(letter: Letter) -> Bodies:
    sent = (
        '使用 <a target="_blank" href="https://proton.me/">Proton Mail</a> 安全邮件发送。'
        if letter.zh
        else 'Sent with <a href="https://proton.me/">Proton Mail</a> secure email.'
    )
    if letter.zh:
        attribution = f"2024年3月5日星期二 09:30，{letter.us} &lt;{HELP}&gt; 写道："
    else:
        attribution = f"On Tuesday, March 5th, 2024 at 09:30, {letter.us} &lt;{HELP}&gt; wrote:"
    style = 'style="font-family: Arial, sans-serif; font-size: 14px;"'
    body = (
        f'{rich(letter.said, "div", style)}<div {style}><br></div><div class="protonmail_signature_block" {style}><div class="protonmail_signature_block-proton">{sent}</div></div>'
        f'<div {style}><br></div><div class="protonmail_quote">{attribution}<br><br><blockquote class="protonmail_quote" type="cite">{rich(letter.quoted)}</blockquote><br></div>'
    )
    return body, ""


def zoho(letter: Letter) -> Bodies:
    attribution = f"---- On Tue, 05 Mar 2024 09:30:00 +0800 <b>{letter.us} &lt;{HELP}&gt;</b> wrote ---"
    if letter.zh:
        attribution = f"---- 在 周二, 2024-03-05 09:30:00 +0800 <b>{letter.us} &lt;{HELP}&gt;</b> 撰写 ----"
    body = (
        f'<html><body><div style="font-family: Verdana, Arial, Helvetica, sans-serif; font-size: 10pt;">{rich(letter.said)}<div><br></div>'
        f'<div class="zmail_extra_hr" style="border-top: 1px solid rgb(204, 204, 204);"><br></div><div class="zmail_extra"><div id="Zm-_Id_-Sgn1">{attribution}<br></div><div><br></div>'
        f'<blockquote id="blockquote_zmail" style="margin: 0px;"><div>{rich(letter.quoted)}</div></blockquote></div></div></body></html>'
    )
    return body, ""


def mutt(letter: Letter) -> Bodies:
    attribution = f"On Tue, Mar 05, 2024 at 09:30:00AM +0800, {letter.us} wrote:"
    if letter.style == "inline":
        first, second = letter.quoted
        return (
            "",
            f"{attribution}\n> {first}\n\n{letter.said[0]}\n\n> {second}\n\n{letter.said[1]}\n{_tail(letter, chr(10) + '-- ' + chr(10))}",
        )
    tail = _tail(letter, "\n\n-- \n")
    if letter.style == "bottom":
        return "", f"{attribution}\n{plain(letter.quoted, '> ')}\n\n{plain(letter.said)}{tail}\n"
    return "", f"{plain(letter.said)}\n\n{attribution}\n{plain(letter.quoted, '> ')}{tail}\n"
