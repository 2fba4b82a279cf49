"""The mail channel's command line: ``python -m connectors.mail inspect FILE.eml ...``."""

import sys

from connectors.mail import inspect


def main(words: list[str]) -> int:
    """Runs the command that `words` begin with."""
    if words[:1] == ["inspect"]:
        return inspect.main(words[1:])
    print("python -m connectors.mail inspect FILE.eml ...", file=sys.stderr)
    return 0 if words[:1] in (["-h"], ["--help"], ["help"]) else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
