"""The words that every part of the product shares.

Values only: nothing here does input or output. All of it is immutable, so that a value that was stored
and a value that is on its way to somebody are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct, field

Status = Literal["bot", "waiting", "human", "closed"]
Author = Literal["customer", "bot", "agent", "system"]
Language = Literal["zh", "en"]
Kind = Literal["message", "note"]
Delivery = Literal["queued", "sending", "sent", "delivered", "failed", "unknown", "received", "dropped"]
FileState = Literal["stored", "awaited", "lost"]
Role = Literal["agent", "editor", "admin"]
Reason = Literal[
    "asked", "missed_twice", "bot_unavailable", "complaint", "safety", "rule", "transfer", "agent_vanished", "reopened"
]


class Button(Struct, frozen=True):
    """A choice offered to the customer; pressing it sends `title` as text and `payload` beside it."""

    title: str
    payload: str


class Source(Struct, frozen=True):
    """The article, in the revision that was served, on which an answer rests."""

    article: str
    revision: int
    title: str


class Attachment(Struct, frozen=True, omit_defaults=True):
    """A file as people see it; `size` in bytes.

    `awaited`: the platform still has it, and the hub is fetching it; `lost`: it could not be had, and `error` says why.
    """

    id: str
    name: str
    type: str
    size: int = 0
    state: FileState = "stored"
    error: str = ""


class Channel(Struct, frozen=True, omit_defaults=True):
    """One configured channel: `name` is unique, `kind` says which connector serves it.

    `addresses` are ours there, on channels of letters, in lower case.
    """

    name: str
    kind: str
    addresses: tuple[str, ...] = ()


class Agent(Struct, frozen=True):
    """Somebody who works here, as the parts of the product pass them around."""

    id: str
    name: str
    email: str = ""
    roles: tuple[Role, ...] = ()


class RemoteFile(Struct, frozen=True):
    """A file that a platform keeps for us; `handle` is all that the connector needs to fetch it, in its own words.

    The hub fetches it as soon as the message is stored. `type` and `size` are what the platform says, if it does.
    """

    handle: str
    name: str
    type: str = "application/octet-stream"
    size: int = 0


class Window(Struct, frozen=True):
    """How long, in seconds from now, and how often the platform lets us write to somebody who has just written."""

    seconds: float
    messages: int


class Letter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands on the outside of a message that has an outside, as mail has: addresses without names, and a subject.

    `signed`: the platform vouches for the sender. `reply_to`: where they want answers, if not at their own address.
    `automatic`: no person wrote it. `faults`: what of it could not be read, in words. `brings`: who takes part from
    here on, though nobody vouches for the sender.
    """

    sender: str
    name: str | None = None
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    subject: str = ""
    signed: bool = False
    reply_to: tuple[str, ...] = ()
    automatic: bool = False
    faults: tuple[str, ...] = ()
    brings: tuple[str, ...] = ()


