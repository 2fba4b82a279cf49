"""News of mails of ours: a bounce is shown at the message it is about, and the bot never hears of it."""

from __future__ import annotations

import hashlib
import logging

from connectors.mail.tokens import Tokens
from connectors.mail.types import Bounce, Failure, Mail
from hub.core import Core
from hub.store import cases, outbox

log = logging.getLogger(__name__)


async def report(core: Core, channel: str, mail: Mail, tokens: Tokens) -> bool:
    """Says at the message what became of it; False where the report fits nothing that we have sent."""
    bounce = mail.bounce
    if bounce is None or not bounce.message_id:
        return False
    conversation = tokens.in_ids([bounce.message_id])
    async with core.db.connection() as conn:
        found = await outbox.by_platform_id(conn, channel, bounce.message_id)
        named = await cases.of_messages(conn, channel, "", [bounce.message_id])
        if conversation is None and named:
            conversation = named[0].conversation
        elif conversation is not None and await cases.one(conn, channel, "", conversation) is None:
            conversation = None
        main = (await cases.letters(conn, conversation, 1))[:1] if conversation else []
    if conversation is None:
        return False
    known = main[0].letter if main else None
    asked = {known.sender, *known.reply_to} if known else set()
    worst = _worst(bounce)
    if found is not None and worst.hard and (worst.recipient.lower() in asked or not worst.recipient or not asked):
        await core.outbox.report(channel, bounce.message_id, "failed", _said(worst))
    else:
        about = hashlib.sha256(f"{bounce.message_id}{bounce.failures}".encode()).hexdigest()[:32]
        await core.intake.remark(channel, "", f"bounce-{about}", _noted(bounce), conversation)
    log.info("%s: a mail of ours came back (%s)", channel, worst.status or "no status")
    return True


def _worst(bounce: Bounce) -> Failure:
    return max(bounce.failures, key=lambda each: (each.hard is True, each.hard is not None), default=Failure())


def _said(failure: Failure) -> str:
    who = failure.recipient or "the recipient"
    why = " ".join(part for part in (failure.status, failure.diagnostic) if part)
    return f"came back: {who} could not be reached ({why or 'no reason given'})"[:500]


def _noted(bounce: Bounce) -> str:
    """A report in words, for the agents."""
    lines = []
    for each in bounce.failures or (Failure(),):
        how = (
            "has failed"
            if each.hard
            else "is delayed, or has failed for now"
            if each.hard is False
            else "is reported on"
        )
        why = " ".join(part for part in (each.status, each.diagnostic) if part)
        lines.append(f"Delivery to {each.recipient or 'a recipient'} {how}{f': {why}' if why else ''}")
    return "\n".join(lines)[:2000]
