"""From one of our messages to the mail that carries it: to whom, in which thread, in which words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct

from connectors.mail import wording
from connectors.mail.compose import Draft, writable
from connectors.mail.loops import plain
from connectors.mail.settings import MailSettings
from connectors.mail.threading import bare
from connectors.mail.tokens import Tokens
from connectors.mail.wording import Body, Quoted
from hub import language
from hub.connector import File, Part
from hub.errors import Rejected, Withheld
from hub.store import attachments, cases, surveys
from hub.store.cases import Received
from hub.store.db import Connection, Database
from hub.types import Language, Message

_MOST_REFERENCES = 30
ONCE_A_DAY = 24 * 3600


class Letters(Struct, frozen=True):
    """A case as far as a mail into it has to know it: the letter that it answers, and the ids of all before it."""

    latest: Received
    ids: tuple[str, ...]


class Outgoing:
    """Makes the mails of one channel."""

    def __init__(self, settings: MailSettings, db: Database, rating: Callable[[Tokens, str], str | None]) -> None:
        """`rating`: the link by which a customer rates a conversation, if there is one."""
        self._settings = settings
        self._db = db
        self._rating = rating

    async def draft(self, part: Part, tokens: Tokens) -> Draft:
        """The mail for a part; raises `Rejected` where there is nobody to write to, `Withheld` where that is enough."""
        message, settings = part.message, self._settings
        automatic = message.author != "agent"
        async with self._db.connection() as conn:
            letters = await _letters(conn, message)
            if (
                automatic
                and _acknowledges(message)
                and await _acknowledged(conn, message, letters.latest.letter.sender)
            ):
                raise Withheld("an acknowledgement has gone to this sender within the last day")
            files = [await _file(conn, each.id, message) for each in part.files]
            asks = settings.ask_rating and not automatic and not await surveys.rated(conn, message.conversation)
        rating = self._rating(tokens, message.conversation) if asks else None
        to, *cc = self._recipients(letters)
        spoken = language.detect(part.text) or language.detect(letters.latest.text) or "en"
        body = self._body(part, letters, spoken, rating)
        return Draft(
            sender=settings.address,
            sender_name=self._name(message),
            to=to,
            to_name=(letters.latest.letter.name or "") if to == letters.latest.letter.sender else "",
            cc=() if automatic else cc,
            reply_to=tokens.reply_to(message.conversation) if settings.plus_addressing else None,
            subject=f"Re: {bare(letters.latest.letter.subject) or wording.say('subject', spoken)}",
            message_id=tokens.message_id(message.conversation, part.key),
            in_reply_to=letters.latest.id,
            references=(tokens.thread_id(message.conversation), *letters.ids[-_MOST_REFERENCES:]),
            date=datetime.now(UTC),
            text=body.text,
            html=body.html,
            files=files,
            automatic=automatic,
        )

    def _name(self, message: Message) -> str:
        house = self._settings.sender_name
        if message.author != "agent" or not message.agent_name:
            return house
        return f"{message.agent_name} ({house})" if house else message.agent_name

    def _recipients(self, letters: Letters) -> list[str]:
        """Who wrote last, or where they want their answer, and then whoever else read along; never ourselves."""
        letter = letters.latest.letter
        own = {plain(address) for address in self._settings.own}
        answered = [each for each in letter.reply_to if plain(each) not in own] or [letter.sender]
        others = [each for each in (*answered[1:], *letter.to, *letter.cc) if plain(each) not in own and writable(each)]
        everybody = list(dict.fromkeys([answered[0], *others]))
        if "@" not in everybody[0] or plain(everybody[0]) in own:
            raise Rejected("there is nobody to write to: the mail named no sender that could be answered")
        return everybody

    def _body(self, part: Part, letters: Letters, spoken: Language, rating: str | None) -> Body:
        letter, message = letters.latest.letter, part.message
        if message.author != "agent":
            waits = _acknowledges(message)
            return wording.automatic(part.text, part.buttons, spoken, letter.name, self._settings.sender_name, waits)
        words = letters.latest.text.removeprefix(f"{bare(letter.subject)}\n\n")  # a first mail's begin with its subject
        quoted = Quoted(letter.name or letter.sender, letters.latest.at, words)
        signature = (message.agent_name or "", self._settings.sender_name)
        return wording.personal(part.text, signature, quoted, spoken, rating)


async def _letters(conn: Connection, message: Message) -> Letters:
    """The letter that a message answers is the last one before it: who writes while it waits is not who is meant."""
    found = await cases.letters(conn, message.conversation, before=message.key)
    written = [each for each in found if not each.letter.automatic]
    if not written:
        raise Rejected("nobody has written a mail that this could answer")
    answered = await cases.answered_by(conn, message.key)
    latest = next((each for each in written if answered in (None, each.key)), None)
    if latest is None:
        raise Rejected("the mail that this answers is in another case now")
    return Letters(latest, tuple(each.id for each in reversed(found) if each.id.startswith("<")))


def _acknowledges(message: Message) -> bool:
    """Whether a message says no more than that somebody will see to it: the words with which the hub hands over."""
    return any(button.payload in wording.NOT_BY_MAIL for button in message.buttons)


async def _acknowledged(conn: Connection, message: Message, sender: str) -> bool:
    return await cases.told_lately(conn, message.key, sender, sorted(wording.NOT_BY_MAIL), ONCE_A_DAY)


async def _file(conn: Connection, id: str, message: Message) -> File:
    found = await attachments.read(conn, id)
    if found is None:
        raise Rejected("a file of this message is not here (any more)")
    about, data = found
    return File(about.name, about.type, data)
