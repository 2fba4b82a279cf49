"""The stock bot: the project that `rasa init` makes, as the installed Rasa brings it, with our articles as its FAQ.

The pipeline and the policies are Rasa's defaults. The articles are a response selector, the way Rasa's documentation
has it for FAQs: a retrieval intent `faq` with one response for each article and language. A little small talk is added
in Chinese, and what is not understood is asked for again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import yaml

from app.supervisor.process import StartError
from benchmarks.dialogues import Article, articles
from benchmarks.training import PYTHON, fingerprint, train

REPHRASE = "对不起，我没有听懂，请换个说法。 / Sorry, I did not understand that. Please put it another way."
THANKS = "不客气！ / You are welcome!"
SMALL_TALK = {
    "greet": ("你好", "您好", "你好啊", "嗨", "在吗", "早上好", "下午好", "晚上好", "good afternoon", "hello there"),
    "goodbye": ("再见", "拜拜", "先这样", "下次再聊", "回头见", "那我先走了"),
    "thanks": (
        "谢谢",
        "多谢",
        "非常感谢",
        "谢谢你",
        "谢啦",
        "thanks",
        "thank you",
        "thanks a lot",
        "thank you very much",
    ),
    "affirm": ("是的", "对", "好的", "可以", "没错", "嗯"),
    "deny": ("不是", "不对", "不用了", "不要", "没有", "算了"),
}
"""Examples of small talk beside Rasa's own, which are English. Not those of our bot: each change there would have
the stock bot trained anew."""


def prepare(folder: Path) -> tuple[Path, Path]:
    """Writes the project below `folder` and trains it, unless that was done; answers its folder and its model."""
    known = articles()
    draft = folder / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    write(draft, known)
    project = folder / fingerprint([draft])
    model = project / "bot.tar.gz"
    if model.exists():
        shutil.rmtree(draft)
    else:
        shutil.rmtree(project, ignore_errors=True)
        draft.rename(project)
        train(project, project / "config.yml", project / "domain", project / "data", model)
    return project, model


def write(folder: Path, known: Iterable[Article]) -> None:
    """Writes the project: Rasa's files as they are, ours beside them."""
    known = list(known)
    rasas = initial_project()
    (folder / "domain").mkdir(parents=True)
    shutil.copytree(rasas / "data", folder / "data")
    for name in ("config.yml", "credentials.yml", "endpoints.yml"):
        shutil.copy(rasas / name, folder / name)
    shutil.copy(rasas / "domain.yml", folder / "domain" / "initial.yml")
    dump(folder / "domain" / "faq.yml", domain(known))
    dump(folder / "data" / "faq.yml", {"version": "3.1", "nlu": [*faq(known), *small_talk()]})
    dump(folder / "data" / "faq_rules.yml", {"version": "3.1", "rules": rules()})


def initial_project() -> Path:
    """Where the installed Rasa keeps what `rasa init` copies."""
    for found in PYTHON.parent.parent.glob("lib/python3*/site-packages/rasa/cli/initial_project"):
        return found
    raise StartError("Rasa is not installed", "run `make run` once: it makes both environments")


def domain(known: Iterable[Article]) -> dict[str, object]:
    """What the bot can say beside what Rasa's project says."""
    answers = {
        f"utter_{_name(article, language)}": [{"text": translation.answer}]
        for article in known
        for language, translation in article.translations.items()
    }
    fixed = {"utter_thanks": THANKS, "utter_please_rephrase": REPHRASE, "utter_default": REPHRASE}
    return {
        "version": "3.1",
        "intents": ["thanks", "faq", "nlu_fallback"],
        "responses": {**{name: [{"text": text}] for name, text in fixed.items()}, **answers},
    }


def faq(known: Iterable[Article]) -> list[dict[str, str]]:
    """The articles' own questions as examples of the retrieval intent."""
    return [
        {"intent": _name(article, language), "examples": listed(translation.questions)}
        for article in known
        for language, translation in article.translations.items()
    ]


def small_talk() -> list[dict[str, str]]:
    """Our examples of small talk."""
    return [{"intent": intent, "examples": listed(examples)} for intent, examples in SMALL_TALK.items()]


def rules() -> list[dict[str, object]]:
    """One step each: what was understood, and what is said."""
    said = {
        "greet": "utter_greet",
        "thanks": "utter_thanks",
        "faq": "utter_faq",
        "nlu_fallback": "utter_please_rephrase",
    }
    return [{"rule": intent, "steps": [{"intent": intent}, {"action": action}]} for intent, action in said.items()]


def _name(article: Article, language: str) -> str:
    return f"faq/{article.id}-{language}"


def listed(examples: Iterable[str]) -> str:
    """Examples as Rasa's training files have them."""
    return "".join(f"- {example}\n" for example in examples)


def dump(path: Path, content: dict[str, object]) -> None:
    """Writes a YAML file."""
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=1000), encoding="utf-8")
