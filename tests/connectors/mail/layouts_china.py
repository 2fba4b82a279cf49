"""How mail programs from China lay an answer out: what stands around the customer's words."""

from __future__ import annotations

from tests.connectors.mail.layouts_west import Bodies
from tests.connectors.mail.letters import HELP, Letter, broken, plain, rich


def _names(letter: Letter, colon: str) -> tuple[str, str, str, str]:
    if letter.zh:
        return f"发件人{colon}", f"发送时间{colon}", f"收件人{colon}", f"主题{colon}"
    return "From:", "Date:", "To:", "Subject:"


def _plain(markup: str) -> str:
    return (
        markup.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace("<b>", "").replace("</b>", "")
    )


def qq(letter: Letter) -> Bodies:
    word = "原始邮件" if letter.zh else "Original"
    when = "2024年3月5日(星期二) 上午9:30" if letter.zh else "Tue, Mar 5, 2024 09:30 AM"
    values = (f'"{letter.us}"&lt;{HELP}&gt;;', when, f'"{letter.name}"&lt;{letter.address}&gt;;<wbr>', letter.subject)
    prefix = "转发：" if letter.style == "forward" and letter.zh else "Re: "
    names = _names(letter, ":")
    rows = [
        f"<div><b>{name}</b>&nbsp;{value}</div>"
        for name, value in zip(names, (*values[:3], prefix + values[3]), strict=True)
    ]
    rows.insert(3, "<div></div>")
    signature = (
        f'<div><hr align="left" style="margin: 0 0 10px 0;width: 50px;"><div>{"<br>".join(letter.signature)}</div></div>'
        if letter.signature
        else ""
    )
    body = (
        f"{rich(letter.said)}<div><br></div>{signature}<div><includetail><!--<![endif]--></includetail></div><div><br></div>"
        '<div style="font-size: 12px;font-family: Arial Narrow;padding:2px 0 2px 0;">'
        f"------------------&nbsp;{word}&nbsp;------------------</div>"
        f'<div style="font-size: 12px;background:#efefef;padding:8px;">{"".join(rows)}</div><div><br></div>{rich(letter.quoted)}'
    )
    lines = "\n".join(f"{name} {_plain(value).replace('<wbr>', '')}" for name, value in zip(names, values, strict=True))
    text = (
        f"{plain(letter.said)}\n\n\n------------------ {word} ------------------\n{lines}\n\n\n\n{plain(letter.quoted)}"
    )
    return body, text


def qq_plain(letter: Letter) -> Bodies:
    return "", qq(letter)[1]


def qq_phone(letter: Letter) -> Bodies:
    words = "发自我的iPhone" if letter.zh else "Sent from my iPhone"
    body, _ = qq(letter._replace(signature=()))
    mark = '<div style="font-size: 12px;font-family: Arial Narrow'
    return body.replace(mark, f"<div><br></div><div>{words}</div><div><br></div>{mark}"), ""


def netease(letter: Letter) -> Bodies:
    if letter.style == "forward":
        title = "-------- 转发邮件信息 --------" if letter.zh else "-------- Forwarding messages --------"
        names = _names(letter, "：")
        values = (
            f"&quot;{letter.us}&quot; &lt;{HELP}&gt;",
            "2024-03-05 09:30:00",
            f"&quot;{letter.name}&quot; &lt;{letter.address}&gt;",
            letter.subject,
        )
        rows = "<br>".join(f"{name}{value}" for name, value in zip(names, values, strict=True))
        body = f'<div style="line-height:1.7;font-size:14px">{rich(letter.said)}</div><br><br><pre><br>{title}</pre>{rows}<br><div id="isForwardContent">{rich(letter.quoted)}</div>'
        return body, ""
    if letter.zh:
        attribution = f'在 2024-03-05 09:30:00，"{letter.us}" <{HELP}> 写道：'
    else:
        attribution = f'At 2024-03-05 09:30:00, "{letter.us}" <{HELP}> wrote:'
    shown = attribution.replace("<", "&lt;").replace(">", "&gt;")
    signature = f"<br>--<br><div>{'<br>'.join(letter.signature)}</div>" if letter.signature else ""
    body = (
        f'<div style="line-height:1.7;color:#000000;font-size:14px;font-family:Arial">{rich(letter.said, "p", "style=margin:0")}{signature}'
        f'<br><div style="position:relative;zoom:1"></div><div id="divNeteaseMailCard"></div><br><pre><br>{shown}</pre>'
        f'<blockquote id="isReplyContent" style="PADDING-LEFT: 1ex; MARGIN: 0px 0px 0px 0.8ex; BORDER-LEFT: #ccc 1px solid">{rich(letter.quoted)}</blockquote></div>'
        '<br><br><span title="neteasefooter"><p>&nbsp;</p></span>'
    )
    tail = "\n\n\n--\n\n" + "\n".join(letter.signature) if letter.signature else ""
    return body, f"{plain(letter.said)}{tail}\n\n\n\n\n\n\n{attribution}\n{plain(letter.quoted, '>')}\n"


