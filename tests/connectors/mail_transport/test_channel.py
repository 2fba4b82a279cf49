"""The mail channel beside real servers, with the real core: whole cases, and how our mails look."""

from __future__ import annotations

import asyncio
import base64
import json
import re

import aiohttp
import pytest

from connectors.mail.parse import parse
from hub.connector import File
from hub.types import BotReply, BotTurn, Button, Handoff, Say
from tests.connectors.mail_transport.post import Office, Post
from tests.hub.house import HIT
from tests.simulators.mail import ADDRESS, SECOND, text_of

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def test_a_whole_case(office: Office) -> None:
    await office.says("ann", "Can I return it?")
    first = office.sent("ann")[0]
    text = text_of(first)
    assert text.startswith(f"Hello Ann,\n\n{HIT.answer}\n\nKind regards\nPARLEY")
    assert "written automatically" in text
    assert first["Subject"] == "Re: Can I return it?"
    assert first["Auto-Submitted"] == "auto-replied"
    assert first["X-Auto-Response-Suppress"] == "All"
    assert office.mail.smtp.posted[0].sender == ADDRESS, "reports on it come back to us"

    await office.says("ann", "and for how long? let me talk to a human")
    await office.says("ann", "I want a human")
    assert await office.cases() == [["Can I return it?", "and for how long? let me talk to a human", "I want a human"]]
    assert await office.rules() == ["new", "token", "token"]

    conversation = await office.made.conversation()
    await office.answer(conversation, "Dear Ann,\n\n14 days, as Chinese says: 十四天。")
    mail = office.sent("ann")[-1]
    assert mail["Auto-Submitted"] is None
    assert mail["X-Loop"] is None
    assert str(mail["From"]) == '"Agnes (PARLEY 客服 Support)" <help@shop.example>'
    assert office.mail.smtp.posted[-1].sender == ADDRESS
    assert text_of(mail).startswith("Dear Ann,\n\n14 days, as Chinese says: 十四天。\n\n-- \nAgnes\n")
    assert re.search(r"^On .*, Ann wrote:\n> I want a human$", text_of(mail), re.MULTILINE)
    assert parse(office.mail.smtp.posted[-1].data).kind == "message", "nobody takes it for a machine's"

    await office.says("ann", "Thank you!")
    assert len((await office.cases())[0]) == 4
    assert await office.made.value("select status from conversations") == "human"


async def test_our_mails_stand_in_the_thread_that_they_answer(office: Office) -> None:
    raw = office.mail.write(
        "ann", "Can I return it?", subject="AW: Re: 答复: 退货", id="first", to=f"{ADDRESS}, {SECOND}"
    )
    await office.delivers(raw.replace(b"To: ", b"Cc: Bob <bob@else.example>\r\nTo: "))
    mail = office.sent("ann")[0]
    assert mail["Subject"] == "Re: 退货"
    assert mail["In-Reply-To"] == "<first@customer.example>"
    references = str(mail["References"]).split()
    assert references[-1] == "<first@customer.example>"
    assert references[0].endswith("@shop.example>")
    assert mail["Cc"] is None, "the bot answers who asked, and nobody else"
    await office.answer(await office.made.conversation(), "Yes.")
    mail = office.sent("ann")[1]
    assert mail["Cc"] == "bob@else.example"
    assert office.mail.smtp.posted[-1].recipients == ("ann@customer.example", "bob@else.example")


async def test_a_strange_reader_keeps_nobody_from_the_answer(office: Office) -> None:
    raw = office.mail.write("ann", "I want a human", headers={"Cc": "bob@customer.example, zoe@else..example, a@b@c"})
    await office.delivers(raw)
    office.mail.smtp.unknown = {"bob@customer.example"}
    await office.answer(await office.made.conversation(), "Here I am.")
    assert office.mail.smtp.posted[-1].recipients == ("ann@customer.example",)
    assert await office.made.value("select delivery from messages where author = 'agent'") == "sent"
    note = await office.made.value("select text from messages where kind = 'note'")
    assert "bob@customer.example: 550 5.1.1" in note


async def test_the_subject_is_that_of_the_latest_mail(office: Office) -> None:
    await office.says("ann", "Can I return it?")
    raw = office.mail.answer("ann", "Something else: I want a human")
    await office.delivers(re.sub(rb"Subject: .*\r\n", b"Subject: Re: A lamp, too\r\n", raw))
    await office.answer(await office.made.conversation(), "Yes.")
    assert office.sent("ann")[-1]["Subject"] == "Re: A lamp, too"


async def test_answers_go_where_they_are_wanted(office: Office) -> None:
    raw = office.mail.write("form@shop.example.net", "Can I return it?", headers={"Reply-To": "Zoe <zoe@else.example>"})
    await office.delivers(raw)
    assert len(office.sent("zoe@else.example")) == 1
    assert not office.sent("form@shop.example.net")
    await office.says("zoe@else.example", "and for how long can I return it?")
    assert await office.rules() == ["new", "token"]


