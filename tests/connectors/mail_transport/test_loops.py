"""What a machine wrote is kept, and nothing automatic answers it; bounces are shown where they belong."""

from __future__ import annotations

import email.policy
from email.message import EmailMessage

import pytest

from connectors.mail.loops import MOST_AN_HOUR, MOST_TO_ONE
from tests.connectors.mail.lists import GOOGLE, written
from tests.connectors.mail_transport.post import Office, Post
from tests.simulators.mail import ADDRESS, SECOND, MailSimulator, text_of


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Auto-Submitted": "auto-generated"},
        {"List-Id": "<news.example>"},
        {"Precedence": "bulk"},
        {"X-Autoreply": "yes"},
        {"Return-Path": "<>"},
        {"X-Loop": "us"},
    ],
)
async def test_machines_are_not_answered(office: Office, headers: dict[str, str]) -> None:
    await office.delivers(office.mail.write("robot", "Can I return it?", headers=headers))
    await office.delivers(office.mail.write("robot", "I want a human", headers=headers))
    assert not office.sent("robot")
    assert not office.made.bot.asked
    assert await office.made.value("select count(*) from conversations where status = 'bot'") >= 1


async def test_whoever_wants_no_automatic_answer_gets_a_person(office: Office) -> None:
    wish = {"X-Auto-Response-Suppress": "All"}
    await office.delivers(office.mail.write("ann", "Can I return it?", headers=wish))
    await office.delivers(office.mail.write("bob", "Can I return it?", to="somebody@else.example"))
    assert not office.mail.smtp.posted
    await office.made.until("select count(*) from conversations where status = 'waiting'", is_=2)
    rows = await office.made.rows(
        "select c.id from conversations c join identities i on i.id = c.identity where i.external_id like 'ann%'"
    )
    await office.answer(rows[0]["id"], "Yes, you can.")
    assert len(office.sent("ann")) == 1, "a person may answer"


async def test_our_own_addresses_and_our_own_mails_are_not_answered(office: Office) -> None:
    await office.delivers(office.mail.write(SECOND, "Can I return it?"))
    await office.delivers(office.mail.write("help+tag@shop.example", "Can I return it, too?"))
    assert not office.mail.smtp.posted
    await office.says("ann", "Can I return it?")
    copy = office.mail.smtp.posted[0].data
    await office.delivers(
        copy.replace(b"Auto-Submitted: auto-replied\r\n", b"").replace(b"X-Loop: help@shop.example\r\n", b"")
    )
    assert len(office.mail.smtp.posted) == 1


async def test_two_of_us_facing_each_other_stop_after_one_exchange(post: Post, office: Office) -> None:
    """Our own automatic answer, as another product of ours gets it, is not answered by that."""
    await office.says("other@elsewhere.example", "Can I return it?")
    ours = office.mail.smtp.posted[0].data
    incoming = ours.replace(b"<help@shop.example>", b"<bot@shop.example.net>").replace(
        b"other@elsewhere.example", ADDRESS.encode()
    )
    await office.delivers(incoming)
    assert len(office.mail.smtp.posted) == 1
    kinds = await office.made.rows(
        "select extra->'letter'->'automatic' as automatic from messages where author = 'customer' order by key"
    )
    assert [bool(row["automatic"]) for row in kinds] == [False, True]


async def test_a_machine_that_does_not_say_so_is_stopped_and_shown_to_a_person(office: Office) -> None:
    for n in range(MOST_AN_HOUR + 2):
        await office.says("robot", f"These are the choices. Ticket number {n} was opened.")
    assert len(office.sent("robot")) == MOST_AN_HOUR + 1
    await office.made.until("select status from conversations", is_="waiting")
    await office.says("robot", "These are the choices. Ticket number 99 was opened.")
    assert len(office.sent("robot")) == MOST_AN_HOUR + 1


async def test_a_machine_that_makes_a_case_of_each_answer_is_stopped(office: Office) -> None:
    for n in range(MOST_TO_ONE + 2):
        await office.delivers(office.mail.write("robot", "Can I return it?", subject=f"[Ticket {n}] was opened"))
    assert len(office.sent("robot")) == MOST_TO_ONE + 1
    await office.made.until("select count(*) from conversations where status = 'waiting'", is_=1)
    await office.says("ann", "Can I return it?")
    assert len(office.sent("ann")) == 1


async def test_two_acknowledgements_at_once_are_one(office: Office) -> None:
    """The other case's is on its way just now, and nobody knows yet that it has gone."""
    await office.says("ann", "I want a human")
    async with office.made.db.connection() as conn:
        await conn.execute("update messages set delivery = 'sending', due_at = 'infinity' where author <> 'customer'")
    await office.mail.deliver(office.mail.write("ann", "I want a human", subject="Quite another matter"))
    await office.made.until("select count(*) from messages where delivery = 'dropped'", is_=1)
    assert len(office.sent("ann")) == 1