def netease_plain(letter: Letter) -> Bodies:
    return "", netease(letter)[1]


def netease_master(letter: Letter) -> Bodies:
    title = "---- 回复的原邮件 ----" if letter.zh else "---- Replied Message ----"
    names = ("发件人", "发送日期", "收件人", "主题") if letter.zh else ("From", "Date", "To", "Subject")
    values = (
        f'{letter.us}<a href="mailto:{HELP}">&lt;{HELP}&gt;</a>',
        "2024年03月05日 09:30" if letter.zh else "03/05/2024 09:30",
        f"{letter.name}&lt;{letter.address}&gt;",
        letter.subject,
    )
    rows = "".join(
        f"<tr><td style='color:#333'>{name}</td><td>{value}</td></tr>"
        for name, value in zip(names, values, strict=True)
    )
    sign = "<br>".join(letter.signature) or letter.name
    body = (
        f'<html><body><div id="content">{rich(letter.said)}</div><div id="ntes-pcmac-signature" style="font-family:\'微软雅黑\'"><div><table><tr><td>{sign}</td></tr>'
        f'<tr><td>{letter.address}</td></tr></table></div></div><div class="J-reply" style="background-color:#f2f2f2"><div style="font-size:14px"><p>{title}</p></div>'
        f'<table>{rows}</table></div><blockquote class="ntes-mailmaster-quote" style="margin-top: 8px">{rich(letter.quoted)}</blockquote></body></html>'
    )
    return body, ""


def foxmail(letter: Letter) -> Bodies:
    names = _names(letter, "：" if letter.zh else ":")
    values = (
        f'<a href="mailto:{HELP}">{letter.us}</a>',
        "2024-03-05 09:30",
        f'<a href="mailto:{letter.address}">{letter.name}</a>',
        f"Re: {letter.subject}",
    )
    rows = "".join(f"<div><b>{name}</b>&nbsp;{value}</div>" for name, value in zip(names, values, strict=True))
    sign = "<br>".join(letter.signature) or letter.address
    body = (
        '<html><head><meta http-equiv="content-type" content="text/html; charset=GB2312"><style>body { line-height: 1.5; }blockquote { margin-top: 0px; margin-bottom: 0px; margin-left: 0.5em; }</style></head>'
        f'<body>{rich(letter.said)}<div><br></div><hr style="width: 210px; height: 1px;" color="#b5c4df" size="1" align="left"><div><span><div style="MARGIN: 10px; FONT-FAMILY: verdana; FONT-SIZE: 10pt"><div>{sign}</div></div></span></div>'
        '<blockquote style="margin-Top: 0px; margin-Bottom: 0px; margin-Left: 0.5em"><div>&nbsp;</div><div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
        f'<div style="PADDING-RIGHT: 8px; PADDING-LEFT: 8px; FONT-SIZE: 12px; BACKGROUND: #efefef; COLOR: #000000">{rows}</div></div><div>{rich(letter.quoted)}</div></blockquote></body></html>'
    )
    lines = "\n".join(
        f"{name} {value}"
        for name, value in zip(names, (letter.us, "2024-03-05 09:30", letter.name, letter.subject), strict=True)
    )
    return body, f"{plain(letter.said)}\n\n\n\n{letter.address}\n \n{lines}\n{plain(letter.quoted)}\n"


def aliyun(letter: Letter) -> Bodies:
    names = (
        ("发件人：", "发送时间：", "收件人：", "主　题：") if letter.zh else ("From:", "Sent At:", "To:", "Subject:")
    )
    names = names if letter.zh else ("From:", "Sent:", "To:", "Subject:")
    values = (
        f"{letter.us} &lt;{HELP}&gt;",
        "2024年3月5日(星期二) 09:30" if letter.zh else "2024 Mar. 5 (Tue.) 09:30",
        f"{letter.name} &lt;{letter.address}&gt;",
        f"Re: {letter.subject}",
    )
    font = 'style="clear:both;font-family:Tahoma,Arial,STHeiti,SimSun;font-size:14.0px"'
    rows = "".join(f"<div {font}><span>{name}{value}</span></div>" for name, value in zip(names, values, strict=True))
    sign = (
        f'<div class="__aliyun_signature_wrap"><div {font}>{"<br>".join(letter.signature)}</div></div>'
        if letter.signature
        else ""
    )
    body = (
        f'<div class="__aliyun_email_body_block">{rich(letter.said, "div", font)}<div {font}><br></div>{sign}<blockquote style="margin-right:0;margin-top:0;margin-bottom:0">'
        f"<div {font}>------------------------------------------------------------------</div>{rows}<div {font}><br></div>{rich(letter.quoted)}</blockquote></div>"
    )
    return body, ""


