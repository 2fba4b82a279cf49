"""The part of the corpus that is broken, wrongly labelled or oddly built, and the texts of which nothing may be cut."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from tests.connectors.mail.corpus_automatic import Made, plain_mail
from tests.connectors.mail.letters import HELP

_ZH = "您好，我的订单还没有发货，请帮我查一下，谢谢！"
_TW = "您好，我的訂單還沒有發貨，請幫我查一下，謝謝！"
_JA = "注文した商品がまだ届きません。ご確認ください。"
_DE = "Grüße aus Köln – wo bleibt meine Bestellung?"
_HEAD = b"From: Desk <desk@example.org>\r\nTo: help@shop.example.com\r\nSubject: Order\r\nDate: Tue, 05 Mar 2024 11:22:33 +0800\r\nMessage-ID: <f@mail.example.org>\r\nMIME-Version: 1.0\r\n"


def _leaf(data: bytes, kind: str = "text/plain", how: str = "8bit", head: bytes = _HEAD) -> bytes:
    return head + f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {how}\r\n\r\n".encode() + data


def _many(*parts: bytes, kind: str = "mixed", last: bytes = b"--b--\r\n", head: bytes = _HEAD) -> bytes:
    begun = head + f'Content-Type: multipart/{kind}; boundary="b"\r\n\r\n'.encode()
    return begun + b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + last


_TEXT = b"Content-Type: text/plain; charset=utf-8\r\n\r\nSee the file."
_PNG = b"iVBORw0KGgoAAAANSUhEUg=="


def mails() -> Made:
    """Name, bytes and expected parse of each."""
    for group, cases in (("charsets", _charsets()), ("headers", _headers()), ("parts", _parts()), ("kept", _kept())):
        for name, raw, expected in cases:
            language = "zh" if any("\u4e00" <= one <= "\u9fff" for one in str(expected.get("text", ""))) else "en"
            yield name, raw, {"group": group, "language": language, "kind": "message", **expected}


def _charsets() -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    cases = [
        ("gbk-as-gb2312", _ZH + "喆镕", "gbk", "gb2312", ""),
        ("gb18030-as-gb2312", _ZH + "㐀𠀀", "gb18030", "gb2312", ""),
        ("gbk-as-utf8", _ZH, "gbk", "utf-8", "is gb18030"),
        ("utf8-as-gbk", _ZH, "utf-8", "gbk", "is utf-8"),
        ("utf8-as-gb2312", _ZH, "utf-8", "gb2312", "is utf-8"),
        ("gbk-as-latin1", _ZH, "gbk", "iso-8859-1", "is gb18030"),
        ("gbk-as-ascii", _ZH, "gbk", "us-ascii", "is gb18030"),
        ("gbk-unlabelled", _ZH, "gbk", "", "no charset"),
        ("gbk-unknown-name", _ZH, "gbk", "x-chinese-unknown", "unknown charset"),
        ("utf8-unlabelled", _ZH, "utf-8", "", ""),
        ("utf8-unknown-name", _ZH, "utf-8", "utf-8-mb7", "unknown charset"),
        ("big5", _TW, "big5", "big5", ""),
        ("big5-as-gb2312", _TW, "big5", "gb2312", "is big5"),
        ("gbk-as-big5", _ZH, "gbk", "big5", "is gb18030"),
        ("iso-2022-jp", _JA, "iso2022_jp", "iso-2022-jp", ""),
        ("shift-jis", _JA, "cp932", "shift_jis", ""),
        ("windows-1252-as-latin1", "It’s “late” – 20 € …", "cp1252", "iso-8859-1", ""),
        ("latin1-as-utf8", _DE.replace("–", "-"), "latin-1", "utf-8", "is cp1252"),
        ("utf8-as-latin1", _DE, "utf-8", "iso-8859-1", "is utf-8"),
        ("utf8-as-ascii", _DE, "utf-8", "us-ascii", "is utf-8"),
        ("utf-16", _ZH, "utf-16", "utf-16", ""),
        ("hz", "您好，订单呢", "hz", "hz-gb-2312", ""),
        ("euc-kr", "주문한 상품이 아직 오지 않았어요.", "euc_kr", "ks_c_5601-1987", ""),
        ("koi8-r", "Где мой заказ? Жду ответа.", "koi8-r", "koi8-r", ""),
    ]
    for name, text, charset, label, fault in cases:
        kind = f'text/plain; charset="{label}"' if label else "text/plain"
        raw = _leaf(base64.encodebytes(text.encode(charset)), kind, "base64")
        yield name, raw, {"text": text, **({"fault_has": fault} if fault else {"no_faults": True})}
    html = f'<html><head><meta charset="gbk"></head><body><p>{_ZH}</p></body></html>'.encode("gbk")
    yield "html-meta-gbk", _leaf(base64.encodebytes(html), "text/html", "base64"), {"text": _ZH}
    yield "utf8-cut-in-character", _leaf(_ZH.encode()[:-1], "text/plain; charset=utf-8"), {"text": _ZH[:-1]}


def _headers() -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    def with_head(*lines: bytes) -> bytes:
        kept = [
            line
            for line in _HEAD.split(b"\r\n")[:-1]
            if not any(line.split(b":")[0] == new.split(b":")[0] for new in lines)
        ]
        return b"\r\n".join([*kept, *lines, b"Content-Type: text/plain; charset=utf-8", b"", b"Hello."])

    gbk, utf8 = base64.b64encode("订单咨询".encode("gbk")).decode(), "订单咨询".encode()
    cut = [base64.b64encode(utf8[:4]).decode(), base64.b64encode(utf8[4:]).decode()]
    cases: list[tuple[str, tuple[bytes, ...], dict[str, Any]]] = [
        (
            "word-cut-in-character",
            (f"Subject: =?utf-8?B?{cut[0]}?=\r\n =?utf-8?B?{cut[1]}?=".encode(),),
            {"subject": "订单咨询"},
        ),
        ("word-no-padding", (f"Subject: =?gb2312?B?{gbk.rstrip('=')}?=".encode(),), {"subject": "订单咨询"}),
        ("word-wrong-label", (f"Subject: =?utf-8?B?{gbk}?=".encode(),), {"subject": "订单咨询"}),
        (
            "word-in-quotes",
            (f'From: "=?gbk?B?{gbk}?=" <desk@example.org>'.encode(),),
            {"from_name": "订单咨询", "from": "desk@example.org"},
        ),
        (
            "word-no-space",
            (f"From: =?gbk?B?{gbk}?=<desk@example.org>".encode(),),
            {"from_name": "订单咨询", "from": "desk@example.org"},
        ),
        ("word-q", (b"Subject: =?iso-8859-1?Q?Gr=FC=DFe_aus_K=F6ln?=",), {"subject": "Grüße aus Köln"}),
        ("word-q-with-space", (b"Subject: =?utf-8?Q?Order 5 =E2=82=AC?=",), {"subject": "Order 5 €"}),
        (
            "word-unknown-charset",
            (f"Subject: =?x-none?B?{base64.b64encode(utf8).decode()}?=".encode(),),
            {"subject": "订单咨询"},
        ),
        (
            "word-beside-text",
            (f"Subject: Re: =?utf-8?B?{base64.b64encode(utf8).decode()}?= (5)".encode(),),
            {"subject": "Re: 订单咨询 (5)"},
        ),
        (
            "raw-gbk-subject",
            (b"Subject: " + "订单咨询：还没有收到货".encode("gbk"),),
            {"subject": "订单咨询：还没有收到货"},
        ),
        ("raw-utf8-subject", (b"Subject: " + utf8,), {"subject": "订单咨询"}),
        (
            "raw-gbk-name",
            (b"From: " + "采购部".encode("gbk") + b" <desk@example.org>",),
            {"from_name": "采购部", "from": "desk@example.org"},
        ),
        ("no-message-id", (b"Message-ID: ",), {"message_id": "", "fault_has": "no Message-ID"}),
        ("bracket-message-id", (b"Message-ID: <[abc]@x>",), {"message_id": "<[abc]@x>"}),
        ("space-message-id", (b"Message-ID: <x y@z>",), {"message_id": "<x y@z>"}),
        ("bare-message-id", (b"Message-ID: abc@example.org",), {"message_id": "<abc@example.org>"}),
        (
            "two-message-ids",
            (b"Message-ID: <1@x>", b"Message-Id: <2@x>"),
            {"message_id": "<1@x>", "fault_has": "several"},
        ),
        (
            "two-replies",
            (b"In-Reply-To: <1@x> <2@x>", b"In-Reply-To: <3@x>"),
            {"in_reply_to": ["<1@x>", "<2@x>", "<3@x>"]},
        ),
        ("reply-in-words", (b'In-Reply-To: Your message of "Mon, 4 Mar 2024" <1@x>',), {"in_reply_to": ["<1@x>"]}),
        (
            "rubbish-references",
            (b"References: <1@x>, junk <2@x\r\n y> <> <1@x> >< <3@x>",),
            {"references": ["<1@x>", "<2@xy>", "<3@x>"]},
        ),
        (
            "two-froms",
            (b"From: a@example.org", b"From: b@example.org"),
            {"from": "a@example.org", "fault_has": "several From"},
        ),
        ("no-from", (b"From: ", b"Sender: s@example.org"), {"from": "s@example.org", "fault_has": "no sender"}),
        (
            "address-as-name",
            (b"From: desk@example.org <desk@example.org>",),
            {"from": "desk@example.org", "from_name": ""},
        ),
        (
            "comment-as-name",
            (b"From: desk@example.org (The Desk)",),
            {"from": "desk@example.org", "from_name": "The Desk"},
        ),
        (
            "comma-in-name",
            (b'From: "Desk, The" <desk@example.org>',),
            {"from": "desk@example.org", "from_name": "Desk, The"},
        ),
        ("group-to", (b"To: Team: a@example.com, B <b@example.com>;",), {"to": ["a@example.com", "b@example.com"]}),
        ("date-zone-name", (b"Date: Tue, 5 Mar 2024 03:22:33 GMT",), {"date": "2024-03-05T03:22:33+00:00"}),
        ("date-zone-chinese", (b"Date: Tue, 5 Mar 2024 11:22:33 +0800 (CST)",), {"date": "2024-03-05T03:22:33+00:00"}),
        ("date-iso", (b"Date: 2024-03-05 11:22:33 +0800",), {"date": "2024-03-05T03:22:33+00:00"}),
        ("date-chinese", (b"Date: " + "2024年3月5日 11:22".encode(),), {"date": "2024-03-05T11:22:00+00:00"}),
        (
            "date-rubbish",
            (b"Date: yesterday", b"Received: from a by b; Tue, 5 Mar 2024 03:22:33 +0000"),
            {"date": "2024-03-05T03:22:33+00:00", "fault_has": "date"},
        ),
        ("date-impossible", (b"Date: Tue, 99 Foo 2024 25:61:00 +9999",), {"date": None}),
        (
            "header-rubbish-line",
            (b"Subject: Order", b"this is no header", b"X-Other: 1"),
            {"subject": "Order", "text": "Hello.", "fault_has": "no headers among"},
        ),
    ]
    for name, lines, expected in cases:
        yield name, with_head(*lines), {"text": "Hello.", **expected}


def _parts() -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    def file(kind: str, *more: str, data: bytes = _PNG) -> bytes:
        return (
            "\r\n".join([f"Content-Type: {kind}", "Content-Transfer-Encoding: base64", *more, "", ""]).encode() + data
        )

    said = {"text": "See the file."}
    nested = b"Content-Type: message/rfc822\r\n\r\nFrom: x@example.org\r\nSubject: Inner\r\n\r\nInner text"
    percent = "filename*=GBK''%B6%A9%B5%A5.png"
    cases: list[tuple[str, bytes, dict[str, Any]]] = [
        ("file-rfc2231", _many(_TEXT, file("image/png", f"Content-Disposition: attachment; {percent}")), {**said, "files": ["订单.png"]}),
        ("file-rfc2231-parts", _many(_TEXT, file("image/png", "Content-Disposition: attachment; filename*0*=utf-8''%E8%AE%A2;\r\n filename*1*=%E5%8D%95; filename*2=.png")), {**said, "files": ["订单.png"]}),
        ("file-rfc2231-wrong-label", _many(_TEXT, file("image/png", "Content-Disposition: attachment; filename*=utf-8''%B6%A9%B5%A5.png")), {**said, "files": ["订单.png"]}),
        ("file-rfc2047", _many(_TEXT, file('image/png; name="=?gb2312?B?tqm1pS5wbmc=?="')), {**said, "files": ["订单.png"]}),
        ("file-raw-gbk", _many(_TEXT, b"Content-Type: image/png; name=\"" + "订单照片.png".encode("gbk") + b'"\r\n\r\nx'), {**said, "files": ["订单照片.png"]}),
        ("file-path-in-name", _many(_TEXT, file("image/png", 'Content-Disposition: attachment; filename="..\\\\..\\\\etc/passwd.png"')), {**said, "files": ["passwd.png"]}),
        ("file-no-name", _many(_TEXT, file("image/png")), {**said, "files": ["part-2.png"]}),
        ("file-text", _many(_TEXT, b'Content-Type: text/plain; name="notes.txt"\r\nContent-Disposition: attachment; filename="notes.txt"\r\n\r\nnot said'), {**said, "files": ["notes.txt"]}),
        ("mail-as-file", _many(_TEXT, nested), {**said, "files": ["Inner.eml"]}),
        ("signed", _many(_TEXT, file('application/pkcs7-signature; name="smime.p7s"'), kind="signed"), {**said, "files": ["smime.p7s"]}),
        ("winmail", _many(_TEXT, file('application/ms-tnef; name="winmail.dat"')), {**said, "files": ["winmail.dat"], "fault_has": "winmail.dat"}),
        ("encrypted", _many(b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1", b'Content-Type: application/octet-stream; name="encrypted.asc"\r\n\r\nx', kind="encrypted"), {"text": "", "fault_has": "encrypted"}),
        ("no-closing-boundary", _many(_TEXT, last=b""), {**said, "fault_has": "no closing"}),
        ("wrong-boundary", _many(_TEXT).replace(b'boundary="b"', b'boundary="c"'), {**said, "fault_has": "boundary"}),
        ("no-boundary", _many(_TEXT).replace(b'; boundary="b"', b""), {**said, "fault_has": "boundary"}),
        ("no-parts", _HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\nJust text.", {"text": "Just text.", "fault_has": "without boundaries"}),
        ("alternative-empty-html", _many(_TEXT, b"Content-Type: text/html\r\n\r\n<html><body> &nbsp;</body></html>", kind="alternative"), said),
        ("related-picture", _many(b'Content-Type: text/html; charset=utf-8\r\n\r\n<p>See the file.</p><img src="cid:p1">', file("image/png", "Content-ID: <p1>"), kind="related"), {**said, "files": ["part-2.png"]}),
        ("apple-text-picture-text", _many(_TEXT, file('image/jpeg; name="a.jpg"', "Content-Disposition: inline"), b"Content-Type: text/plain\r\n\r\nAnd this."), {"text": "See the file.\n\nAnd this.", "files": ["a.jpg"]}),
        ("base64-cut", _leaf(base64.b64encode(b"See the file and tell me what is wrong.")[:-2], how="base64"), {"text_starts": "See the file and tell me what is wron"}),
        ("base64-lie", _leaf(b"See the file, please; it is not base64.", how="base64"), {"text": "See the file, please; it is not base64.", "fault_has": "base64"}),
        ("base64-unsaid", _leaf(base64.encodebytes(_ZH.encode() * 4), "text/plain; charset=utf-8", "7bit"), {"text": _ZH * 4, "fault_has": "base64"}),
        ("qp-cut", _leaf(b"Caf=C3=A9 is open=", "text/plain; charset=utf-8", "quoted-printable"), {"text": "Café is open"}),
        ("qp-unsaid", _leaf("订单呢".encode().hex("=").join(["=", ""]).upper().encode(), "text/plain; charset=utf-8", "7bit"), {"text": "订单呢", "fault_has": "quoted-printable"}),
        ("flowed", _leaf(b"This is one \r\nlong line.\r\n\r\n> quoted \r\n> line\r\n  stuffed", "text/plain; format=flowed"), {"text_has": ["This is one long line."], "shows": ["> quoted line"]}),
        ("flowed-delsp", _leaf("订单还没 \r\n有到。".encode(), "text/plain; charset=utf-8; format=flowed; delsp=yes"), {"text": "订单还没有到。"}),
        ("bare-lf", _leaf(b"One.\r\nTwo.").replace(b"\r\n", b"\n"), {"text": "One.\nTwo."}),
        ("bare-cr", _leaf(b"One.\r\nTwo.").replace(b"\r\n", b"\r"), {"text": "One.\nTwo."}),
        ("doubled-cr", _leaf(b"One.\r\nTwo.").replace(b"\r\n", b"\r\r\n"), {"text": "One.\nTwo."}),
        ("empty-body", _HEAD + b"\r\n", {"text": "", "full_text": "", "subject": "Order"}),
        ("no-empty-line", _HEAD.rstrip() + b"\r\nHello there, where is it", {"text": "Hello there, where is it", "fault_has": "no empty line"}),
        ("no-headers", "只有文字，没有信头。".encode(), {"text": "只有文字，没有信头。", "fault_has": "no headers"}),
        ("empty-file", b"", {"text": "", "from": ""}),
        ("broken-type", _leaf(b"Hello.", "text"), {"text": "Hello."}),
        ("nested-deep", _deep(60), {"fault_has": "too deep"}),
        ("hidden-text", _leaf(b'<div style="display:none">secret &zwnj;</div><p>Where is it?</p><script>x()</script>', "text/html"), {"text": "Where is it?"}),
        ("invitation", _many(_TEXT, _INVITATION.encode(), kind="mixed"), {"text_has": ["See the file.", "会议邀请: 退货沟通", "2024-03-08 10:00 (Asia/Shanghai)", "示例路 88 号"]}),
        ("invitation-only", _HEAD + _INVITATION.replace("退货沟通", "Return talk").replace("METHOD:REQUEST", "METHOD:CANCEL").encode(), {"text_has": ["Cancelled: Return talk"]}),
        ("pgp-in-line", _leaf(b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nSee the file.\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\nabc\r\n-----END PGP SIGNATURE-----"), said),
    ]  # fmt: skip
    yield from cases


_INVITATION = """Content-Type: text/calendar; charset=utf-8; method=REQUEST; name="invite.ics"\r
\r
BEGIN:VCALENDAR\r
METHOD:REQUEST\r
BEGIN:VEVENT\r
SUMMARY:退货沟通\r
DTSTART;TZID=Asia/Shanghai:20240308T100000\r
DTEND;TZID=Asia/Shanghai:20240308T103000\r
LOCATION:上海市示例路\r
  88 号\r
