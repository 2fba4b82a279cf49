"""Checks of what `make train` says about mistakes in the sources; run by Rasa's Python, fails with a traceback."""

import os
import tempfile
from pathlib import Path

from bot.training import sources
from bot.training.unseen import Unseen

CONFIG = """
recipe: default.v1
assistant_id: parley
language: zh
pipeline: []
policies: [{name: RulePolicy}]
"""
DOMAIN = """
version: "3.1"
intents:
  - greet
  - thanks
slots:
  name: {type: text, mappings: [{type: custom}]}
responses:
  utter_greet:
    - custom:
        say: {zh: 您好, en: Hello}
  utter_thanks:
    - custom:
        say: {zh: 不客气, en: You are welcome}
        buttons:
          - title: {zh: 人工, en: Agent}
            payload: human
"""
NLU = """
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
    - 你好
- intent: thanks
  examples: |
    - thank you
    - 谢谢
"""
OF_THANKS = """
- rule: thanks
  steps:
  - intent: thanks
  - action: utter_thanks
"""
RULES = f"""
version: "3.1"
rules:
- rule: greet
  steps:
  - intent: greet
  - action: utter_greet
{OF_THANKS}
"""
FILES = {"config.yml": CONFIG, "bot/domain/d.yml": DOMAIN, "training_data/nlu.yml": NLU, "training_data/r.yml": RULES}

MISTAKES = [
    # file, what stands there, what somebody made of it, what they are told
    ("bot/domain/d.yml", ", en: Hello", "", "bot/domain/d.yml, line 9: utter_greet: `say` has no text under `en`"),
    ("bot/domain/d.yml", "en: Hello", "en: 12", "needs quotes"),
    ("bot/domain/d.yml", "en: Hello", "eng: Hello", "`say` has `eng`"),
    ("bot/domain/d.yml", "payload: human", "payload: /buy", "line 12: utter_thanks: button 1 names the intent `buy`"),
    ("bot/domain/d.yml", "payload: human", "effect: handoff", "button 1 needs `title` and `payload`"),
    ("bot/domain/d.yml", "        say: {zh: 不", "        sya: {zh: 不", "utter_thanks: `sya` is not known"),
    (
        "bot/domain/d.yml",
        "say: {zh: 不客气, en: You are welcome}",
        "effect: hand_over",
        "`effect: hand_over` is not known",
    ),
    ("bot/domain/d.yml", "    - custom:\n        say: {zh: 您", "    - custom:\n      say: {zh: 您", "utter_greet"),
    ("bot/domain/d.yml", "  - thanks\n", "", "intent 'thanks'"),
    ("training_data/r.yml", "utter_thanks", "utter_thank", "The action 'utter_thank' is used in the stories"),
    (
        "training_data/nlu.yml",
        "- 谢谢",
        "- 你好",
        "The example '你好' was found labeled with multiple different intents",
    ),
    ("training_data/nlu.yml", "intent: thanks", "intent: thank", "'thank'"),
    ("training_data/nlu.yml", "  examples: |\n    - thank", " examples: |\n    - thank", "training_data/nlu.yml"),
    ("training_data/r.yml", OF_THANKS, "", "The intent 'thanks' is not used in any story or rule"),
]


def lay_out() -> None:
    for name, content in FILES.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(content, encoding="utf-8")


def tells_each_mistake() -> None:
    lay_out()
    assert sources.problems() == [], sources.problems()
    for name, right, wrong, told in MISTAKES:
        assert right in FILES[name], right
        Path(name).write_text(FILES[name].replace(right, wrong), encoding="utf-8")
        problems = sources.problems()
        assert any(told in problem for problem in problems), (told, problems)
        assert not any(str(Path.cwd()) in problem for problem in problems), problems
        lay_out()


def compares_what_is_understood() -> None:
    file = Path("unseen.yml")
    examples = "".join(f"    - number {number}\n" for number in range(20))
    file.write_text(NLU + "- intent: count\n  examples: |\n" + examples, encoding="utf-8")
    unseen = Unseen(file)
    all_right = {(f"number {number}", "count") for number in range(20)} | {("hello", "greet"), ("谢谢", "thanks")}
    assert len(unseen) == 24
    assert round(unseen.share(all_right), 3) == round(22 / 24, 3)
    assert unseen.losses(all_right, all_right) == []
    assert unseen.losses(all_right, all_right | {("你好", "greet")}) == []
    five_less = {one for one in all_right if one[0] not in {f"number {number}" for number in range(5)}}
    assert len(unseen.losses(all_right, five_less)) == 5
    assert unseen.losses(all_right, five_less)[0] == "“number 0” was understood as count before, and is not any more"
    assert (
        len(unseen.losses(all_right, all_right - {("hello", "greet")})) == 1
    )  # of so few that it is too large a share


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        tells_each_mistake()
        compares_what_is_understood()
    print("all held")