async def test_choices_are_numbers(office: Office) -> None:
    await office.says("ann", "My phone is broken")
    shown = office.mail.shown("ann")[0]
    assert shown.buttons == ((HIT.title, "1"), ("None of these", "2"))
    assert "Reply with the number" in shown.text
    assert await office.mail.press("ann", *shown.buttons[0])
    await office.stored(2)
    assert HIT.answer in text_of(office.sent("ann")[-1])


async def test_what_the_bot_cannot_answer_goes_to_a_person_and_says_so_without_buttons(office: Office) -> None:
    await office.says("ann", "Where is my parcel?")
    assert await office.made.value("select status from conversations") == "waiting"
    text = text_of(office.sent("ann")[0])
    assert "passing you on" in text
    assert "will come by mail. I cannot promise when" in text
    assert "1." not in text
    assert "No person needed" not in text


async def test_it_is_acknowledged_once_a_day(office: Office) -> None:
    await office.delivers(office.mail.write("ann", "Where is my parcel?", subject="A parcel of mine"))
    await office.delivers(office.mail.write("ann", "Where is my lamp?", subject="A lamp of mine"))
    await office.delivers(office.mail.write("bob", "Where is my shoe?", subject="A shoe of mine"))
    assert len(await office.cases()) == 3
    assert [len(office.sent(who)) for who in ("ann", "bob")] == [1, 1]
    rows = await office.made.rows("select delivery, error from messages where author = 'bot' order by key")
    assert [row["delivery"] for row in rows] == ["sent", "dropped", "sent"]
    assert "acknowledgement" in rows[1]["error"]
    assert await office.made.value("select count(*) from conversations where status = 'waiting'") == 3


async def test_chinese_in_and_out(office: Office) -> None:
    raw = office.mail.write(
        "王小明 <wang@else.example>".partition("<")[2][:-1], "可以退货吗？return", subject="关于订单的咨询"
    )
    await office.delivers(raw)
    mail = office.sent("wang@else.example")[0]
    assert mail["Subject"] == "Re: 关于订单的咨询"
    assert "PARLEY 客服 Support" in str(mail["From"])
    await office.answer(await office.made.conversation(), "您好，可以的。", files=())
    mail = office.sent("wang@else.example")[1]
    assert "您好，可以的。" in text_of(mail)
    assert "写道：" in text_of(mail)
    wire = office.mail.smtp.posted[-1].data
    assert wire.isascii()
    assert b"\n" not in wire.replace(b"\r\n", b"")
    assert max(map(len, wire.split(b"\r\n"))) <= 998


async def test_files_both_ways(office: Office) -> None:
    raw = office.mail.write(
        "ann", "a picture for a human", files=[("图 片.png", "image/png", PNG), ("a.txt", "text/plain", b"hi")]
    )
    await office.delivers(raw)
    await office.made.until("select count(*) from attachments where state = 'stored'", is_=2)
    rows = await office.made.rows("select name, type, data from attachments order by name")
    assert [(row["name"], row["type"]) for row in rows] == [("a.txt", "text/plain"), ("图 片.png", "image/png")]
    assert rows[1]["data"] == PNG

    conversation = await office.made.conversation()
    agent = await office.agent()
    await office.made.desk.claim(agent, conversation)
    file = await office.made.desk.attach(
        await office.made.desk.owned(agent, conversation), File("说明\r\n.pdf", "application/pdf", b"%PDF-1")
    )
    await office.made.desk.say(agent, conversation, "Here it is.", None, (file.id,))
    await office.made.settled()
    shown = office.mail.shown("ann")[-1]
    assert shown.data == b"%PDF-1"
    assert shown.file == "说明 .pdf"


async def test_agents_hear_what_could_not_be_read_and_which_addresses_are_ours(office: Office) -> None:
    tnef = ("winmail.dat", "application/ms-tnef", b"\x78\x9f\x3e\x22")
    raw = office.mail.write("ann", "Can I return it?", files=[tnef]).replace(b'charset="utf-8"', b'charset="latin-9"')
    await office.delivers(raw)
    faults = await office.made.value("select extra->'letter'->>'faults' from messages where author = 'customer'")
    assert json.loads(faults) == ["winmail.dat, Outlook's own format: cannot be read here"], "no more than what is lost"
    assert office.made.connector.channel.addresses == (ADDRESS, SECOND)


async def test_eight_megabytes(office: Office) -> None:
    data = bytes(range(256)) * (8 * 2**12)
    await office.delivers(office.mail.write("ann", "Can I return it?", files=[("big.bin", "application/x-x", data)]))
    await office.made.until("select count(*) from attachments where state = 'stored'", is_=1)
    assert await office.made.value("select data = $1 from attachments", data)


