"""Which case a mail belongs to: by the rules alone, and with the real core; strangers never get in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import msgspec
import pytest

from app.wiring import closeness_by
from connectors.mail import authenticity
from connectors.mail.parse import parse
from connectors.mail.threading import CLOSE, Facts, answers, decide, normalised
from connectors.mail.tokens import Tokens
from connectors.mail.types import Mail
from hub.store.cases import Candidate
from hub.types import Status
from knowledge_base import embedder
from tests.connectors.mail_transport.post import Office, Post
from tests.simulators.mail import ADDRESS

CASE = "0b8f7a52-6a4e-4f43-8c43-1f6f0a3b2c1d"


def mail(subject: str = "A lamp of mine", sender: str = "ann@customer.example") -> Mail:
    return parse(f"From: {sender}\r\nTo: {ADDRESS}\r\nSubject: {subject}\r\nMessage-ID: <q@x>\r\n\r\nHi".encode())


def candidate(
    id: str = "case", subject: str = "A lamp of mine", *, knows: bool = True, status: Status = "bot"
) -> Candidate:
    people = frozenset({"ann@customer.example"} if knows else ())
    return Candidate(
        id, status, knows, subject, "Where is my lamp?", datetime.now(UTC), (subject,), people=people, wrote=knows
    )


async def test_a_case_has_all_the_subjects_that_people_gave_it(office: Office) -> None:
    await office.delivers(office.mail.write("ann", "I want a human", subject="A lamp of mine"))
    await office.delivers(re.sub(rb"Subject: .*", b"Subject: The bill\r", office.mail.answer("ann", "Look at it.")))
    away = office.mail.answer("ann", "Not here.", **{"Auto-Submitted": "auto-replied"})
    await office.delivers(re.sub(rb"Subject: .*", b"Subject: Out of office\r", away))
    await office.delivers(office.mail.write("ann", "Well?", subject="Re: A lamp of mine"))
    await office.delivers(office.mail.write("ann", "Is it right?", subject="AW: The bill"))
    await office.delivers(office.mail.write("ann", "A new matter", subject="Re: Out of office"))
    assert await office.rules() == ["new", "token", "token", "subject", "subject", "new"]


def test_the_rules_in_their_order() -> None:
    token, referenced, known = candidate("token"), candidate("reference"), candidate("subject")
    close = candidate("content", "Another subject altogether")
    everything = Facts(
        token=token, referenced=[referenced], known=[close, known], verified=True, closeness={"content": 0.9}
    )
    less = [
        everything,
        msgspec.structs.replace(everything, token=None),
        msgspec.structs.replace(everything, token=None, referenced=()),
        msgspec.structs.replace(everything, token=None, referenced=(), known=[close]),
        msgspec.structs.replace(everything, token=None, referenced=(), known=[close], verified=False),
        msgspec.structs.replace(everything, token=None, referenced=(), known=[close], closeness={"content": 0.1}),
    ]
    found = [decide(mail(), facts) for facts in less]
    assert [case.rule for case in found] == ["token", "reference", "subject", "content", "new", "new"]
    assert [case.conversation for case in found] == ["token", "reference", "subject", "content", None, None]
    assert found[4].maybe == ("content",), "who is not verified is shown it, at least"
    assert found[5].maybe == ()
    assert all(case.reason for case in found)
    assert "ann@customer.example" in found[0].reason


def test_whoever_takes_no_part_never_gets_in() -> None:
    facts = Facts(token=candidate("a", knows=False), referenced=[candidate("b", knows=False)])
    case = decide(mail(), facts)
    assert (case.conversation, case.rule, case.maybe) == (None, "stranger", ("a", "b"))
    forged = Facts(token=candidate("a"), referenced=[candidate("b")], known=[candidate("c")], forged=True)
    case = decide(mail(), forged)
    assert (case.conversation, case.rule, case.maybe) == (None, "forged", ("a", "b", "c"))


def test_nobody_gets_in_under_somebody_elses_name() -> None:
    """Whoever writes "From: ann" and wants the answer at their own address, or is copied in, has shown nothing."""
    eve = frozenset({"eve@evil.example"})
    by_token, by_subject = Facts(token=candidate("a")), Facts(known=[candidate("a")])
    for facts in (
        msgspec.structs.replace(by_token, answered=eve),
        msgspec.structs.replace(by_subject, answered=eve),
        msgspec.structs.replace(by_subject, named=eve),
    ):
        case = decide(mail(), facts)
        assert (case.conversation, case.rule, case.maybe) == (None, "stranger", ("a",))
        assert "eve@evil.example" in case.reason
        assert decide(mail(), msgspec.structs.replace(facts, verified=True)).conversation == "a"
    ann = frozenset({"ann@customer.example"})
    assert decide(mail(), msgspec.structs.replace(by_subject, answered=ann, named=ann)).rule == "subject"
    assert decide(mail(), msgspec.structs.replace(by_token, named=eve)).rule == "token", "she copies a friend in"


def test_whom_others_have_named_is_not_drawn_in_by_a_subject() -> None:
    named = msgspec.structs.replace(candidate("eves"), wrote=False)
    for words in ("A lamp of mine", "Re: A lamp of mine"):
        case = decide(mail(words), Facts(known=[named]))
        assert (case.conversation, case.rule, case.maybe) == (None, "stranger", ("eves",))
    assert decide(mail(), Facts(known=[named, candidate("hers")])).conversation == "hers"
    assert decide(mail(), Facts(known=[named], referenced=[named])).rule == "reference"
    assert decide(mail("Another"), Facts(known=[named], verified=True, closeness={"eves": 0.9})).conversation is None


@pytest.mark.parametrize(
    ("subject", "status", "found"),
    [
        ("Re: A lamp of mine", "closed", True),
        ("回复：A lamp of mine", "closed", True),
        ("A lamp of mine", "closed", False),
        ("A lamp of mine", "human", True),
        ("Fwd: A lamp of mine", "closed", False),
        ("Re: Another lamp of mine", "bot", False),
        ("Re:", "bot", False),
    ],
)
def test_subjects(subject: str, status: Status, found: bool) -> None:
    assert (decide(mail(subject), Facts(known=[candidate(status=status)])).conversation is not None) is found


def test_a_subject_that_says_nothing_holds_nothing_together() -> None:
    assert decide(mail("Question"), Facts(known=[candidate(subject="Question")])).conversation is None
    assert decide(mail("Re: Question"), Facts(known=[candidate(subject="Question")])).conversation == "case"
    assert decide(mail("#88123"), Facts(known=[candidate(subject="#88123")])).conversation == "case"
    assert decide(mail(""), Facts(known=[candidate(subject="")])).conversation is None


@pytest.mark.parametrize(
    "subject",
    [
        "Re: 退货", "RE: Re: 退货", "Re[2]: 退货", "re^2: 退货", "AW: 退货", "SV: 退货", "回复: 退货",
        "回复：退货", "答复: 退货", "回覆：退货", "Re: 回复：答复: 退货", "Fwd: 退货", "FW: 退货",
        "转发：退货", "轉寄: 退货", "WG: 退货",
        "[EXTERNAL] Re: 退货",
        "Re: [External] 退货", " 退货 ", "回复(3): 退货",
    ],
)  # fmt: skip
def test_subjects_are_the_same_whatever_stands_in_front(subject: str) -> None:
    assert normalised(subject) == "退货"
    assert answers(subject) is bool(re.match(r"\W*(?:EXTERNAL\W+)?(?:re|aw|sv|回复|答复|回覆)", subject, re.IGNORECASE))


@pytest.mark.parametrize("subject", ["Reply wanted", "Return: a lamp", "回复我", "Forward to the shop"])
def test_words_that_only_begin_so_stay(subject: str) -> None:
    assert normalised(subject) == subject.casefold()


def test_tokens_are_ours_or_nobodys() -> None:
    ours, other = Tokens("s" * 32, ADDRESS), Tokens("t" * 32, ADDRESS)
    token = ours.sign(CASE)
    assert ours.verify(token) == ours.verify(token.upper()) == CASE
    assert other.verify(token) is None
    assert ours.verify(token, "rate") is None, "made for something else"
    assert ours.message_id(CASE, "m.0") == ours.message_id(CASE, "m.0") != ours.message_id(CASE, "m.1")
    assert ours.in_ids(["<x@y>", ours.message_id(CASE, "m.0")]) == CASE
    assert ours.in_ids([ours.thread_id(CASE)]) == CASE
    assert ours.in_ids([f"<{token}.x@elsewhere.example>"]) is None
    reply = ours.reply_to(CASE)
    assert reply is not None
    assert len(reply.partition("@")[0]) <= 64
    assert ours.in_addresses([ADDRESS, reply]) == CASE
    assert Tokens("s" * 32, "a-very-long-name-of-a-team@shop.example").reply_to(CASE) is None
    for n in range(len(token)):
        for letter in "a7":
            bent = token[:n] + letter + token[n + 1 :]
            assert bent == token or ours.verify(bent) is None


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (["mx.shop.example; dmarc=pass header.from=customer.example"], "verified"),
        (["mx.shop.example 1; dkim=pass (2048-bit) header.d=customer.example header.s=x"], "verified"),
        (["mx.shop.example; spf=pass smtp.mailfrom=ann@mail.customer.example"], "verified"),
        (
            ["mx.shop.example; dkim=pass header.i=@customer.example; dmarc=fail header.from=customer.example"],
            "verified",
        ),
        (["mx.shop.example; dkim=pass header.d=elsewhere.example"], "unknown"),
        (["mx.shop.example; dkim=pass header.d=example"], "unknown"),
        (["mx.shop.example; dkim=fail header.d=customer.example; dmarc=fail header.from=customer.example"], "forged"),
        (["mx.elsewhere.example; dmarc=pass header.from=customer.example"], "unknown"),
        (["mx.shop.example; none", "mx.shop.example; dmarc=pass header.from=customer.example"], "unknown"),
        (["mx.shop.example (dmarc=pass header.from=customer.example); none"], "unknown"),
        ([], "unknown"),
        # what the sender chose, and our server repeats
        (['mx.shop.example; spf=pass smtp.mailfrom="customer.example"@evil.example'], "unknown"),
        (['mx.shop.example; spf=pass smtp.mailfrom="ann@customer.example"@evil.example'], "unknown"),
        (
            ['mx.shop.example; spf=pass smtp.mailfrom="; dmarc=pass header.from=customer.example; "@evil.example'],
            "unknown",
        ),
        (["mx.shop.example; spf=pass smtp.mailfrom==?utf-8?q?=3Bdmarc=3Dpass=3B?=@evil.example"], "unknown"),
        (['mx.shop.example; none (of " ; dmarc=pass header.from=customer.example)'], "unknown"),
        (["mx.shop.example; spf=pass smtp.helo=customer.example smtp.mailfrom=evil.example"], "unknown"),
        (['mx.shop.example; dmarc=pass header.from="customer.example"'], "verified"),
        # it looked at another sender than we do: there are two, or one within the other
        (["mx.shop.example; dkim=pass header.d=evil.example; dmarc=pass header.from=evil.example"], "forged"),
        (["mx.shop.example; " + "(" * 30_000 + ")" * 30_000] * 20, "unknown"),
    ],
)
def test_only_our_own_servers_word_counts(headers: list[str], found: str) -> None:
    assert authenticity.word(headers, "mx.shop.example", "ann@customer.example") == found
    assert authenticity.word(headers, None, "ann@customer.example") == "unknown"


def test_domains_are_the_same_in_both_spellings() -> None:
    headers = ["mx.shop.example; dmarc=pass header.from=xn--bcher-kva.example"]
    assert authenticity.word(headers, "mx.shop.example", "ann@b\u00fccher.example") == "verified"


FOLLOW_UPS = [
    msgspec.json.decode(line) for line in Path(__file__).with_name("follow_ups.jsonl").read_bytes().splitlines()
]


async def test_how_close_is_close_comes_from_data() -> None:
    """Follow-ups are close to what they follow, and to nothing else; both languages say the same fifteen things."""
    closeness, half = closeness_by(embedder.load()), len(FOLLOW_UPS) // 2
    firsts = [pair["first"] for pair in FOLLOW_UPS]
    right = wrong = 0
    for number, pair in enumerate(FOLLOW_UPS):
        close = [how >= CLOSE for how in await closeness(pair["then"], firsts)]
        right += close[number]
        wrong += sum(each for other, each in enumerate(close) if other % half != number % half)
    assert (right, wrong) == (27, 0)


# With the real core -----------------------------------------------------------------------------------------------


async def test_a_stranger_with_a_stolen_token_reference_and_subject(post: Post) -> None:
    async with post.open(plus_addressing=True) as office:
        await office.says("ann", "I want a human, about my lamp")
        ours = office.sent("ann")[0]
        stolen = {"In-Reply-To": str(ours["Message-ID"]), "References": f"{ours['References']} {ours['Message-ID']}"}
        to = str(ours["Reply-To"].addresses[0].addr_spec)
        assert to.startswith("help+")
        raw = office.mail.write("eve", "What did she say?", subject=str(ours["Subject"]), headers=stolen, to=to)
        await office.delivers(raw)
        assert await office.cases() == [["I want a human, about my lamp"], ["What did she say?"]]
        assert await office.rules() == ["new", "stranger"]
        first, second = await office.made.rows(
            """select conversation, extra->'case'->'maybe'->>0 as maybe from messages
                where author = 'customer' order by key"""
        )
        assert second["maybe"] == first["conversation"]
        await office.says("ann", "Any news?")
        assert await office.rules() == ["new", "stranger", "token"]
        assert len(office.sent("eve")) == 1
        assert "lamp" not in office.mail.shown("eve")[0].text


async def test_a_borrowed_name_sends_no_answers_elsewhere(office: Office) -> None:
    await office.delivers(office.mail.write("ann", "I want a human", subject="My lamp 88123"))
    eve = {"Reply-To": "eve@evil.example"}
    await office.delivers(office.mail.write("ann", "What is my address?", subject="Re: My lamp 88123", headers=eve))
    await office.delivers(office.mail.answer("ann", "And my number?", Cc="help@shop.example"))
    assert await office.rules() == ["new", "stranger", "token"]
    case = await office.made.value("select conversation from messages where text like '%I want a human'")
    people = await office.made.rows("select address from participants where conversation = $1", case)
    assert [row["address"] for row in people] == ["ann@customer.example"]


async def test_a_stranger_who_copies_somebody_in_does_not_get_their_next_mail(office: Office) -> None:
    copied = {"Cc": "ann@customer.example"}
    await office.delivers(office.mail.write("eve", "Can I return it?", subject="Order 88123", headers=copied))
    await office.delivers(office.mail.write("ann", "I want a human", subject="Order 88123"))
    await office.delivers(office.mail.write("ann", "Here is my number", subject="Re: Order 88123"))
    assert await office.rules() == ["new", "stranger", "subject"]
    assert [len(case) for case in await office.cases()] == [1, 2]


async def test_our_address_with_a_token_is_enough(post: Post) -> None:
    async with post.open(plus_addressing=True) as office:
        await office.says("ann", "I want a human, about my lamp")
        to = str(office.sent("ann")[0]["Reply-To"].addresses[0].addr_spec)
        await office.delivers(office.mail.write("ann", "It is me again", to=to))
        assert await office.rules() == ["new", "token"]


async def test_who_was_copied_in_takes_part(office: Office) -> None:
    raw = office.mail.write("ann", "I want a human", id="first", headers={"Cc": "bob@customer.example"})
    await office.delivers(raw)
    headers = {"In-Reply-To": "<first@customer.example>"}
    await office.delivers(office.mail.write("bob", "So do I", subject="Re: I want a human", headers=headers))
    assert await office.rules() == ["new", "reference"]
    await office.answer(await office.made.conversation(), "Hello both.")
    assert office.mail.smtp.posted[-1].recipients == ("bob@customer.example",), "he wrote last, and to us alone"


async def test_who_brings_somebody_in_without_being_verified_is_shown(post: Post) -> None:
    vouched = {"Authentication-Results": "mx.shop.example; dmarc=pass header.from=customer.example"}
    async with post.open(authserv_id="mx.shop.example") as office:
        await office.delivers(
            office.mail.write("ann", "I want a human, about my lamp", headers={"Cc": "cat@x.example"})
        )
        await office.delivers(office.mail.answer("ann", "And here is Bob.", Cc="bob@x.example, cat@x.example"))
        await office.delivers(office.mail.answer("ann", "Bob has read it.", Cc="bob@x.example"))
        await office.delivers(office.mail.answer("ann", "And Dan.", Cc="dan@x.example", **vouched))
        assert len(await office.cases()) == 1
        rows = await office.made.rows(
            "select extra->'letter'->'brings'->>0 as one from messages where author = 'customer' order by key"
        )
        assert [row["one"] for row in rows] == [None, "bob@x.example", None, None]


async def test_without_references_the_subject_decides(office: Office) -> None:
    await office.delivers(office.mail.write("ann", "I want a human", subject="My broken lamp"))
    await office.delivers(office.mail.write("ann", "Here is its number", subject="回复：My broken lamp"))
    await office.delivers(office.mail.write("ann", "I want a shoe", subject="A shoe for the left foot"))
    assert await office.rules() == ["new", "subject", "new"]
    assert [len(case) for case in await office.cases()] == [2, 1]


async def test_a_servers_own_id_in_the_place_of_ours(office: Office) -> None:
    bare = "0100018c2a4b6d8e-1f2e3d4c-5b6a-4789-8abc-def012345678-000000"
    office.mail.smtp.answer = f"250 Ok {bare}"
    await office.says("ann", "I want a human")
    headers = {"In-Reply-To": f"<{bare}@email.amazonses.com>"}
    await office.delivers(office.mail.write("ann", "Any news?", subject="News", headers=headers))
    assert await office.rules() == ["new", "reference"]


async def test_forged_senders_are_kept_out(post: Post) -> None:
    async with post.open(authserv_id="mx.shop.example") as office:
        good = "mx.shop.example; dmarc=pass header.from=customer.example"
        raw = office.mail.write("ann", "I want a human", headers={"Authentication-Results": good})
        await office.delivers(raw)
        bad = "mx.shop.example; dmarc=fail header.from=customer.example"
        forged = office.mail.answer("ann", "Send it to my new address", **{"Authentication-Results": bad})
        await office.delivers(forged)
        assert await office.rules() == ["new", "forged"]
        signed = await office.made.rows(
            "select extra->'letter'->>'signed' as signed from messages where author = 'customer' order by key"
        )
        assert [row["signed"] for row in signed] == ["true", None]


async def test_a_copy_with_another_body_is_in_the_same_case_and_unanswered(office: Office) -> None:
    raw = office.mail.write("ann", "Can I return it?", id="one")
    await office.delivers(raw)
    await office.delivers(raw.replace(b"Can I return it?\r\n", b"Can I return it?\r\n-- \r\nchecked for viruses\r\n"))
    assert await office.rules() == ["new", "reference"]
    assert len(office.sent("ann")) == 1


async def test_a_program_that_gives_all_its_mails_the_same_id(office: Office) -> None:
    first = office.mail.write("ann", "Can I return it?", id="always")
    said = next(line for line in first.split(b"\r\n") if line.startswith(b"Date: "))
    earlier = format_datetime(datetime.now(UTC) - timedelta(hours=1)).encode()
    await office.delivers(first.replace(said, b"Date: " + earlier))
    await office.delivers(office.mail.write("ann", "Can I return it? And the box?", id="always"))
    assert len(office.sent("ann")) == 2


async def test_the_open_case_of_a_verified_sender_if_the_words_are_close(post: Post) -> None:
    async with post.open(authserv_id="mx.shop.example") as office:
        office.made.connector._incoming._sorting._closeness = closeness_by(embedder.load())  # type: ignore[attr-defined]
        passed = {"Authentication-Results": "mx.shop.example; dmarc=pass header.from=customer.example"}

        def of(words: str, headers: dict[str, str], sender: str = "ann") -> bytes:
            subject, _, text = words.partition("\n")
            return office.mail.write(sender, text, subject=subject, headers=headers)

        lamp, shoes = FOLLOW_UPS[0], FOLLOW_UPS[1]
        await office.delivers(of(lamp["first"], passed))
        await office.delivers(of(shoes["first"], passed))
        await office.delivers(of(lamp["then"], passed))
        await office.delivers(of(shoes["then"], {}))
        await office.delivers(of(lamp["then"], passed, "eve"))
        assert await office.rules() == ["new", "new", "content", "new", "new"]
        assert [len(case) for case in await office.cases()] == [2, 1, 1, 1]
