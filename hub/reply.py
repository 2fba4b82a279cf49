"""From what the bot understood and the knowledge base found to what is said and done. Pure."""

from __future__ import annotations

from msgspec import Struct

from hub import texts
from hub.lifecycle import Step
from hub.store.turns import Claim, Result
from hub.types import (
    BotReply,
    Button,
    Decision,
    Handoff,
    Hit,
    Language,
    OutboundMessage,
    Reason,
    Say,
    Search,
    Source,
    TakeBack,
    Tried,
)

MISSES_BEFORE_HANDOFF = 2
HUMAN = "human"
NONE_OF_THESE = "none"
ARTICLE = "article:"
"""The payloads of the hub's own buttons; they need no understanding."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What comes of a turn. `step` is taken after the messages; `form` stays open, so the episode goes on."""

    messages: tuple[OutboundMessage, ...]
    step: Step | None
    misses: int
    result: Result
    form: bool = False


def pressed(claim: Claim) -> str | None:
    """The payload of the button that the customer pressed last, if that was the last thing they did."""
    return claim.members[-1].payload


def asked(claim: Claim) -> str:
    """The turn's words, one message a line."""
    return "\n".join(member.text.strip() for member in claim.members if member.text.strip())


class _Draft:
    """The reply while it is being put together."""

    def __init__(self, claim: Claim) -> None:
        self._answers = tuple(member.id for member in claim.members)
        self.language: Language = claim.conversation.language
        self.misses = claim.conversation.misses
        self.step: Step | None = None
        self.messages: list[OutboundMessage] = []

    def say(self, text: str, buttons: tuple[Button, ...] = (), sources: tuple[Source, ...] = ()) -> None:
        self.messages.append(
            OutboundMessage(author="bot", text=text, buttons=buttons, sources=sources, answers=self._answers)
        )

    def answer(self, hit: Hit) -> None:
        self.misses = 0
        self.say(hit.answer, sources=(Source(hit.article, hit.revision, hit.title),))

    def clarify(self, hits: tuple[Hit, ...]) -> None:
        offered = tuple(Button(hit.title, ARTICLE + hit.article) for hit in hits)
        none = Button(texts.say("none_of_these", self.language), NONE_OF_THESE)
        self.say(texts.say("clarify", self.language), (*offered, none))

    def miss(self) -> None:
        self.misses += 1
        if self.misses >= MISSES_BEFORE_HANDOFF:
            self.hand_over("missed_twice", None, "missed_twice")
        else:
            self.say(texts.say("missed", self.language), (Button(texts.say("talk_to_human", self.language), HUMAN),))

    def hand_over(self, reason: Reason, team: str | None, text: str = "handing_over") -> None:
        self.say(texts.say(text, self.language))
        self.step = Step(action="handoff", reason=reason, team=team)


def compose(claim: Claim, reply: BotReply, decision: Decision | None) -> Outcome:
    """The outcome of a turn from the bot's reply and, where it asked for a search, what that found."""
    draft = _Draft(claim)
    for effect in reply.effects:
        match effect:
            case Say(text, buttons):
                draft.say(text, buttons)
            case Search() if decision is not None:
                {"answer": lambda: draft.answer(decision.hits[0]), "clarify": lambda: draft.clarify(decision.hits)}.get(
                    decision.decision, draft.miss
                )()
            case Handoff(reason, team):
                draft.hand_over(reason, team)
            case TakeBack():
                draft.say(texts.say("taken_back", draft.language))
            case _:
                pass
    return _outcome(draft, _result(reply, decision), form=reply.form is not None)


def chosen(claim: Claim, hit: Hit | None) -> Outcome:
    """The outcome of pressing one of the offered articles; None: it is no longer served."""
    draft = _Draft(claim)
    if hit is None:
        draft.say(texts.say("gone", draft.language))
        return _outcome(draft, Result(note="chosen article is gone"))
    draft.answer(hit)
    return _outcome(draft, Result(decision="chosen", articles=(_tried(hit),)))


def none_of_these(claim: Claim) -> Outcome:
    """The outcome of "none of these": a miss."""
    draft = _Draft(claim)
    draft.miss()
    return _outcome(draft, Result(decision="abstain", note="none of these"))


def wordless(claim: Claim) -> Outcome:
    """The outcome of a turn without a word in it: files, or nothing at all."""
    draft = _Draft(claim)
    draft.say(texts.say("file_received" if any(m.has_attachments for m in claim.members) else "empty", draft.language))
    return _outcome(draft, Result(note="no words"))


def given_up(claim: Claim) -> Outcome:
    """The outcome of a turn that failed again and again: a human takes over."""
    draft = _Draft(claim)
    draft.hand_over("bot_unavailable", None, "missed_twice")
    return _outcome(draft, Result(note="failed repeatedly"))


def _outcome(draft: _Draft, result: Result, form: bool = False) -> Outcome:
    return Outcome(
        messages=tuple(draft.messages),
        step=draft.step,
        misses=0 if draft.step is not None else draft.misses,
        result=result,
        form=form and draft.step is None,
    )


def _result(reply: BotReply, decision: Decision | None) -> Result:
    return Result(
        intent=reply.intent,
        confidence=reply.confidence,
        slots=dict(reply.slots),
        decision=decision.decision if decision else None,
        articles=tuple(_tried(hit) for hit in decision.hits) if decision else (),
    )


def _tried(hit: Hit) -> Tried:
    return Tried(hit.article, hit.revision, hit.title, hit.score)