async def test_an_absence_note_does_not_become_what_is_answered(office: Office) -> None:
    await office.says("ann", "I want a human")
    away = office.mail.answer("ann", "I am away until Monday.", **{"Auto-Submitted": "auto-replied"})
    await office.delivers(away.replace(b"Subject: Re: ", b"Subject: Out of office: "))
    assert len(await office.cases()) == 1
    await office.answer(await office.made.conversation(), "Here I am.")
    mail = office.sent("ann")[-1]
    assert mail["Subject"] == "Re: I want a human"
    assert "away" not in text_of(mail)


async def test_an_absence_note_wakes_no_closed_case(office: Office) -> None:
    await office.says("ann", "I want a human")
    conversation = await office.made.conversation()
    await office.answer(conversation, "Here I am.")
    await office.made.desk.close(await office.agent(), conversation)
    away = office.mail.answer("ann", "I am away until Monday.", **{"Auto-Submitted": "auto-replied"})
    await office.delivers(away)
    assert await office.made.value("select status from conversations") == "closed"
    assert await office.cases() == [["I want a human", "I am away until Monday."]]
    await office.says("ann", "Thank you, one more question")
    assert await office.made.value("select status from conversations") == "waiting"


def report(about: EmailMessage, recipient: str, status: str, action: str) -> bytes:
    """What a mail server says of a mail of ours."""
    mail = EmailMessage(email.policy.SMTP.clone(max_line_length=900))
    mail["From"] = "Mail Delivery System <mailer-daemon@mx.example>"
    mail["To"] = ADDRESS
    mail["Subject"] = "Undelivered Mail Returned to Sender"
    mail["Message-ID"] = f"<report{status}{recipient}>"
    mail["Auto-Submitted"] = "auto-replied"
    boundary = "=_report"
    code = "550" if status.startswith("5") else "452"
    text = f"""\
--{boundary}
Content-Type: text/plain

This is the mail system at host mx.example.

--{boundary}
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {code} {status} <{recipient}>: it is so

--{boundary}
Content-Type: message/rfc822

Message-ID: {about["Message-ID"]}
Subject: {about["Subject"]}

x
--{boundary}--
"""
    head = mail.as_bytes().rstrip(b"\r\n")
    kind = f'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"'
    return head + b"\r\n" + kind.encode() + b"\r\n\r\n" + text.replace("\n", "\r\n").encode()


async def test_bounces(office: Office) -> None:
    raw = office.mail.write("ann", "I want a human", headers={"Cc": "bob@customer.example"})
    await office.delivers(raw)
    await office.answer(await office.made.conversation(), "Here I am.")
    asked = len(office.made.bot.asked)
    ours = office.sent("ann")[-1]
    agents = "select delivery || ': ' || coalesce(error, '') from messages where author = 'agent' and kind = 'message'"
    assert await office.mail.deliver(report(ours, "ann@customer.example", "4.2.2", "delayed"))
    said = "452 4.2.2 <ann@customer.example>: it is so"
    await office.made.until(agents, is_=f"sent: delayed: ann@customer.example could not be reached yet ({said})")
    await office.delivers(office.mail.answer("ann", "Bob here.").replace(b"Ann <ann@", b"Bob <bob@"))
    assert await office.mail.deliver(report(ours, "bob@customer.example", "5.1.1", "failed"))
    await office.made.until("select count(*) from messages where kind = 'note'", is_=1)
    note = await office.made.value("select text from messages where kind = 'note'")
    assert note.startswith("Delivery to bob@customer.example has failed: 550"), "somebody else who reads along"
    assert (await office.made.value(agents)).startswith("sent")
    assert await office.mail.deliver(report(ours, "ann@customer.example", "5.1.1", "failed"))
    said = "550 5.1.1 <ann@customer.example>: it is so"
    await office.made.until(agents, is_=f"failed: came back: ann@customer.example could not be reached ({said})")
    await office.made.settled()
    assert len(office.made.bot.asked) == asked
    assert await office.made.value("select count(*) from messages where author = 'customer'") == 2


async def test_a_server_that_gives_up_for_now(office: Office) -> None:
    await office.says("ann", "Can I return it?")
    assert await office.mail.deliver(report(office.sent("ann")[0], "ann@customer.example", "4.4.7", "failed"))
    await office.made.until("select delivery from messages where author = 'bot'", is_="failed")
    assert "came back for now" in await office.made.value("select error from messages where author = 'bot'")


async def test_what_is_answered_was_sent(office: Office) -> None:
    await office.says("ann", "I want a human")
    office.mail.faults.append("drop")
    await office.answer(await office.made.conversation(), "Here I am.")
    agents = "select delivery from messages where author = 'agent' and kind = 'message'"
    assert await office.made.value(agents) == "unknown"
    thief = office.mail.answer("ann", "Thank you!").replace(b"Ann <ann@", b"Eve <eve@")
    await office.delivers(thief)
    assert await office.made.value(agents) == "unknown", "a stranger's word is none"
    await office.says("ann", "Thank you!")
    assert await office.made.value(agents) == "sent"