ORGANIZER;CN=Desk:mailto:desk@example.org\r
END:VEVENT\r
END:VCALENDAR"""


def _deep(depth: int) -> bytes:
    raw = b"Content-Type: text/plain\r\n\r\nInside."
    for level in range(depth):
        mark = f"b{level}".encode()
        raw = (
            b"Content-Type: multipart/mixed; boundary="
            + mark
            + b"\r\n\r\n--"
            + mark
            + b"\r\n"
            + raw
            + b"\r\n--"
            + mark
            + b"--\r\n"
        )
    return _HEAD + raw


_KEPT = {
    "kept-shipping-order": "Please ship it:\nFrom: Shanghai\nTo: Berlin\nDate: 3 May 2024\nWeight: 5 kg\n\nThank you.",
    "kept-address-last": "请改成这个地址：\n\n收件人：采购部\n地址：上海市示例路 88 号\n电话：021-5550 0100",
    "kept-thanks-and-contact": "谢谢！\n\n公司：示例科技有限公司\n邮箱：buyer@example.cn\n电话：021-5550 0100",
    "kept-greater-than": "> 500 pieces, what do they cost?\n> 1000 pieces?\n\nWe need them in May.",
    "kept-dashes": "There are two questions.\n--\nFirst: where is my order? It was sent on 3 March and the tracking page has not changed since then, which is strange.\nSecond: can I return it? I have opened the box and used the device once, but the colour is not what the page had shown to me.",
    "kept-wrote": "Your colleague wrote:\nyou will get the money on Friday.\nBut I have not.",
    "kept-wrote-dated": 'On 3 March 2024 your colleague wrote:\n"you will get the money on Friday".\nBut I have not.',
    "kept-zh-wrote": "2024年3月3日 客服在聊天里写道：\n“周五之前退款”。\n但是还没有收到。",
    "kept-from-heart": "发自我的内心感谢你们，\n但是东西还没有收到。\n发自我的内心",
    "kept-sent-from-shop": "It was sent from the shop in Berlin.",
    "kept-separator-word": "----- Original -----\nThis is what stands on the box. Is it the original or not?",
    "kept-confidential-question": "Hello,\n\nthis message is confidential: is the attachment that you sent me meant for somebody else?",
    "kept-regards-then-question": "Best regards from Berlin!\n\nMy phone number is 555-0100, please call me about order 5. The address is desk@example.org, too.",
    "kept-own-headers": "From: desk@example.org\n\nI wrote to you from this address, which is registered.",
}


def _kept() -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    for name, text in _KEPT.items():
        yield name, plain_mail("Question", text, name=name), {"text": text}
    body = '<p>Please print:</p><blockquote style="margin:0 0 0 40px;border:none;padding:0px">Happy birthday</blockquote><p>on the card.</p>'
    yield (
        "kept-own-indent",
        _leaf(body.encode(), "text/html"),
        {"text_has": ["Please print:", "Happy birthday", "on the card."]},
    )
    within = '<div class="gmail_signature">Where is my order 5? I wrote this into the signature.</div>'
    yield "kept-in-signature", _leaf(within.encode(), "text/html"), {"text_has": ["Where is my order 5?"]}
    alone = f"> Dear customer,\n> it is sent.\n\n> Regards\n{HELP}"
    yield (
        "kept-only-quotes",
        plain_mail("Re: order", "\n".join(alone.split("\n")[:2]), name="only"),
        {"text_has": ["it is sent."]},
    )
