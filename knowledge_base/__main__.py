"""`python -m knowledge_base evaluate --articles A.jsonl --queries Q.jsonl --json OUT`; see `evaluation.py`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from knowledge_base import embedder
from knowledge_base.evaluation import BadLine, evaluate


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; 0 when it went well, 2 with one line on stderr when an input is wrong."""
    parser = argparse.ArgumentParser(prog="python -m knowledge_base")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("evaluate", help="measure retrieval on labelled questions")
    command.add_argument("--articles", type=Path, required=True, help="JSONL with id, questions, language?, title?")
    command.add_argument("--queries", type=Path, required=True, help="JSONL with text, article (null: none answers)")
    command.add_argument("--json", type=Path, required=True, help="where the figures go")
    command.add_argument("--model", default=embedder.BUNDLED, help="`bundled`, or a sentence-transformers name or path")
    options = parser.parse_args(arguments)
    try:
        figures = evaluate(options.articles, options.queries, embedder.load(options.model))
        written = msgspec.json.format(msgspec.json.encode(figures), indent=2)
        options.json.write_bytes(written + b"\n")
    except (BadLine, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(written.decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
