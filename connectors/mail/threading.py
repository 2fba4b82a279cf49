"""Which case a mail belongs to, decided from what is known about it. Pure; each decision carries its reason.

1. `token`: a signed word of ours, in the address it was sent to or in a Message-ID that it refers to.
2. `reference`: a mail of the case that it refers to, the nearest first.
3. `subject`: the same subject as a case in which its sender has written.
4. `content`: the open case of its sender, who is verified, if the words are close.

Whoever takes no part in a case never gets into it, whatever they show: that is a new case, and an agent sees which
other it may belong to. Nor does anybody get in by way of somebody's name, which costs nothing to borrow: where our own
server does not vouch for the sender, a mail cannot send the answers to somebody else, and one that has no more to show
than a subject brings nobody along. Whom others have named in a case (copied in) has to refer to it: by a mere subject
a stranger could lay hands on somebody's next mail.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from connectors.mail.types import Mail
from hub.language import size
from hub.store.cases import Candidate
from hub.types import Case

CLOSE = 0.6
"""How close the words have to be, as the cosine of the bundled model's embeddings.

Of the 30 follow-ups in tests/connectors/mail_transport/follow_ups.jsonl, half of them Chinese, 26 are at least as close
to the mail that they follow, and of the 840 pairs about different things none is. At 0.5 it would be 29, and 2.
"""

_PREFIX = re.compile(
    r"\s*(?:(?P<reply>re|aw|sv|antw|antwort|odp|rif|ré|réf|回复|答复|回覆|答覆|回复给|返信|回信)"
    r"|(?P<forward>fwd?|wg|tr|rv|enc|doorst|vs|转发|轉寄|轉發|转寄|転送))"
    r"\s*(?:[\[(（【]\s*\d{1,3}\s*[\])）】]|\^\d{1,3})?\s*[:：]",
    re.IGNORECASE,
)
_TAG = re.compile(r"\s*\[(?:external|extern|ext|外部(?:邮件)?|list)\]\s*", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_ENOUGH = 3
"""Words or Chinese characters that a subject needs to say what it is about, unless it is an answer."""


class Facts(Struct, frozen=True, kw_only=True):
    """What is known for the decision.

    `token`: the case that a token of ours names. `referenced`: the cases of mails that it refers to, the nearest first.
    `known`: those in which its sender takes part, what moved last first. `verified`: our own server vouches for the
    sender; `forged`: it says that the sender is not who they claim to be. `closeness`: of its words to a known case's.
    `named`: who else stands on its outside, without ourselves; `answered`: to whom its answers are to go instead.
    """

    token: Candidate | None = None
    referenced: Sequence[Candidate] = ()
    known: Sequence[Candidate] = ()
    verified: bool = False
    forged: bool = False
    closeness: Mapping[str, float] = {}
    named: frozenset[str] = frozenset()
    answered: frozenset[str] = frozenset()


def decide(mail: Mail, facts: Facts) -> Case:
    """Where the mail goes, by which rule, and why."""
    who = mail.sender.address if mail.sender else "nobody"
    refused: list[Candidate] = []
    for rule, found, why in (
        ("token", [facts.token] if facts.token else [], "it carries our signed token"),
        ("reference", facts.referenced, "it answers a mail of this case"),
    ):
        for candidate in found:
            if candidate.knows and not facts.forged and not _brought(candidate, facts, facts.answered):
                return Case(conversation=candidate.conversation, rule=rule, reason=f"{why}, and {who} takes part")
            refused.append(candidate)
    if facts.forged:
        reason = f"our mail server says that {who} did not send it"
        return _new("forged", reason, [*refused, *_same_subject(mail, facts.known)])
    for candidate in _same_subject(mail, facts.known):
        if not candidate.wrote or _brought(candidate, facts, facts.named | facts.answered):
            refused.append(candidate)
            continue
        reason = f"it has the subject of this case, in which {who} takes part"
        return Case(conversation=candidate.conversation, rule="subject", reason=reason)
    near, closest = _closest(facts)
    if near is not None and closest >= CLOSE and facts.verified:
        reason = f"{who} is verified, has this case open, and writes about the same ({closest:.2f})"
        return Case(conversation=near.conversation, rule="content", reason=reason)
    if refused:
        return _new("stranger", _refusal(who, refused, facts), refused)
    maybe = [] if near is None or closest < CLOSE else [near]
    return _new("new", "nothing in it names a case", maybe)


def _brought(candidate: Candidate, facts: Facts, named: frozenset[str]) -> frozenset[str]:
    """Who of those named would come in with the mail, without anybody vouching for its sender."""
    return frozenset() if facts.verified else named - candidate.people


def newcomers(case: Case, facts: Facts) -> tuple[str, ...]:
    """Who takes part in the case from this mail on, though nobody vouches for the one who wrote it."""
    for one in (facts.token, *facts.referenced, *facts.known):
        if one is not None and one.conversation == case.conversation:
            return tuple(sorted(_brought(one, facts, facts.named)))
    return ()


def _refusal(who: str, refused: Sequence[Candidate], facts: Facts) -> str:
    known = [one for one in refused if one.knows]
    if not known:
        return f"it refers to another case, in which {who} takes no part"
    if brought := sorted(_brought(known[0], facts, facts.answered) or _brought(known[0], facts, facts.named)):
        return f"nobody vouches for {who}, and it would bring {brought[0]} into another case"
    return f"it has the subject of another case, in which {who} was named and never wrote"


def _new(rule: str, reason: str, maybe: Sequence[Candidate]) -> Case:
    return Case(rule=rule, reason=reason, maybe=tuple(dict.fromkeys(one.conversation for one in maybe)))


def open_ones(facts: Facts) -> list[Candidate]:
    """The cases to which the words are to be compared: open ones in which the sender has written."""
    return [one for one in facts.known if one.knows and one.wrote and one.status != "closed"]


def _closest(facts: Facts) -> tuple[Candidate | None, float]:
    measured = [(facts.closeness.get(one.conversation, 0.0), one) for one in open_ones(facts)]
    best = max(measured, key=lambda pair: pair[0], default=None)
    return (best[1], best[0]) if best else (None, 0.0)


def _same_subject(mail: Mail, known: Sequence[Candidate]) -> list[Candidate]:
    """Cases in which this subject was used. One that is no answer has to say enough, and the case to be open."""
    subject = normalised(mail.subject)
    same = [one for one in known if one.knows and subject and subject in map(normalised, (one.subject, *one.subjects))]
    if answers(mail.subject):
        return same
    return [one for one in same if one.status != "closed" and _says_enough(subject)]


def _says_enough(subject: str) -> bool:
    return size(subject) >= _ENOUGH or (any(sign.isdigit() for sign in subject) and len(subject) > _ENOUGH)


def answers(subject: str) -> bool:
    """Whether a subject says that it answers another mail: its outermost prefix that means anything is a "Re:"."""
    found = _PREFIX.match(_TAG.sub(" ", subject))
    return bool(found and found["reply"])


def bare(subject: str) -> str:
    """A subject without all that mail programs put in front of it."""
    while True:
        shorter = _TAG.sub(" ", subject, count=1)
        if found := _PREFIX.match(shorter):
            shorter = shorter[found.end() :]
        shorter = _SPACE.sub(" ", shorter).strip()
        if shorter == subject:
            return subject
        subject = shorter


def normalised(subject: str) -> str:
    """What of a subject two mails have in common whose writers mean the same."""
    return bare(subject).casefold()
