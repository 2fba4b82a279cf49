"""From what the bot understood and the knowledge base found to what is said and done. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from hub import choices, texts
from hub.lifecycle import Step
from hub.store.turns import Claim, Member, Result
from hub.types import (
    BotReply,
    Button,
    Complaint,
    Decision,
    Handoff,
    Hit,
    Language,
    Memory,
    Miss,
    OutboundMessage,
    Say,
    Search,
    Source,
    TakeBack,
    Topic,
    Tried,
)

HUMAN = "human"
ASSIST = "assist"
TAKE_BACK = "take_back"
NONE_OF_THESE = "none"
ARTICLE = choices.ARTICLE
"""The payloads of the hub's own buttons; they need no understanding."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What comes of a turn. `memory` is what the next one is told; `complaint` is filed before anything is said.

    `language`: the one that was spoken; the conversation goes on in it until the customer's words show another.
    """

    messages: tuple[OutboundMessage, ...]
    step: Step | None
    misses: int
    result: Result
    memory: Memory
    language: Language
    complaint: Mapping[str, object] | None = None


def pressed(claim: Claim) -> str | None:
    """The payload of the button that the customer pressed last, or meant by a number or by its words and nothing else.

    None if the last thing they did was something else.
    """
    last = claim.members[-1]
    if last.payload:
        return last.payload
    alone = asked(claim) == last.text.strip()
    return choices.meant(last.text, claim.conversation.memory.offered) if alone else None


def asked(claim: Claim) -> str:
    """The turn's words, one message a line."""
    return _words(claim.members)


def asked_before(claim: Claim) -> str:
    """What the turn said before its button was pressed."""
    return _words(claim.members[:-1]) if claim.members[-1].payload else ""


def _words(members: Sequence[Member]) -> str:
    return "\n".join(member.text.strip() for member in members if member.text.strip())


class _Draft:
    """The reply while it is being put together."""

    def __init__(self, claim: Claim, decision: Decision | None = None) -> None:
        self._claim = claim
        self._answers = tuple(member.id for member in claim.members)
        # Who searched knows better: pinyin is Chinese, though its letters do not show it.
        self.language: Language = decision.language if decision is not None else claim.conversation.language
        self.misses = claim.conversation.misses
        self.memory = msgspec.structs.replace(claim.conversation.memory, offered=())
        self.step: Step | None = None
        self.complaint: Mapping[str, object] | None = None
        self.messages: list[OutboundMessage] = []

    def say(
        self,
        text: str,
        buttons: tuple[Button, ...] = (),
        sources: tuple[Source, ...] = (),
        odds: float | None = None,
    ) -> None:
        self.messages.append(
            OutboundMessage(author="bot", text=text, buttons=buttons, sources=sources, answers=self._answers, odds=odds)
        )
        self.memory = msgspec.structs.replace(self.memory, offered=buttons)

    def tell(self, key: str, *buttons: tuple[str, str]) -> None:
        """Says one of the hub's own texts; a button is the key of its title and a payload."""
        self.say(
            texts.say(key, self.language),
            tuple(Button(texts.say(title, self.language), payload) for title, payload in buttons),
        )

    def found(self, decision: Decision) -> None:
        match decision.decision:
            case "answer":
                self.answer(decision.hits[0], decision.odds)
            case "clarify":
                self.clarify(decision.hits)
            case _:
                self.miss("missed")

    def answer(self, hit: Hit, odds: float | None = None) -> None:
        """Answers with an article; without `odds`, because the customer chose it."""
        if self._says_it_again(hit):
            self.miss("missed")
            return
        topic = Topic(hit.article, hit.title, self.misses)
        self.misses = 0
        self.say(hit.answer, sources=(Source(hit.article, hit.revision, hit.title),), odds=odds)
        self.memory = msgspec.structs.replace(self.memory, topic=topic)

    def _says_it_again(self, hit: Hit) -> bool:
        """Whether somebody who writes letters has this answer already: who asks again was not helped by it.

        In another language the article has another title, and they may have lacked just that.
        """
        topic, by_letter = self.memory.topic, self._claim.patience == 1
        if topic is None or not by_letter or self._claim.conversation.status != "bot":
            return False
        return (topic.article, topic.title) == (hit.article, hit.title)

    def clarify(self, hits: tuple[Hit, ...]) -> None:
        offered = tuple(Button(hit.title, ARTICLE + hit.article) for hit in hits)
        none = Button(texts.say("none_of_these", self.language), NONE_OF_THESE)
        self.say(texts.say("clarify", self.language), (*offered, none))

    def miss(self, text: str) -> None:
        self.misses += 1
        if self.misses >= self._claim.patience:
            self.hand_over(Handoff("missed_twice"), "missed_twice")
        else:
            self.tell(text, ("talk_to_human", HUMAN))

    def did_not_help(self) -> None:
        """What was answered last was no answer after all, and counts as it would have counted then."""
        if self.memory.topic is not None:
            self.misses = max(self.misses, self.memory.topic.misses)
        self.miss("not_helpful")

    def hand_over(self, wanted: Handoff, text: str | None = "handing_over") -> None:
        if text is not None:
            self.tell(text, ("ask_meanwhile", ASSIST), ("take_back", TAKE_BACK))
        self._leave(Step(action="handoff", reason=wanted.reason, team=wanted.team, priority=wanted.priority))

    def take_back(self) -> None:
        self.tell("taken_back")
        if self._claim.conversation.status == "waiting":
            self._leave(Step(action="take_back"))

    def file(self, record: Mapping[str, object]) -> None:
        self.complaint = record
        self._leave(Step(action="handoff", reason="complaint"))

    def _leave(self, step: Step) -> None:
        self.step = step
        self.misses = 0
        self.memory = Memory(offered=self.memory.offered)

    def outcome(self, result: Result) -> Outcome:
        if not self.messages:  # what was offered last still stands there
            offered = self._claim.conversation.memory.offered
            self.memory = msgspec.structs.replace(self.memory, offered=offered)
        return Outcome(
            messages=tuple(self.messages),
            step=self.step,
            misses=self.misses,
            result=result,
            memory=self.memory,
            language=self.language,
            complaint=self.complaint,
        )