class Case(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Into which conversation a message belongs, where that is not simply the sender's current one.

    `conversation`: None begins a new one. `rule` and `reason` say how this was decided, in a word and in words, for
    agents to see. `maybe`: others that it may belong to; nobody but an agent puts it there. `declined`: those of them
    of which an agent has said that it does not belong there.
    """

    conversation: str | None = None
    rule: str
    reason: str
    maybe: tuple[str, ...] = ()
    declined: tuple[str, ...] = ()


class InboundMessage(Struct, frozen=True, kw_only=True):
    """What a connector made of one delivery of its platform.

    `scope` and `external_id` are the key under which a repeated delivery is recognised; what a scope is, the
    channel knows (a web session, a chat, an address). `id` is the public id; without one the store makes it.
    `sender` is where an answer goes (a chat, a thread); `person` is who wrote, where one person may write from several.
    `sent_at` is the platform's word for when it was written: what comes together is read in that order. `hold`: for so
    many seconds nothing is sent to the sender but by `hub.replies`, which carries it back in the platform's request.
    `participants`: whose letters belong into the same conversation from now on.
    `attended`: somebody answers it in the platform's own client, so that it is kept for our agents and nobody is asked.
    """

    channel: str
    sender: str
    scope: str
    external_id: str
    text: str
    id: str | None = None
    payload: str | None = None
    attachments: tuple[str, ...] = ()
    language: Language | None = None
    name: str | None = None
    person: str | None = None
    files: tuple[RemoteFile, ...] = ()
    sent_at: datetime | None = None
    window: Window | None = None
    hold: float = 0.0
    attended: bool = False
    case: Case | None = None
    letter: Letter | None = None
    participants: tuple[str, ...] = ()
    raw: bytes | None = None


class Receipt(Struct, frozen=True):
    """What `receive` answers once the message is committed. `duplicate`: it had been stored before."""

    stream: int
    conversation: str
    message: int
    id: str
    seq: int
    duplicate: bool


class ChannelIdentity(Struct, frozen=True):
    """Somebody on a channel; unique by channel and external id. Their messages form one stream."""

    channel: str
    external_id: str


class Customer(Struct, frozen=True):
    """One person over all channels."""

    id: str
    name: str | None = None
    email: str | None = None
    identities: tuple[ChannelIdentity, ...] = ()


class Dialogue(Struct, frozen=True, omit_defaults=True):
    """Where the bot stands: the form that is open, the slot it asked for last, and all slots it has filled."""

    form: str | None = None
    requested: str | None = None
    slots: Mapping[str, object] = {}


class Topic(Struct, frozen=True, omit_defaults=True):
    """The article that was answered with last. `misses`: how many there were before it."""

    article: str
    title: str
    misses: int = 0


class Memory(Struct, frozen=True, omit_defaults=True):
    """What the next turn has to know of the ones before; the hub keeps it, so that no process of the bot has to.

    `offered` are the buttons under what was said last, `assist` is whether somebody who waits wants answers meanwhile.
    """

    dialogue: Dialogue = Dialogue()
    topic: Topic | None = None
    offered: tuple[Button, ...] = ()
    assist: bool = False


class Conversation(Struct, frozen=True, kw_only=True):
    """A conversation as the database holds it at the moment of reading. A higher `priority` waits in front."""

    id: str
    stream: int
    channel: str
    customer: str
    status: Status
    owner: str | None
    owner_epoch: int
    team: str | None
    language: Language
    memory: Memory = Memory()
    misses: int
    priority: int = 0
    reason: Reason | None
    waiting_since: datetime | None
    closed_by_human: bool
    updated_at: datetime


class OutboundMessage(Struct, frozen=True, kw_only=True):
    """Something to say to the customer. `answers` are the public ids of the customer's messages it answers.

    `odds`: how sure one was of the article in `sources`, as `Decision` has it; None where the customer chose it.
    """

    author: Author
    text: str
    buttons: tuple[Button, ...] = ()
    sources: tuple[Source, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    answers: tuple[str, ...] = ()
    agent: str | None = None
    id: str | None = None
    odds: float | None = None


class Correction(Struct, frozen=True):
    """An agent's word on whether an answer was right; `agent` is their id."""

    right: bool
    agent: str
    name: str


class Message(Struct, frozen=True, kw_only=True):
    """A stored message. `seq` counts in the customer's stream; notes have none, the customer never sees them.

    `error` says why it has not arrived, or why nobody knows. `correction` is read for agents alone.
    """

    key: int
    id: str
    stream: int
    conversation: str
    seq: int | None
    kind: Kind
    author: Author
    text: str
    created_at: datetime
    delivery: Delivery
    error: str | None = None
    payload: str | None = None
    buttons: tuple[Button, ...] = ()
    sources: tuple[Source, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    answers: tuple[str, ...] = ()
    case: Case | None = None
    letter: Letter | None = None
    agent: str | None = None
    agent_name: str | None = None
    correction: Correction | None = None


class StatusChange(Struct, frozen=True, kw_only=True):
    """An entry of the customer's stream that says whose the conversation is from here on."""

    seq: int
    conversation: str
    status: Status
    agent_name: str | None
    reason: str | None
    created_at: datetime


# What the bot says and wants -------------------------------------------------------------------------------------


class Say(Struct, frozen=True, tag="say"):
    """Words of the bot, already in the customer's language."""

    text: str
    buttons: tuple[Button, ...] = ()


class Search(Struct, frozen=True, tag="search"):
    """Look the customer's words up in the knowledge base and answer with what stands there.

    `follow_up`: they lean on the answer before and are looked up together with its topic.
    """

    follow_up: bool = False


class Miss(Struct, frozen=True, tag="miss"):
    """What was said did not help."""


class Handoff(Struct, frozen=True, tag="handoff"):
    """A human is to take over; a higher `priority` waits in front."""

    reason: Reason = "asked"
    team: str | None = None
    priority: int = 0


class TakeBack(Struct, frozen=True, tag="take_back"):
    """The customer no longer wants a human."""


class Complaint(Struct, frozen=True, tag="complaint"):
    """A complaint is complete: it is filed under a number, which replaces `{reference}` in the words said with it."""

    record: Mapping[str, object]


Effect = Say | Search | Miss | Handoff | TakeBack | Complaint


class BotTurn(Struct, frozen=True, kw_only=True):
    """What the bot is asked: all new messages of one conversation as one turn.

    The bot has no memory of its own: all that it may build on is `dialogue`.
    """

    id: str
    text: str
    language: Language
    payload: str | None = None
    dialogue: Dialogue = Dialogue()


class BotReply(Struct, frozen=True, kw_only=True):
    """The bot's answer: effects in the order in which they are to happen.

    `dialogue` is where it stands now; None: where it stood before.
    """

    effects: tuple[Effect, ...]
    intent: str | None = None
    confidence: float | None = None
    dialogue: Dialogue | None = None


# What the knowledge base answers ---------------------------------------------------------------------------------


class Hit(Struct, frozen=True):
    """An article that may answer. `question` is the phrasing that came closest; `language` is the answer's."""

    article: str
    revision: int
    language: str
    score: float
    title: str
    question: str
    answer: str


class Decision(Struct, frozen=True):
    """`answer`: the first hit is right; `clarify`: it is among the hits; `abstain`: nobody should be told.

    `language` is the one in which it was asked, seen better than by the script: pinyin is Chinese.
    `confidence` is the probability, 0 to 1, that the first hit is right. `odds` is the logarithm of its odds before
    labelled outcomes had their say: what they are learned from.
    """

    decision: Literal["answer", "clarify", "abstain"]
    hits: tuple[Hit, ...]
    language: Language
    confidence: float = 0.0
    odds: float = 0.0


# What an agent is given ------------------------------------------------------------------------------------------


class Line(Struct, frozen=True):
    """One line of the transcript's summary."""

    author: Author
    text: str
    at: datetime


class Tried(Struct, frozen=True):
    """An article that the bot found, whether or not it served it."""

    article: str
    revision: int
    title: str
    score: float


class HandoffContext(Struct, frozen=True, kw_only=True):
    """A snapshot taken when the conversation is escalated."""

    summary: tuple[Line, ...] = ()
    intent: str | None = None
    confidence: float | None = None
    slots: Mapping[str, object] = field(default_factory=dict)
    articles: tuple[Tried, ...] = ()
    reason: str | None = None
    waiting_since: datetime | None = None
    language: Language = "en"
