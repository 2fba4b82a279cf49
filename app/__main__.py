"""The command line: ``python -m app COMMAND``."""

import importlib
import os
import sys
from typing import Final

COMMANDS: Final = {
    "run": ("app.supervisor.run", "start everything in the foreground: databases, bot, hub"),
    "serve": ("app.serve", "one hub process: --role all | web | worker"),
    "migrate": ("app.migrate", "bring the database's schema up to date"),
    "load-model": ("app.load_model", "let the Rasa that runs take the model in var/models"),
    "check": ("app.check", "check the settings and that everything can be reached"),
    "add-user": ("app.add_user", "add an agent, an editor or an administrator"),
    "import-articles": ("app.import_articles", "add articles from a file to the knowledge base"),
}
"""Command -> module with a ``main(arguments) -> exit status``, and what people read about it."""


def main(words: list[str]) -> int:
    """Hand over to the command's module; only that one is loaded."""
    if not words or words[0] not in COMMANDS:
        print("python -m app COMMAND\n")
        for name, (_, what) in COMMANDS.items():
            print(f"  {name:<16} {what}")
        return 0 if words in ([], ["-h"], ["--help"], ["help"]) else 2
    # One question is too small a product for several threads: they wait for each other. Read when numpy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    module, _ = COMMANDS[words[0]]
    status: int = importlib.import_module(module).main(words[1:])
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
