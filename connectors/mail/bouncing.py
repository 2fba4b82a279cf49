"""News of mails of ours: a bounce is shown at the message it is about, and the bot never hears of it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence

from connectors.mail.sorting import known_as
from connectors.mail.tokens import Tokens
from connectors.mail.types import Failure, Mail
from hub.core import Core
from hub.lifecycle import Step
from hub.store import cases, outbox
from hub.types import Conversation, Delivery

log = logging.getLogger(__name__)


async def report(core: Core, channel: str, mail: Mail, tokens: Tokens) -> bool:
    """Says at the message what became of it; False where the report fits nothing that we have sent.

    Anybody can write a report; only who got a mail of ours knows its id. A customer's mail is none of ours.
    """
    bounce = mail.bounce
    if bounce is None or not bounce.message_id:
        return False
    async with core.db.connection() as conn:
        (id,) = await known_as(conn, channel, [bounce.message_id])
        conversation = tokens.in_ids([id])
        found = await outbox.by_platform_id(conn, channel, id)
        named = await cases.of_messages(conn, channel, "", [id]) if found else []
        if conversation is None and named:
            conversation = named[0].conversation
        elif conversation is not None and await cases.one(conn, channel, "", conversation) is None:
            conversation = None
        conversation = await cases.merged(conn, conversation) if conversation else None
        letters = await cases.letters(conn, conversation, before=found[0]) if conversation and found else []
    if conversation is None:
        return False
    answered = next((each.letter for each in letters if not each.letter.automatic), None)
    to = {answered.sender, *answered.reply_to, ""} if answered else {""}
    asked: list[Failure] = []
    others: list[Failure] = []
    for each in bounce.failures or (Failure(),):
        known = found is not None and each.recipient.lower() in to and _outcome(each) in _STANDS
        (asked if known else others).append(each)
    if asked:
        worst = max(asked, key=_weight)
        stands = _STANDS[_outcome(worst)]
        if not await core.outbox.report(channel, id, stands, _said(worst)):
            others += asked  # it is ahead of the server's own yes, or says it once more: nothing of it is lost
        elif stands == "failed":
            await core.steps.take(conversation, _to_a_person_again)
    if others:
        about = hashlib.sha256(f"{id}{others}".encode()).hexdigest()[:32]
        await core.intake.remark(channel, "", f"bounce-{about}", _noted(others), conversation)
    log.info("%s: a report on a mail of ours: %s", channel, ", ".join(each.status or each.action for each in asked))
    return True


def _to_a_person_again(now: Conversation) -> Step | None:
    """What an agent has closed is not over while their answer has not arrived."""
    return Step(action="reopen", reason="rule") if now.status == "closed" and now.closed_by_human else None


_STANDS: dict[str, Delivery] = {"delivered": "delivered", "delayed": "sent", "soft": "failed", "hard": "failed"}


def _outcome(failure: Failure) -> str:
    """`soft`: it did not arrive, and might if it were sent again."""
    if failure.action == "delayed":
        return "delayed"
    if failure.action == "delivered":
        return "delivered"
    if failure.hard is None and failure.action != "failed":
        return "unclear"
    return "soft" if failure.hard is False else "hard"


def _weight(failure: Failure) -> int:
    return list(_STANDS).index(_outcome(failure))


def _said(failure: Failure) -> str | None:
    who, why = failure.recipient or "the recipient", _why(failure) or "no reason given"
    match _outcome(failure):
        case "delivered":
            return None
        case "delayed":
            return f"delayed: {who} could not be reached yet ({why})"[:500]
        case "soft":
            return f"came back for now: {who} could not be reached ({why})"[:500]
    return f"came back: {who} could not be reached ({why})"[:500]


def _why(failure: Failure) -> str:
    if failure.status in failure.diagnostic:
        return failure.diagnostic
    return " ".join(part for part in (failure.status, failure.diagnostic) if part)


_WORDS = {
    "unclear": "is reported on",
    "delivered": "has succeeded",
    "delayed": "is delayed",
    "soft": "has failed for now",
    "hard": "has failed",
}


def _noted(failures: Sequence[Failure]) -> str:
    """A report in words, for the agents."""
    lines = []
    for each in failures:
        why = f": {_why(each)}" if _why(each) else ""
        lines.append(f"Delivery to {each.recipient or 'a recipient'} {_WORDS[_outcome(each)]}{why}")
    return "\n".join(lines)[:2000]