def sina(letter: Letter) -> Bodies:
    title = "----- 原始邮件 -----" if letter.zh else "----- Original Message -----"
    names = _names(letter, "：")
    values = (
        f"{letter.us} &lt;{HELP}&gt;",
        "2024年03月05日 09点30分" if letter.zh else "2024-03-05 09:30",
        f"{letter.name} &lt;{letter.address}&gt;",
        letter.subject,
    )
    rows = "<br>".join(
        f"{name}{value}"
        for name, value in zip(
            (names[0], names[2], names[3], "日期：" if letter.zh else "Date:"),
            (values[0], values[2], values[3], values[1]),
            strict=True,
        )
    )
    body = f'{broken(letter.said)}<br><br><div id="origbody"><div style="background: #f2f2f2;">{title}<br>{rows}<br></div><br>{rich(letter.quoted)}</div>'
    return body, ""


def huawei(letter: Letter) -> Bodies:
    words = "发自我的华为手机" if letter.zh else "Sent from my HUAWEI phone"
    title = "-------- 原始邮件 --------" if letter.zh else "-------- Original Message --------"
    names = ("发件人：", "日期：", "收件人：", "主题：") if letter.zh else ("From: ", "Date: ", "To: ", "Subject: ")
    when = "2024年3月5日周二 上午9:30" if letter.zh else "Tue, 5 Mar 2024, 9:30 am"
    values = (f"{letter.us} &lt;{HELP}&gt;", when, f"{letter.name} &lt;{letter.address}&gt;", letter.subject)
    rows = "<br>".join(f"{name}{value}" for name, value in zip(names, values, strict=True))
    body = f'<div dir="auto">{broken(letter.said)}<br><br>{words}</div><div class="quote" style="line-height: 1.5"><br><br>{title}<br>{rows}<br type="attribution"><blockquote class="quote" style="margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex"><div>{rich(letter.quoted)}</div></blockquote></div>'
    return body, ""


def xiaomi(letter: Letter) -> Bodies:
    words = "从小米手机发送" if letter.zh else "Sent from my Xiaomi phone"
    if letter.zh:
        attribution = f"在 {letter.us} &lt;{HELP}&gt;，2024年3月5日 上午9:30写道："
    else:
        attribution = f"On {letter.us} &lt;{HELP}&gt;, Mar 5, 2024 9:30 AM wrote:"
    body = f'<div>{broken(letter.said)}</div><br><div class="mail_android_signature">{words}</div><div class="mail_android_quote" style="line-height: 1; padding: 0.3em">{attribution}<br type="attribution"></div><blockquote class="gmail_quote" style="margin: 0.8ex 0pt 0pt 0.8ex; border-left: 1px solid rgb(204, 204, 204); padding-left: 1ex;">{rich(letter.quoted)}</blockquote>'
    return body, ""


def dingtalk(letter: Letter) -> Bodies:
    """Alibaba's mail on a phone."""
    words = "发自我的钉钉邮箱" if letter.zh else "Sent from my DingTalk Mail"
    head = "------------------------------------------------------------------"
    names = ("发件人：", "日　期：", "收件人：", "主　题：") if letter.zh else ("From:", "Date:", "To:", "Subject:")
    values = (f"{letter.us}<{HELP}>", "2024年03月05日 09:30:00", f"{letter.name}<{letter.address}>", letter.subject)
    rows = "\n".join(f"{name}{value}" for name, value in zip(names, values, strict=True))
    return "", f"{plain(letter.said)}\n\n{words}\n{head}\n{rows}\n\n{plain(letter.quoted)}\n"


def coremail(letter: Letter) -> Bodies:
    """The web mail of universities and companies."""
    title = "-----原始邮件-----" if letter.zh else "-----Original Messages-----"
    names = ("发件人:", "发送时间:", "收件人:", "主题:") if letter.zh else ("From:", "Sent Time:", "To:", "Subject:")
    values = (
        f'"{letter.us}" &lt;{HELP}&gt;',
        "2024-03-05 09:30:00 (星期二)" if letter.zh else "2024-03-05 09:30:00 (Tuesday)",
        f"{letter.address}",
        f"Re: {letter.subject}",
    )
    rows = "<br>".join(f"<b>{name}</b> {value}" for name, value in zip(names, values, strict=True))
    quote = f'<blockquote name="replyContent" class="ReferenceQuote" style="padding-left:5px;margin-left:5px;border-left:#b6b6b6 2px solid;margin-right:0;">{title}<br>{rows}<br><br>{rich(letter.quoted)}</blockquote>'
    sign = f"<br>--<br>{'<br>'.join(letter.signature)}" if letter.signature else ""
    return f"{rich(letter.said, 'p', 'style=margin:0')}{sign}<br><br><br>{quote}", ""