def compose(claim: Claim, reply: BotReply, decision: Decision | None) -> Outcome:
    """The outcome of a turn from the bot's reply and, where it asked for a search, what that found."""
    draft = _Draft(claim, decision)
    if reply.dialogue is not None:
        draft.memory = msgspec.structs.replace(draft.memory, dialogue=reply.dialogue)
    said = any(isinstance(effect, Say) for effect in reply.effects)
    for effect in reply.effects:
        match effect:
            case Say(text, buttons):
                draft.say(text, buttons)
            case Search() if decision is not None:
                draft.found(decision)
            case Miss():
                draft.did_not_help()
            case Handoff(reason):
                # Where somebody is in danger, nothing else is to be read and nothing to be pressed.
                draft.hand_over(effect, None if said and reason == "safety" else "handing_over")
            case TakeBack() if not said:  # "never mind" has its own words where nobody is waited for
                draft.take_back()
            case Complaint(record):
                draft.file(record)
            case _:
                pass
    return draft.outcome(_result(claim, reply, decision))


def meanwhile(claim: Claim, reply: BotReply, decision: Decision | None) -> Outcome:
    """The outcome of a turn while the customer waits for an agent, whose the conversation is about to be.

    They may no longer want one, be in danger now, or ask again for what is coming. Who wanted to go on asking is
    answered, forms aside. The rest is for the agent to read. Taking back with words beside it ("never mind") may mean
    something else: nobody loses their place by it, but the button is offered.
    """
    draft = _Draft(claim, decision)
    assists = claim.conversation.memory.assist
    opens_form = reply.dialogue is not None and reply.dialogue.form is not None
    unsure = any(isinstance(e, TakeBack) for e in reply.effects) and any(isinstance(e, Say) for e in reply.effects)
    urgent = any(isinstance(e, Handoff) and e.priority > claim.conversation.priority for e in reply.effects)
    for effect in reply.effects:
        match effect:
            case TakeBack() if unsure:
                draft.tell("still_waiting", ("take_back", TAKE_BACK))
            case TakeBack():
                draft.take_back()
            case Say(text, buttons) if urgent or (assists and not opens_form and not unsure):
                draft.say(text, () if urgent else buttons)
            case Handoff() if urgent:
                draft.hand_over(effect, None)
            case Handoff():
                draft.tell("still_waiting", ("take_back", TAKE_BACK))
            case Search() if decision is not None and decision.decision != "abstain":
                draft.found(decision)
            case _:
                pass
    if assists and not draft.messages:
        draft.tell("for_the_agent")
    return draft.outcome(_result(claim, reply, decision))


