"""Answers in HTML as programs, gateways and hand-made mailers simplify it: what is quoted is cut all the same."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from connectors.mail.html_lines import from_html, too_complex, without_tags
from connectors.mail.parse import parse

SAID, QUOTED = "还没有收到货，请查一下。", "您好，请提供订单号。"
ANSWERS = [
    '<div>%s</div><div class="gmail_quote">On Mon, Jan 1, 2024 at 10:00 Support &lt;help@x.example&gt; wrote:<blockquote>%s</blockquote></div>',
    '<div>%s</div><div class="gmail_quote">%s</div>',
    '<div>%s</div><div class="gmail_quote"><div class="gmail_attr">On Mon wrote:</div><blockquote>%s</blockquote></div>',
    "<div>%s</div><div>------------------ 原始邮件 ------------------</div><div>发件人: a</div><div>发送时间: b</div><div>%s</div>",
    '<p>%s</p><div id="divRplyFwdMsg"><b>From:</b> a<br></div><div>%s</div>',
    '<p>%s</p><hr><div id="divRplyFwdMsg"><b>发件人:</b> a<br></div><div>%s</div>',
    '<p>%s</p><blockquote type="cite">%s</blockquote>',
    '<p>%s</p><div class="yahoo_quoted">On x wrote: %s</div>',
    '<p>%s</p><div class="moz-cite-prefix">Am 1.1.2024 schrieb X:</div><blockquote type="cite">%s</blockquote>',
    '%s<br><br>在 2024-01-01 10:00:00，"客服" &lt;help@x.example&gt; 写道：<br><blockquote id="isReplyContent">%s</blockquote>',
    '%s<br><div style="border:none;border-top:solid #B5C4DF 1.0pt"><p><b>发件人:</b> 客服<br><b>发送时间:</b> 2024年1月1日<br><b>收件人:</b> 我<br><b>主题:</b> 订单</p></div><p>%s</p>',
    '<div>%s</div><hr style="WIDTH: 210px; HEIGHT: 1px" color=#b5c4df SIZE=1 align=left><div>sig</div><div>&nbsp;</div><div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm"><div><b>发件人：</b>&nbsp;a</div><div><b>发送时间：</b>&nbsp;2024</div><div><b>收件人：</b>&nbsp;b</div><div><b>主题：</b>&nbsp;c</div></div><div>%s</div>',
    '<div>%s</div><div class="protonmail_quote">------- Original Message -------<br>On Monday wrote:<br><blockquote class="protonmail_quote">%s</blockquote></div>',
    '<div>%s</div><br><div>发自我的iPhone</div><div><br></div><blockquote type="cite"><div>在 2024年1月1日，10:00，客服 写道：<br><br></div></blockquote><blockquote type="cite"><div>%s</div></blockquote>',
    "<div>%s<br/>--<br/>张三<br/>示例公司</div><div>&gt; %s</div>",
    "<div>%s</div><div><br></div><div>-- </div><div>Anna</div><!-- %s -->",
    "<div>%s</div><div>-----原始邮件-----<br>发件人：a<br>%s</div>",
    '<table><tr><td>%s</td></tr></table><div id="origbody">%s</div>',
]


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("answer", ANSWERS)
def test_what_is_quoted_is_cut(answer: str, beside: bool) -> None:
    made = EmailMessage()
    made["From"], made["To"], made["Message-ID"] = "a@b.example", "help@x.example", "<2@b.example>"
    made["Subject"], made["In-Reply-To"] = "Re: x", "<1@x.example>"
    page = f"<html><body>{answer % (SAID, QUOTED)}</body></html>"
    if beside:
        made.set_content(SAID + "\n")
        made.add_alternative(page, subtype="html")
    else:
        made.set_content(page, subtype="html")

    assert parse(made.as_bytes()).text == SAID


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ('<p class="MsoNormal">a</p><p class="MsoNormal">b</p>', "a\nb"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("<div>a<br></div><div>b</div>", "a\nb"),
        ("a \n  b&nbsp;c", "a b c"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>", "a\tb\nc\td"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ('a<span style="display: none">b</span><span hidden>c</span>', "a"),
        ("a<style>b</style><script>c</script><!-- d -->", "a"),
        ('Yes <img alt="👍" src="x"><img alt="company logo" src="y">', "Yes 👍"),
        ("a<b>b</b>c <i> d</i>", "abc d"),
        ("1 &lt; 2 &amp; 3", "1 < 2 & 3"),
        ("", ""),
    ],
)
def test_html_becomes_text(markup: str, text: str) -> None:
    lines = from_html(markup)

    assert lines is not None
    assert "\n".join(line.text for line in lines).strip("\n") == text


def test_what_cannot_be_parsed_in_bounded_time_is_read_roughly() -> None:
    markup = "<style>x</style>" + "<div>" * 1000 + "Hello<br>you &amp; me"

    assert too_complex(markup)
    assert from_html(markup) is None
    assert without_tags(markup).split() == ["Hello", "you", "&", "me"]
