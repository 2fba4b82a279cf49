"""What is wrong with the sources of the bot, in words that name the place."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

from rasa.shared.importers.importer import TrainingDataImporter
from rasa.utils.common import EXPECTED_WARNINGS
from rasa.validator import Validator

from bot.components import texts

CONFIG, DOMAIN, DATA = "config.yml", "bot/domain", "training_data"

_HARMLESS = (
    *(pattern for _, pattern in EXPECTED_WARNINGS),
    r"The utterance '\w+' is not used in any story or rule",  # forms and actions use responses that no rule names
)


def problems() -> list[str]:
    """All that Rasa's own validation finds, and texts that the hub could not read; nothing where all is well."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            importer = TrainingDataImporter.load_from_config(CONFIG, DOMAIN, [DATA])
            validator = Validator.from_importer(importer)
            sound = _validate(validator)
        except Exception as error:  # noqa: BLE001 - each kind of mistake has its own in Rasa
            return [_plain(str(error))]
    said = dict.fromkeys(
        _plain(str(warning.message)) for warning in caught if issubclass(warning.category, UserWarning)
    )
    found = [problem for problem in said if not any(re.match(harmless, problem) for harmless in _HARMLESS)]
    if not sound and not found:
        found = ["the domain is empty, or its rules contradict each other; see the log"]
    domain = validator.domain
    return found + [_placed(problem) for problem in texts.problems(domain.responses, domain.intents)]


def _validate(validator: Validator) -> bool:
    checks = (
        validator.verify_domain_validity(),
        validator.verify_actions_in_stories_rules(),
        validator.verify_forms_in_stories_rules(),
        validator.verify_form_slots(),
        validator.verify_slot_mappings(),
        validator.verify_nlu(ignore_warnings=False),
        validator.verify_story_structure(ignore_warnings=False),
    )
    return all(checks)


def root_of(error: BaseException) -> str:
    """What went wrong in the first place, of errors that were raised one out of the other."""
    while error.__cause__ is not None or (error.__context__ is not None and not error.__suppress_context__):
        error = error.__cause__ or error.__context__ or error
    return _plain(f"{error}" or type(error).__name__)


def _plain(text: str) -> str:
    """Without colours, the folder in which the checkout lies, and the site that Rasa recommends."""
    return re.sub(r"\x1b\[\d+m|You can use https://yamlchecker.*", "", text).replace(f"{Path.cwd()}/", "").strip()


def _placed(problem: str) -> str:
    """With the file and line of the response that the problem begins with."""
    name = problem.partition(":")[0]
    return f"{next(_places(name), DOMAIN)}: {problem}"


def _places(name: str) -> Iterator[str]:
    for file in sorted(Path(DOMAIN).rglob("*.yml")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if re.match(rf"\s+{re.escape(name)}\s*:", line):
                yield f"{file}, line {number}"