def assist(claim: Claim) -> Outcome:
    """The outcome of wanting answers while waiting."""
    draft = _Draft(claim)
    waits = claim.conversation.status == "waiting"
    draft.tell("assisting" if waits else "ask_on")
    draft.memory = msgspec.structs.replace(draft.memory, assist=waits)
    return draft.outcome(Result(note="asks while waiting"))


def silent(claim: Claim) -> Outcome:
    """The outcome of a turn that is for somebody else to answer."""
    return _Draft(claim).outcome(Result(note=claim.conversation.status))


def chosen(claim: Claim, hit: Hit | None) -> Outcome:
    """The outcome of pressing one of the offered articles; None: it is no longer served."""
    draft = _Draft(claim)
    if hit is None:
        draft.tell("gone")
        return draft.outcome(Result(note="chosen article is gone"))
    draft.answer(hit)
    return draft.outcome(Result(decision="chosen", articles=(_tried(hit),)))


def none_of_these(claim: Claim) -> Outcome:
    """The outcome of "none of these": a miss."""
    draft = _Draft(claim)
    draft.miss("missed")
    return draft.outcome(Result(decision="abstain", note="none of these"))


def wordless(claim: Claim) -> Outcome:
    """The outcome of a turn without a word in it: files, a voice that nobody wrote down, or nothing at all."""
    draft = _Draft(claim)
    files = [kind for member in claim.members for kind in member.attachments]
    if claim.patience == 1:
        draft.hand_over(Handoff("missed_twice"))
    elif not files:
        draft.tell("empty")
    elif all(kind.startswith("audio/") for kind in files):
        draft.tell("voice_received", ("talk_to_human", HUMAN))
    else:
        draft.tell("file_received", ("talk_to_human", HUMAN))
    return draft.outcome(Result(note="no words"))


def given_up(claim: Claim) -> Outcome:
    """The outcome of a turn that failed again and again: a human takes over."""
    if claim.conversation.status == "waiting":
        return silent(claim)  # one is on the way
    draft = _Draft(claim)
    slots = dict(draft.memory.dialogue.slots)
    draft.hand_over(Handoff("bot_unavailable"), "missed_twice")
    return draft.outcome(Result(note="failed repeatedly", slots=slots))


def in_one(outcome: Outcome) -> Outcome:
    """The outcome with all that it says in one message, for channels of letters.

    What is offered to those who wait goes only with words that say no more than that they wait. By letter nobody asks
    on meanwhile, so no number means that.
    """
    said = outcome.messages
    if len(said) < 2:
        offered = tuple(each for each in outcome.memory.offered if each.payload != ASSIST)
        return msgspec.structs.replace(outcome, memory=msgspec.structs.replace(outcome.memory, offered=offered))
    buttons = tuple(each for one in said for each in one.buttons if each.payload not in (ASSIST, TAKE_BACK))
    whole = msgspec.structs.replace(
        said[0],
        text="\n\n".join(one.text.strip() for one in said if one.text.strip()),
        buttons=buttons,
        sources=tuple(dict.fromkeys(source for one in said for source in one.sources)),
        odds=next((one.odds for one in said if one.sources), None),
    )
    memory = msgspec.structs.replace(outcome.memory, offered=buttons)
    return msgspec.structs.replace(outcome, messages=(whole,), memory=memory)


def _result(claim: Claim, reply: BotReply, decision: Decision | None) -> Result:
    dialogue = reply.dialogue if reply.dialogue is not None else claim.conversation.memory.dialogue
    return Result(
        intent=reply.intent,
        confidence=reply.confidence,
        slots=dict(dialogue.slots),
        decision=decision.decision if decision else None,
        articles=tuple(_tried(hit) for hit in decision.hits) if decision else (),
    )


def _tried(hit: Hit) -> Tried:
    return Tried(hit.article, hit.revision, hit.title, hit.score)
