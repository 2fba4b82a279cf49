"""`python -m bot.training`, by Rasa's Python in the checkout: checks the sources, trains, and checks what came of it.

The model is a candidate: nothing that serves is touched. Lines for people begin with `| `, the result with `= `; the
exit status is 0 where the candidate may serve and 3 where it is refused.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from rasa.core.agent import Agent
from rasa.model_training import train
from rasa.utils.common import configure_logging_and_warnings
from rasa.utils.log_utils import configure_structlog

from bot.components import acceptance, runner
from bot.training import sources
from bot.training.unseen import Unseen

REFUSED = 3


class Refused(Exception):
    """What is wrong, and each case of it."""

    def __init__(self, what: str, cases: list[str]) -> None:
        super().__init__(what)
        self.cases = cases


def make(candidate: Path) -> None:
    """A model out of the sources. Raises Refused."""
    print("checking the sources", flush=True)
    if problems := sources.problems():
        raise Refused("There are mistakes in the sources:", problems)
    candidate.unlink(missing_ok=True)
    try:
        train(
            domain=sources.DOMAIN,
            config=sources.CONFIG,
            training_files=[sources.DATA],
            output=str(candidate.parent),
            fixed_model_name=candidate.name,
            force_training=True,
        )
    except (Exception, SystemExit) as error:
        logging.getLogger(__name__).exception("the training failed")
        raise Refused("Rasa cannot train with these sources:", [sources.root_of(error)]) from error
    if not candidate.exists():
        raise Refused("Rasa made no model:", ["see the log"])


async def check(candidate: Path, present: Path | None, unseen: Unseen | None) -> str:
    """What there is to say for the candidate. Raises Refused."""
    print("checking the trained bot", flush=True)
    runner.install()
    new = Agent.load(candidate)
    if problems := await acceptance.problems(new):
        raise Refused(f"The trained bot fails what bot/{acceptance.FILE.name} asks:", problems)
    if unseen is None:
        return "it understands what it has to"
    now = await unseen.understood(new)
    result = f"it understands {unseen.share(now):.1%} of {len(unseen)} sentences that it never saw"
    before = await _before(present, unseen)
    if before is None:
        return result
    if losses := unseen.losses(before, now):
        raise Refused("The trained bot understands much less than the one before:", losses)
    return f"{result} (before: {unseen.share(before):.1%})"


async def _before(present: Path | None, unseen: Unseen) -> set[tuple[str, str]] | None:
    if present is None or not present.exists():
        return None
    try:
        return await unseen.understood(Agent.load(present))
    except Exception:
        logging.getLogger(__name__).exception("the present model cannot be compared with")
        return None


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bot.training")
    parser.add_argument("candidate", type=Path, help="where the model goes")
    parser.add_argument("--present", type=Path, help="the model that it would replace")
    parser.add_argument("--unseen", type=Path, help="phrasings to compare the two on")
    words = parser.parse_args()
    configure_logging_and_warnings(logging.INFO)
    logging.basicConfig(level=logging.INFO)
    configure_structlog(logging.INFO)
    unseen = Unseen(words.unseen) if words.unseen is not None and words.unseen.exists() else None
    try:
        make(words.candidate)
        print("=", asyncio.run(check(words.candidate, words.present, unseen)), flush=True)
    except Refused as refusal:
        _tell(refusal)
        return REFUSED
    return 0


def _tell(refusal: Refused) -> None:
    print(f"| {refusal}")
    for case in refusal.cases[:40]:
        print("|   - " + case.replace("\n", "\n|     "))
    if len(refusal.cases) > 40:
        print(f"|   … and {len(refusal.cases) - 40} more")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
