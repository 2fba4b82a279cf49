"""Turns: all new messages of one conversation are asked as one, and answered once.

A turn is claimed in one transaction, answered with none open, and finished in a second one, which only counts if nobody
has taken over meanwhile: neither a human (the epoch), nor another worker after the lease ran out (the token).
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping

import msgspec

from hub import metrics, reply
from hub.bus import Bus
from hub.connector import Channels
from hub.errors import BotUnavailable
from hub.language import size
from hub.lifecycle import FENCING
from hub.ports import Bot, KnowledgeBase
from hub.reply import Outcome
from hub.steps import Steps
from hub.store import complaints, conversations, messages, turns
from hub.store.db import AWAY, Connection, Database
from hub.store.turns import Claim, Result
from hub.types import BotReply, BotTurn, Conversation, Decision, Handoff, Hit, Search, TakeBack

log = logging.getLogger(__name__)

LEASE = 15.0
"""Seconds that a worker has for a turn: longer than all time-outs within it, and how long a killed one delays it."""

GIVE_UP_AFTER = 3
"""Attempts at one turn before a human gets the conversation."""

SAYS_ENOUGH = 10
"""Words, or Chinese characters, from which a question that leans on the answer before is first looked up by itself."""

BOT_AWAY, PATIENCE = 1.0, 60.0
"""Seconds after which a bot that was away, and cannot be stood in for, is asked again; and for how long that is no
failed attempt."""


class Turns:
    """The steps of a turn. `take` goes through them in their order; the tests in any."""

    def __init__(
        self, db: Database, bus: Bus, channels: Channels, steps: Steps, bot: Bot, knowledge: KnowledgeBase
    ) -> None:
        self._db = db
        self._bus = bus
        self._channels = channels
        self._steps = steps
        self._bot = bot
        self._knowledge = knowledge

    async def claim(self, conversation: str) -> Claim | None:
        """Takes the conversation's new messages in hand; None where there are none, or another worker has them.

        Where a human has the conversation nobody is asked: the turn ends with its claim. So it does where one had it
        since the turn was begun: what was asked then has been seen to.
        """
        token = str(uuid.uuid4())
        async with self._db.connection() as conn:
            claim = await turns.claim_new(conn, conversation, str(uuid.uuid4()), token, LEASE)
            if claim is None:
                claim = await turns.take_over(conn, conversation, token, LEASE)
            late = claim is None and await turns.came_too_late(conn, conversation)
        if late:
            await self._reopen(conversation)
        if claim is None:
            return None
        if self._by_letter(claim):
            claim = msgspec.structs.replace(claim, patience=1)
        stale = claim.begun_under != claim.conversation.owner_epoch
        if claim.conversation.status in ("bot", "waiting") and (not stale or await self._still_counts(claim)):
            return claim
        await self._end_silently(claim, dropped=stale)
        return None

    def _by_letter(self, claim: Claim) -> bool:
        connector = self._channels.get(claim.conversation.channel)
        return connector is not None and connector.limits.letters

    async def _still_counts(self, claim: Claim) -> bool:
        async with self._db.transaction() as conn:
            now = await turns.lock_leased(conn, claim.conversation.id, claim.token)
            return now is not None and await turns.renew(conn, claim.turn, now)

    async def _end_silently(self, claim: Claim, dropped: bool) -> None:
        async with self._db.transaction() as conn:
            now = await turns.lock_leased(conn, claim.conversation.id, claim.token)
            if now is not None:
                result = Result(note=claim.conversation.status)
                await turns.end(
                    conn,
                    now.id,
                    claim.turn,
                    dropped=dropped,
                    result=result,
                    misses=now.misses,
                    memory=now.memory,
                    language=now.language,
                )
        self._bus.signal("stream", str(claim.conversation.stream))

    async def _reopen(self, conversation: str) -> None:
        """A message came just before the end of its conversation, and nobody has taken it up: it goes on."""
        async with self._db.transaction() as conn:
            now = await conversations.lock(conn, conversation)
            if now.status == "closed":
                now = await self._steps.reopen(conn, now)
        self._steps.tell(now)
        self._bus.signal("turns", conversation)

    async def answer(self, claim: Claim) -> Outcome:
        """What is to be said and done; asks the bot and the knowledge base. No transaction is open meanwhile."""
        if claim.attempt > GIVE_UP_AFTER:
            return reply.given_up(claim)
        payload = reply.pressed(claim)
        waits = claim.conversation.status == "waiting"
        compose = reply.meanwhile if waits else reply.compose
        if before := reply.asked_before(claim):
            cry = await self._bot.respond(_question(claim, before, None))
            urgency = claim.conversation.priority
            if any(isinstance(effect, Handoff) and effect.priority > urgency for effect in cry.effects):
                return compose(claim, cry, None)  # a button pressed behind it does not make danger unsaid
        match payload:
            case reply.HUMAN:
                return compose(claim, BotReply(effects=(Handoff("asked"),)), None)
            case reply.TAKE_BACK:
                return compose(claim, BotReply(effects=(TakeBack(),)), None)
            case reply.ASSIST:
                return reply.assist(claim)
            case reply.NONE_OF_THESE:
                return reply.silent(claim) if waits else reply.none_of_these(claim)
            case str() if payload.startswith(reply.ARTICLE):
                return reply.chosen(claim, await self._fetch(claim, payload.removeprefix(reply.ARTICLE)))
        text = reply.asked(claim)
        if not text:
            return reply.silent(claim) if waits else reply.wordless(claim)
        understood = await self._bot.respond(_question(claim, text, payload))
        return compose(claim, understood, await self._search(claim, text, understood))

    async def _fetch(self, claim: Claim, article: str) -> Hit | None:
        return await self._knowledge.fetch(article, claim.conversation.language, claim.knowledge_version)

    async def _search(self, claim: Claim, text: str, understood: BotReply) -> Decision | None:
        """What the knowledge base says, where the bot asks for it and the customer is there for the bot."""
        wanted = next((effect for effect in understood.effects if isinstance(effect, Search)), None)
        memory = claim.conversation.memory
        if wanted is None or (claim.conversation.status == "waiting" and not memory.assist):
            return None
        language, version = claim.conversation.language, claim.knowledge_version
        if wanted.follow_up and memory.topic is not None:
            if size(text) >= SAYS_ENOUGH:  # it may lean on what was said, and yet be about something else
                alone = await self._knowledge.decide(text, language, version)
                if alone.decision == "answer":
                    return alone
            text = f"{memory.topic.title}\n{text}"  # the earlier question beside it would outweigh the new one
        return await self._knowledge.decide(text, language, version)

    async def finish(self, claim: Claim, outcome: Outcome) -> bool:
        """Stores what came of a turn; False where it no longer counts and was dropped."""
        if self._by_letter(claim):
            outcome = reply.in_one(outcome)
        if outcome.step is None:
            async with self._db.connection() as conn:
                more = await turns.speak_and_end(
                    conn,
                    claim,
                    outcome.messages,
                    delivery=self._channels.first_delivery(claim.conversation.channel),
                    result=outcome.result,
                    misses=outcome.misses,
                    memory=outcome.memory,
                    language=outcome.language,
                )
            if more is not None:
                self._told(claim.conversation, more)
                return True
        return await self._finish_with_step(claim, outcome)

    async def _finish_with_step(self, claim: Claim, outcome: Outcome) -> bool:
        async with self._db.transaction() as conn:
            now = await turns.lock_leased(conn, claim.conversation.id, claim.token)
            if now is None:
                return False  # another worker has the turn, and it will answer
            begun = claim.conversation
            counts = now.status == begun.status and now.owner_epoch == begun.owner_epoch
            if not counts and now.status in ("bot", "waiting") and await turns.renew(conn, claim.turn, now):
                await turns.give_back(conn, now.id, claim.token, 0, counts=False)
                self._bus.signal("turns", now.id)
                return False  # no human had it: the same words are to be answered as things stand now
            if counts:
                now = msgspec.structs.replace(now, language=outcome.language)
                now = await self._carry_out(conn, now, claim, outcome)
            more = await turns.end(
                conn,
                now.id,
                claim.turn,
                dropped=not counts,
                result=outcome.result,
                misses=outcome.misses if counts else now.misses,
                memory=outcome.memory if counts else now.memory,
                language=now.language,
            )
        self._told(now, more)
        return counts

    def _told(self, conversation: Conversation, more: bool) -> None:
        self._steps.tell(conversation)
        if more:
            self._bus.signal("turns", conversation.id)

    async def _carry_out(
        self, conn: Connection, conversation: Conversation, claim: Claim, outcome: Outcome
    ) -> Conversation:
        if outcome.complaint is not None:
            outcome = await _filed(conn, conversation, claim, outcome.complaint, outcome)
        step = outcome.step
        # What is said on a step that raises the epoch belongs to what comes after it.
        if step is not None and step.action in FENCING:
            conversation = await self._steps.apply(conn, conversation, step)
        if outcome.messages:
            await messages.add_outbound(
                conn,
                conversation.stream,
                conversation.id,
                conversation.channel,
                outcome.messages,
                delivery=self._channels.first_delivery(conversation.channel),
                owner_epoch=conversation.owner_epoch,
                turn=claim.turn,
            )
        if step is None or step.action in FENCING:
            return conversation
        await turns.note_result(conn, claim.turn, outcome.result)  # the context is made from it
        return await self._steps.apply(conn, conversation, step)

    async def take(self, conversation: str) -> None:
        """Takes a conversation's turn from its claim to its end, if there is one to take."""
        claim = await self.claim(conversation)
        if claim is None:
            return
        try:
            with metrics.TURN_SECONDS.time():
                outcome = await self.answer(claim)
                counts = await self.finish(claim, outcome)
            metrics.TURNS.labels((outcome.result.decision or "said") if counts else "dropped").inc()
        except AWAY:
            raise  # the lease runs out, and whoever reaches the database takes over
        except BotUnavailable as error:
            log.info("turn %s waits for the bot (%s)", claim.turn, error)
            await self.fail(claim, delay=BOT_AWAY, counts=claim.age > PATIENCE)
        except Exception:
            log.exception("turn %s failed at attempt %d; it is tried again", claim.turn, claim.attempt)
            await self.fail(claim, delay=2.0**claim.attempt)

    async def due(self) -> list[str]:
        """Conversations with a turn to take."""
        async with self._db.connection() as conn:
            return await turns.due(conn, 200)

    async def fail(self, claim: Claim, delay: float, counts: bool = True) -> None:
        """Gives the turn back after an error, to be tried again in `delay` seconds; whether it counts as an attempt."""
        async with self._db.transaction() as conn:
            await turns.give_back(conn, claim.conversation.id, claim.token, delay, counts)


async def _filed(
    conn: Connection, conversation: Conversation, claim: Claim, record: Mapping[str, object], outcome: Outcome
) -> Outcome:
    """The outcome with the number of the complaint in its words and in what the agent is given."""
    reference = await complaints.file(conn, conversation.id, claim.turn, record)
    said = tuple(
        msgspec.structs.replace(message, text=message.text.replace("{reference}", reference))
        for message in outcome.messages
    )
    result = msgspec.structs.replace(
        outcome.result, slots={**outcome.result.slots, **record, "complaint_reference": reference}
    )
    return msgspec.structs.replace(outcome, messages=said, result=result)


def _question(claim: Claim, text: str, payload: str | None) -> BotTurn:
    conversation = claim.conversation
    return BotTurn(
        id=claim.turn,
        text=text,
        language=conversation.language,
        payload=payload,
        dialogue=conversation.memory.dialogue,
    )
