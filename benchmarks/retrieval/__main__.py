"""`python -m benchmarks.retrieval`; see `command.py`."""

from __future__ import annotations

import sys

from benchmarks.retrieval.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