async def test_what_the_bot_says_at_once_is_one_mail(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    said = (Say("I am sorry about that."), Say("Which order is it?", (Button("No order number", "/no_number"),)))

    async def answers(turn: BotTurn) -> BotReply:
        return BotReply(effects=(*said, Handoff("asked")) if "human" in turn.text else said, intent="x")

    monkeypatch.setattr(office.made.bot, "respond", answers)
    await office.says("ann", "It is broken.")
    assert len(office.sent("ann")) == 1
    text = text_of(office.sent("ann")[0])
    assert 'I am sorry about that.\n\nWhich order is it?\n\nYou can also reply: "No order number".' in text
    assert "Reply with the number" not in text, "it takes no number for that"
    await office.says("ann", "A human, please. It is broken.")
    assert len(office.sent("ann")) == 2
    assert "Which order is it?\n\nI am passing you on" in text_of(office.sent("ann")[1])


async def test_who_waits_is_not_told_that_a_person_might_come(office: Office) -> None:
    await office.delivers(office.mail.write("ann@customer.example", "I want a human", subject="x"))
    assert "where our bot cannot help" not in text_of(office.sent("ann")[0])
    assert "sent automatically" in text_of(office.sent("ann")[0])
    await office.says("ann", "1")
    assert len(office.sent("ann")) == 1, "that was not offered"


@pytest.mark.parametrize("name", ["Win at evil.example now", "ann@customer.example", "Call 0190 123456!", "x" * 41])
async def test_nobody_is_greeted_with_an_advertisement(office: Office, name: str) -> None:
    raw = office.mail.write("ann", "Can I return it?")
    await office.delivers(raw.replace(b"From: Ann ", f'From: "{name}" '.encode()))
    assert text_of(office.sent("ann")[0]).startswith("Hello,\n\n")


async def test_an_agents_mail_as_others_read_it(office: Office) -> None:
    await office.delivers(office.mail.write("ann", "I want a human", subject="A lamp of mine"))
    await office.answer(await office.made.conversation(), "See https://shop.example/lamps.")
    mail = office.sent("ann")[-1]
    body = mail.get_body(("html",))
    assert body is not None
    assert '<a href="https://shop.example/lamps">https://shop.example/lamps</a>.' in body.get_content()
    assert "wrote:\n> I want a human" in text_of(mail), "the subject is not what she wrote"
    assert parse(office.mail.smtp.posted[-1].data).text == "See https://shop.example/lamps.", "our signature is known"


async def test_who_has_rated_us_is_not_asked_again(office: Office, post: Post) -> None:
    await office.says("ann", "I want a human")
    conversation = await office.made.conversation()
    await office.answer(conversation, "Here I am.")
    assert "How did we do?" in text_of(office.sent("ann")[-1])
    await office.made.rows("insert into ratings (conversation, score) values ($1, 5)", conversation)
    await office.answer(conversation, "And still am.")
    assert "How did we do?" not in text_of(office.sent("ann")[-1])


async def test_nobody_is_asked_to_rate_us_where_that_is_not_wanted(post: Post) -> None:
    async with post.open(ask_rating=False) as office:
        await office.says("ann", "I want a human")
        await office.answer(await office.made.conversation(), "Here I am.")
        assert "/rate/" not in text_of(office.sent("ann")[-1])


async def test_a_customer_rates_us_once(post: Post) -> None:
    async with post.open() as office, aiohttp.ClientSession() as http:
        await office.says("ann", "I want a human")
        await office.answer(await office.made.conversation(), "Here I am.")
        found = re.search(r"http://\S+/channels/mail/rate/\w+", text_of(office.sent("ann")[-1]))
        assert found is not None
        async with http.get(found[0]) as page:
            assert page.status == 200
            assert "radio" in await page.text()
        assert await office.made.value("select count(*) from ratings") == 0, "programs look at links by themselves"
        async with http.post(found[0], data={"score": "9"}) as page:
            assert page.status == 400
        for score, text in (("5", "Thank you"), ("1", "rated already")):
            async with http.post(found[0], data={"score": score, "comment": "kind"}) as page:
                assert text in await page.text()
        assert await office.made.rows("select score, comment from ratings") == [{"score": 5, "comment": "kind"}]
        bent = found[0][:-1] + ("a" if found[0][-1] != "a" else "b")
        async with http.get(bent) as page:
            assert page.status == 404
        async with http.get(found[0]) as page:
            assert "rated already" in await page.text()


async def test_mails_that_come_at_once_are_each_answered_once(office: Office) -> None:
    raws = [office.mail.write(f"p{n}", f"Can I return number {n}?") for n in range(20)]
    assert all(await asyncio.gather(*map(office.mail.deliver, raws)))
    await office.stored(20)
    assert [len(office.sent(f"p{n}")) for n in range(20)] == [1] * 20
