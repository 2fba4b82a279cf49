"""What somebody wrote in a mail, without what they only quoted.

Three things can end the writer's own words: an attribution ("On ..., X wrote:") above quoted lines, the quoted
mail's own headers, and a separator above them. What is no sure sign of that is left alone: a word too much is a
smaller harm than a customer's word lost.

Written between the quoted lines: `text` has the writer's lines only, and `answers` says what each belongs to.
Forwarded: `text` has what is passed on, too, where the writer says little about it.
"""

from __future__ import annotations

from msgspec import Struct

from connectors.mail import signatures
from connectors.mail.lines import Line, joined, tidy
from connectors.mail.markers import attribution, forwards, header, header_block, separator
from connectors.mail.types import Answer

_LITTLE = 200  # how wide a word on a forwarded mail may be; a Chinese character counts for two


class Hints(Struct, frozen=True):
    """What the headers say: the mail answers another one, or passes one on."""

    reply: bool = False
    forward: bool = False


class Reply(Struct, frozen=True):
    """What the writer said."""

    text: str
    forwarded: bool = False
    answers: tuple[Answer, ...] = ()


def reply(lines: list[Line], hints: Hints) -> Reply:
    """The writer's own words; all of the mail where nothing of it would be left."""
    found = _Reading(lines, hints).result()
    if not found.text and any(line.sure or line.mark for line in lines):  # all of it stands in somebody's container
        bare = [Line(line.text) for line in lines]
        found = _Reading(bare, hints).result()
    return found if found.text else Reply(joined(lines), found.forwarded)


