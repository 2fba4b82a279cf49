"""A mail as it was sent, to look at."""

from __future__ import annotations

from email.message import EmailMessage

from connectors.mail.connector import Mail
from connectors.mail.page import page
from hub.connector import Letters

DOT = b"\x89PNG\r\n\x1a\n"


def mail() -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "ann@example.com", "help@example.com", "A lamp"
    made.set_content("See the picture.")
    made.add_alternative(
        '<p onclick="x()">See <img src="cid:lamp"> and <img src="https://far.example/track.gif"></p><script>x()</script>',
        subtype="html",
    )
    made.get_payload()[1].add_related(DOT, "image", "png", cid="<lamp>")  # type: ignore[union-attr,index]
    return bytes(made)


def test_own_pictures_are_in_it_and_others_wait_to_be_asked_for() -> None:
    blocked, loaded = page(mail(), images=False), page(mail(), images=True)
    assert 'src="data:image/png;base64,' in blocked
    assert ' src="https://far.example/track.gif"' not in blocked
    assert ' src="https://far.example/track.gif"' in loaded
    assert "script" not in blocked + loaded
    assert "onclick" not in blocked + loaded


def test_a_mail_without_html_is_its_text() -> None:
    assert page(b"Subject: x\r\n\r\n1 < 2 & <b>no</b>", images=True).count("&lt;b&gt;no&lt;/b&gt;") == 1
    assert page(b"\xff\x00not a mail", images=False)


def test_the_channel_can_show_its_letters() -> None:
    assert issubclass(Mail, Letters)
