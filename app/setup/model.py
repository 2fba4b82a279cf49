"""Rasa's model: trained beside the one that serves, checked, and only then put in its place."""

import os
import re
from collections.abc import Callable
from pathlib import Path

from app.setup.step import Programs, StepFailed

_REFUSED = "The new bot is refused; the one before stays as it is."
_OLDER_CODE = "(Where Parley itself was brought up to date meanwhile, start it anew.)"


class Refused(StepFailed):
    """The new model may not serve; the message is a block of lines that says why. What served before goes on."""


class Model:
    """The model of one checkout, and the one before it."""

    def __init__(self, root: Path, var: Path, programs: Programs) -> None:
        self._root = root
        self._programs = programs
        self._folder = var / "models"
        self._cache = var / "rasa-cache"
        self._var = var
        self.file = self._folder / "bot.tar.gz"
        self.stamp = self._folder / "parley-stamp"
        self._before = self._folder / "previous.tar.gz"
        self._candidate = self._folder / "candidate.tar.gz"

    def train(self, tell: Callable[[str], None], log: Path) -> str:
        """Train, check and put in place; answers with what there is to say about it. Raises Refused or StepFailed."""
        result = self._make(tell, log)
        tell("putting it in place")
        return f"{result}; {self._put_in_place(log, self._take_stamp())}"

    def go_back(self, log: Path) -> str:
        """Exchange the model with the one before it. Raises StepFailed."""
        if not self._before.exists():
            raise StepFailed("there is no model from before")
        self._candidate.unlink(missing_ok=True)
        os.link(self._before, self._candidate)
        stamp = self._take_stamp()
        result = self._put_in_place(log, stamp)
        self._give_stamp(stamp)  # the sources have not changed, so the next start leaves it at that
        return result

    def _make(self, tell: Callable[[str], None], log: Path) -> str:
        refusal: list[str] = []
        result = ""

        def listen(line: str) -> None:
            nonlocal result
            if line.startswith("| "):
                refusal.append(line.removeprefix("| "))
            elif line.startswith("= "):
                result = line.removeprefix("= ")
            elif line.startswith("checking "):
                tell(line)
            elif found := re.search(r"Starting to train component '(\w+)'", line):
                tell(f"training {found[1]}")

        self._folder.mkdir(parents=True, exist_ok=True)
        python = self._root / ".venv-rasa" / "bin" / "python"
        unseen = self._root / "tests" / "bot" / "held_out.yml"
        try:
            self._programs.run(
                [python, "-m", "bot.training", self._candidate, "--present", self.file, "--unseen", unseen],
                log,
                cwd=self._root,
                env={
                    "PYTHONPATH": str(self._root),
                    "PYTHONUTF8": "1",
                    "RASA_TELEMETRY_ENABLED": "false",
                    "RASA_CACHE_DIRECTORY": str(self._cache),
                    "TF_CPP_MIN_LOG_LEVEL": "2",
                },
                each_line=listen,
            )
        except StepFailed as error:
            if refusal:
                raise _refused(refusal) from error
            raise
        return result

    def _put_in_place(self, log: Path, stamp: str) -> str:
        """The candidate becomes the model, and a bot that runs takes it; where it does not, all is as it was."""
        undo = self._folder / "undo.tar.gz"
        undo.unlink(missing_ok=True)
        if self.file.exists():
            os.link(self.file, undo)
        self._candidate.replace(self.file)
        try:
            result = self._hand_over(log)
        except StepFailed:
            if undo.exists():
                undo.replace(self.file)
                self._give_stamp(stamp)
            raise
        if undo.exists():
            undo.replace(self._before)
        return result

    def _take_stamp(self) -> str:
        """Take it away: from here on the model may be another than it says. Answers with what stood there."""
        stamp = self.stamp.read_text() if self.stamp.exists() else ""
        self.stamp.unlink(missing_ok=True)
        return stamp

    def _give_stamp(self, stamp: str) -> None:
        if stamp:
            self.stamp.write_text(stamp)

    def _hand_over(self, log: Path) -> str:
        """Let the bot of this installation take the model, if one runs."""
        python = self._root / ".venv" / "bin" / "python"
        if not python.exists():
            return "it is used from the next start on"
        said: list[str] = []
        try:
            self._programs.run(
                [python, "-m", "app", "load-model"],
                log,
                cwd=self._root,
                env={"PARLEY_VAR": str(self._var)},
                each_line=said.append,
            )
        except StepFailed as error:
            raise _refused(["The bot that runs did not take it:", *said, _OLDER_CODE]) from error
        return said[-1] if said else ""


def _refused(lines: list[str]) -> Refused:
    return Refused("\n  ".join([_REFUSED, *lines]))
