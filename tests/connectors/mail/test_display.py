"""A mail's HTML on a page of ours: nothing runs, loads by itself or covers the page."""

from __future__ import annotations

import pytest

from connectors.mail.html import REMOTE, sanitised


@pytest.mark.parametrize(
    "markup",
    [
        "<script>x()</script>",
        '<p onclick="x()">a</p>',
        '<a href="javascript:x()">a</a>',
        '<a href="data:text/html,x">a</a>',
        '<iframe src="https://t.example"></iframe>',
        '<form action="https://t.example"><input name="password"></form>',
        '<meta http-equiv="refresh" content="0;url=https://t.example">',
        '<base href="https://t.example">',
        '<link rel="stylesheet" href="https://t.example/x.css">',
        "<style>@import url(https://t.example)</style>",
        '<p style="background:url(https://t.example/x)">a</p>',
        '<p style="background-color:u\\72l(https://t.example)">a</p>',
        '<table background="https://t.example/x"><tr><td>a</td></tr></table>',
        '<img src="https://t.example/x" srcset="https://t.example/y 2x">',
        '<img src="//t.example/x">',
        '<img src="/console/logout">',
        '<img src="data:image/svg+xml;base64,AAAA">',
        '<video src="https://t.example" poster="https://t.example"></video>',
        '<svg><image href="https://t.example/x"/></svg>',
        '<math><mtext><img src=x onerror="x()"></mtext></math>',
        '<div style="position:fixed;top:0;left:0;width:99999px;z-index:9">a</div>',
        '<div style="margin-top:-500px">a</div>',
        '<div style="text-indent:-500px">a</div>',
        '<div id="app" class="console">a</div>',
    ],
)
def test_what_could_do_harm_is_left_out(markup: str) -> None:
    shown = sanitised(markup).html.replace(f'{REMOTE}="https://t.example', "").replace(f'{REMOTE}="//t.example', "")

    for harmful in (
        "script",
        "onclick",
        "onerror",
        "javascript:",
        "t.example",
        " src=",
        "style=",
        "<form",
        "<input",
        "class=",
        "id=",
    ):
        assert harmful not in shown


def test_what_is_harmless_stays() -> None:
    markup = '<p style="color:red;position:fixed">Hello <b>you</b></p><table><tr><td colspan="2">x</td></tr></table>'

    shown = sanitised(markup).html

    assert '<p style="color:red">Hello <b>you</b></p>' in shown
    assert '<td colspan="2">x</td>' in shown


def test_links_open_elsewhere_and_tell_nothing() -> None:
    shown = sanitised('<a href="https://shop.example/?a=1&amp;b=2" target="_top">x</a>').html

    assert 'href="https://shop.example/?a=1&amp;b=2"' in shown
    assert 'target="_blank"' in shown
    assert 'rel="noopener noreferrer"' in shown
    assert "_top" not in shown


def test_remote_pictures_wait_until_asked_for() -> None:
    shown = sanitised('<img src="https://t.example/a.png" alt="a"><img src="http://t.example/b.png">')

    assert shown.blocked == 2
    assert f'{REMOTE}="https://t.example/a.png"' in shown.html
    assert " src=" not in shown.html


def test_pictures_of_the_mail_are_shown_from_us() -> None:
    shown = sanitised('<img src="cid:p1@x"><img src="CID:unknown">', {"p1@x": "/api/v1/attachments/7"})

    assert ' src="/api/v1/attachments/7"' in shown.html
    assert shown.html.count(" src=") == 1
    assert shown.blocked == 0


def test_a_page_cannot_name_our_pictures_itself() -> None:
    shown = sanitised('<img src="/api/v1/attachments/8"><img src="cid:p">', {"p": "/api/v1/attachments/7"})

    assert "/8" not in shown.html


def test_what_is_too_twisted_is_shown_as_text() -> None:
    shown = sanitised("<div>" * 5000 + "Hello &amp; <script>x</script>")

    assert shown.html.startswith("<pre>")
    assert "Hello &amp;" in shown.html
    assert "<div" not in shown.html