class _Reading:
    """One mail, line by line: `kept` are the writer's runs of lines, each after what was quoted above it."""

    def __init__(self, lines: list[Line], hints: Hints) -> None:
        self.lines, self.hints = lines, hints
        self.kept: list[tuple[list[Line], list[Line]]] = [([], [])]
        self.passed_on: list[Line] | None = None
        self.quoting = hints.reply or hints.forward or any(line.mark == "attribution" for line in lines)
        self.quoting = self.quoting or any(
            line.depth and not line.weak and self._below_attribution(at) for at, line in _firsts(lines)
        )
        self.indented = self._indented()
        self._read()

    def result(self) -> Reply:
        runs = [(quoted, _said(said)) for quoted, said in self.kept]
        runs = [(quoted, said) for quoted, said in runs if said]
        text = tidy("\n\n".join(said for _, said in runs))
        forwarded = self.passed_on is not None or self.hints.forward
        if self.passed_on is None and self.hints.forward and any(quoted for quoted, _ in self.kept):
            self.passed_on = [line for quoted, _ in self.kept for line in quoted]
        if self.passed_on and _width(text) <= _LITTLE:
            least = min((line.depth for line in self.passed_on if not line.blank), default=0)
            passed = joined([Line(line.text, max(0, line.depth - least), line.weak) for line in self.passed_on])
            return Reply(tidy(text + "\n\n" + passed), True)
        between = len(runs) > 1
        answers = tuple(Answer(_context(quoted), said) for quoted, said in runs if quoted) if between else ()
        return Reply(text, forwarded, answers)

    def _read(self) -> None:
        at, lines = 0, self.lines
        while at < len(lines):
            line = lines[at]
            if self._quoted(at):
                end = at
                while end < len(lines) and (self._quoted(end) or lines[end].blank):
                    end += 1
                if self._starts_forward(at, end):
                    self._pass_on(at, end)
                else:
                    self._quote(lines[at:end])
                at = end
                continue
            ended = self._attributed(at)
            if ended:
                self._quote([])
                at = ended if self._quotes_follow(ended) else self._quote_rest(at)
                continue
            if self._boundary(at):
                if forwards(line.text) or (self.hints.forward and separator(line.text) != "reply only"):
                    self._pass_on(at, len(lines))
                    return
                at = self._quote_rest(at)
                continue
            self._keep(line)
            at += 1

    def _quoted(self, at: int) -> bool:
        line = self.lines[at]
        if not line.depth:
            return False
        return self.indented[at] if line.weak else line.sure or self.quoting

    def _indented(self) -> list[bool]:
        """Which indented lines are quoted: those of a run that stands below an attribution, no others."""
        found: list[bool] = []
        for at, line in enumerate(self.lines):
            above = self.lines[at - 1] if at else None
            goes_on = above is not None and (above.weak or (above.blank and at > 1 and self.lines[at - 2].weak))
            if line.weak and goes_on:
                found.append(found[-1] if above and above.weak else found[-2])
            else:
                found.append(line.weak and self._below_attribution(at))
        return found

    def _below_attribution(self, first: int) -> bool:
        above = [at for at in range(max(0, first - 6), first) if not self.lines[at].blank]
        return any(
            self.lines[at].mark == "attribution"
            or attribution([line.text for line in self.lines[at : at + 4] if not line.depth][: first - at])
            for at in above
        )

    def _attributed(self, at: int) -> int:
        """Where an attribution that begins at `at` ends; 0 where there is none."""
        line = self.lines[at]
        if line.mark == "attribution" and not line.blank:
            if forwards(line.text):
                return 0
            end = at
            while end < len(self.lines) and self.lines[end].mark == "attribution":
                end += 1
            return end
        if line.blank or (line.depth and not line.weak):
            return 0
        found = attribution([one.text for one in self.lines[at : at + 4]])
        if not found:
            return 0
        end = at + found.lines
        return end if found.sure or self._quotes_follow(end) else 0

    def _quotes_follow(self, at: int) -> bool:
        for line in self.lines[at : at + 4]:
            if not line.blank:
                return line.depth > 0
        return False

    def _boundary(self, at: int) -> bool:
        """Whether the head of another mail begins here."""
        line = self.lines[at]
        if line.blank or (line.depth and not line.weak):
            return False
        texts = [one.text for one in self.lines[at : at + 14]]
        if line.mark == "ruled" and header(line.text)[0]:
            return header_block(texts, announced=True)
        return bool(separator(line.text) and _has_head(self.lines, at)) or header_block(texts)

    def _starts_forward(self, at: int, end: int) -> bool:
        first = next((line.text for line in self.lines[at:end] if not line.blank), "")
        return forwards(first)

    def _keep(self, line: Line) -> None:
        self.kept[-1][1].append(line)

    def _quote(self, lines: list[Line]) -> None:
        quoted, said = self.kept[-1]
        if any(not line.blank for line in said):
            self.kept.append((list(lines), []))
        else:
            quoted.extend(lines)

    def _quote_rest(self, at: int) -> int:
        self._quote(self.lines[at:])
        return len(self.lines)

    def _pass_on(self, at: int, end: int) -> None:
        self.passed_on = [*(self.passed_on or []), *self.lines[at:end]]


def _firsts(lines: list[Line]) -> list[tuple[int, Line]]:
    """The first lines of what is quoted, each time."""
    return [(at, line) for at, line in enumerate(lines) if line.depth and (at == 0 or not lines[at - 1].depth)][:200]


def _has_head(lines: list[Line], at: int) -> bool:
    """Whether a separator has below it what it announces."""
    below = [line for line in lines[at + 1 : at + 12] if not line.blank][:6]
    texts = [line.text for line in below]
    found = attribution(texts)
    if found is not None and found.sure:
        return True
    return header_block(texts, announced=True) or any(line.depth > lines[at].depth for line in below[:2])


def _said(lines: list[Line]) -> str:
    """A run of the writer's lines without the signature in it."""
    rule = next((at for at in range(len(lines) - 1, -1, -1) if lines[at].mark == "rule"), len(lines))
    if not signatures.may_be([line.text for line in lines[rule + 1 :]]):
        rule = len(lines)
    own = [line.shown for line in lines[:rule] if line.mark != "signature"]
    return tidy("\n".join(signatures.without(own)))


def _context(quoted: list[Line]) -> str:
    """The end of what was quoted: its last paragraph."""
    texts = [line.text for line in quoted]
    while texts and not texts[-1].strip():
        texts.pop()
    start = len(texts)
    while start and texts[start - 1].strip() and len(texts) - start < 6:
        start -= 1
    return tidy("\n".join(texts[start:]))


def _width(text: str) -> int:
    return len(text) + sum(character >= "\u2e80" for character in text)
