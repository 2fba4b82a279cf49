"""Runs inside Rasa's environment: texts as JSON on stdin, and for each what the response selector ranks on stdout."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from typing import Any

from rasa.core.agent import Agent


async def ranked(model: str, texts: list[str]) -> list[list[dict[str, Any]]]:
    """For each text the articles, best first."""
    agent = Agent.load(model)
    found = []
    for text in texts:
        parsed = await agent.parse_message(text)
        ranking = parsed["response_selector"]["faq"]["ranking"]
        found.append(
            [{"article": r["intent_response_key"].partition("/")[2], "confidence": r["confidence"]} for r in ranking]
        )
    return found


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):  # Rasa prints; stdout is for the answer
        answer = asyncio.run(ranked(sys.argv[1], json.load(sys.stdin)))
    json.dump(answer, sys.stdout)
