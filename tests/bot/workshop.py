"""A checkout in which the bot's sources may be changed: the real ones with few phrasings, to be trained quickly."""

import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

from app.setup.step import Programs
from app.setup.steps import Steps

ROOT = Path(__file__).resolve().parents[2]
_EACH = 12  # phrasings of an intent in each file


class Workshop:
    """One such checkout, with a data folder of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.var = root / "var"
        (root / "requirements").mkdir(parents=True)
        for name in ("config.yml", "endpoints.yml", "requirements/rasa.txt"):
            shutil.copy(ROOT / name, root / name)
        shutil.copytree(ROOT / "bot", root / "bot", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "training_data", root / "training_data")
        for name in ("app", "hub", ".venv", ".venv-rasa"):
            (root / name).symlink_to(ROOT / name)
        self._shorten()

    def train(self) -> str:
        """What `make train` does. Raises StepFailed."""
        return Steps(self.root, self.var, Programs()).trained_bot().do(lambda text: None)

    def is_trained(self) -> bool:
        """Whether the model is one of these sources."""
        return Steps(self.root, self.var, Programs()).trained_bot().is_done()

    def greet(self, text: str) -> None:
        """Change the English greeting."""
        file = self.root / "bot" / "domain" / "smalltalk.yml"
        domain = yaml.safe_load(file.read_text(encoding="utf-8"))
        domain["responses"]["utter_greet"][0]["custom"]["say"]["en"] = text
        _write(file, domain)

    def forget(self, intent: str) -> dict[Path, bytes]:
        """Take an intent out of domain, rules and phrasings; answers with the files as they were."""
        files = [*self.root.glob("bot/domain/*.yml"), *self.root.glob("training_data/**/*.yml")]
        before = {file: file.read_bytes() for file in files}
        for file in files:
            content = yaml.safe_load(before[file])
            for part in content:
                if part in ("nlu", "rules", "intents", "stories"):
                    content[part] = [one for one in content[part] if not _is_of(one, intent)]
            _write(file, content)
        return before

    def _shorten(self) -> None:
        musts: dict[str, list[str]] = defaultdict(list)
        for must in yaml.safe_load((self.root / "bot" / "must_understand.yml").read_text(encoding="utf-8")):
            musts[must["intent"]] += must["sentences"]
        for file in sorted((self.root / "training_data" / "nlu").rglob("*.yml")):
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
            for entry in content["nlu"]:
                if "intent" in entry:
                    lines = entry["examples"].splitlines()[:_EACH]
                    # In the first file that has the intent.
                    lines += [f"- {sentence}" for sentence in musts.pop(entry["intent"], [])]
                    entry["examples"] = "\n".join(dict.fromkeys(lines)) + "\n"
            _write(file, content)


def _is_of(one: Any, intent: str) -> bool:
    if not isinstance(one, dict):
        return bool(one == intent)
    return one.get("intent") == intent or any(step.get("intent") == intent for step in one.get("steps", []))


def _write(file: Path, content: Any) -> None:
    file.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