async def test_a_bounce_of_what_nobody_knew_was_sent(office: Office) -> None:
    await office.says("ann", "I want a human")
    office.mail.faults.append("drop")
    await office.answer(await office.made.conversation(), "Here I am.")
    agents = "select delivery from messages where author = 'agent' and kind = 'message'"
    assert await office.made.value(agents) == "unknown"
    assert await office.mail.deliver(report(office.sent("ann")[-1], "ann@customer.example", "5.1.1", "failed"))
    await office.made.until(agents, is_="failed")


async def test_what_was_closed_waits_again_where_the_answer_came_back(office: Office) -> None:
    await office.says("ann", "I want a human")
    conversation = await office.made.conversation()
    await office.answer(conversation, "Here I am.")
    await office.made.desk.close(await office.agent(), conversation)
    ours = office.sent("ann")[-1]
    assert await office.mail.deliver(report(ours, "ann@customer.example", "4.2.2", "delayed"))
    await office.made.until("select error like 'delayed%' from messages where author = 'agent' and kind = 'message'")
    assert await office.made.value("select status from conversations") == "closed"
    assert await office.mail.deliver(report(ours, "ann@customer.example", "5.1.1", "failed"))
    await office.made.until("select status || ', ' || reason from conversations", is_="waiting, rule")


async def test_a_made_up_bounce_about_a_customers_mail_is_written_into_no_case(office: Office) -> None:
    """Its id is known to everybody who was copied in, and to lists; ours only to who got it."""
    await office.delivers(office.mail.write("ann", "I want a human", id="hers"))
    about = EmailMessage()
    about["Message-ID"], about["Subject"] = "<hers@customer.example>", "x"
    await office.delivers(report(about, "send-it-to@evil.example", "5.1.1", "failed"))
    assert await office.made.value("select count(*) from messages where kind = 'note'") == 0
    assert len(await office.cases()) == 2


async def test_a_bounce_by_the_id_that_a_server_put_in_the_place_of_ours(office: Office) -> None:
    bare = "0100018c2a4b6d8e-1f2e3d4c-5b6a-4789-8abc-def012345678-000000"
    office.mail.smtp.answer = f"250 Ok {bare}"
    await office.says("ann", "Can I return it?")
    about = EmailMessage(email.policy.SMTP.clone(max_line_length=900))
    about["Message-ID"], about["Subject"] = f"<{bare}@email.amazonses.com>", "x"
    assert await office.mail.deliver(report(about, "ann@customer.example", "5.1.1", "failed"))
    await office.made.until("select delivery from messages where author = 'bot'", is_="failed")


async def test_a_bounce_that_is_faster_than_the_servers_yes_is_not_lost(office: Office) -> None:
    await office.says("ann", "Can I return it?")
    async with office.made.db.connection() as conn:
        await conn.execute("update messages set delivery = 'sending', due_at = 'infinity' where author = 'bot'")
    assert await office.mail.deliver(report(office.sent("ann")[0], "ann@customer.example", "5.1.1", "failed"))
    await office.made.until("select count(*) from messages where kind = 'note'", is_=1)


async def test_a_bounce_that_fits_nothing_is_kept(office: Office) -> None:
    strange = EmailMessage()
    strange["Message-ID"], strange["Subject"] = "<nobody@nowhere.example>", "x"
    await office.delivers(report(strange, "zoe@customer.example", "5.1.1", "failed"))
    assert not office.made.bot.asked
    assert not office.mail.smtp.posted
    assert (
        await office.made.value("select extra->'letter'->'automatic' from messages where author = 'customer'") == "true"
    )


async def test_the_simulator_takes_the_same_mails_as_its_customers(database_url: str) -> None:
    async with MailSimulator(hurry=20) as mail, Post(mail, database_url).open() as office:
        await office.says("ann", "My phone is broken")
        assert await mail.press("ann", *mail.shown("ann")[0].buttons[0])
        await office.stored(2)
        assert (await office.cases())[0][1] == "1"


@pytest.mark.parametrize("sender", ["Ann <ann@customer.example>", "'Ann' via Help <help@shop.example>"])
async def test_who_writes_through_our_own_group_is_answered(post: Post, sender: str) -> None:
    async with post.open(authserv_id="mx.shop.example") as office:
        vouched = {"Authentication-Results": "mx.shop.example; dmarc=pass header.from=shop.example"}
        through = {**GOOGLE, **(vouched if "via" in sender else {})}
        await office.delivers(written(through, sender=sender))
        assert len(office.sent("ann")) == 1
        assert office.raw()["Cc"] is None
        signed = await office.made.value("select extra->'letter'->'signed' from messages where author = 'customer'")
        assert signed is None, "nobody vouches for her: our own address is not hers"
        await office.delivers(
            office.mail.write("bob", "Can I return it?", headers={"List-Post": "<mailto:talk@x.example>"})
        )
        assert not office.sent("bob")
