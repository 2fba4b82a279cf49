"""The calibration as a picture: how sure the system said to be, and how often it was right."""

from __future__ import annotations

import math
from collections.abc import Mapping

from benchmarks.retrieval.measures import Calibration
from hub.types import Language

_NAMES: dict[Language, str] = {"zh": "Chinese", "en": "English"}
_LEFT, _TOP, _SIDE = 64, 24, 320
_STYLE = """
  .paper { fill: #ffffff } .ink { fill: #1f2328 } .grid { stroke: #d0d7de } .even { stroke: #6e7781 }
  .zh { --tone: #bc4c00 } .en { --tone: #0969da }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #161b22 } .ink { fill: #e6edf3 } .grid { stroke: #30363d } .even { stroke: #8b949e }
    .zh { --tone: #ffa657 } .en { --tone: #79c0ff }
  }
  text { font: 13px system-ui, sans-serif } .grid, .even, polyline { fill: none }
  .even { stroke-dasharray: 4 4 } polyline { stroke: var(--tone); stroke-width: 1.5 }
  circle, .key { fill: var(--tone); fill-opacity: .6 }
"""


def reliability(found: Mapping[Language, Calibration]) -> str:
    """An SVG in light and dark: a dot for each tenth, the larger the more questions are in it.

    Dots on the dashed line are said as they came true; those below were said too sure.
    """
    lines, legend = [], []
    for row, (language, calibration) in enumerate(found.items()):
        tenths = [tenth for tenth in calibration.bins if tenth.count]
        total = sum(tenth.count for tenth in tenths)
        places = [(*_place(tenth.said, tenth.right), 2 + 18 * math.sqrt(tenth.count / total)) for tenth in tenths]
        dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>' for x, y, radius in places)
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in places)
        lines.append(f'<g class="{language}"><polyline points="{path}"/>{dots}</g>')
        words = f"{_NAMES[language]}: {total:,} questions, expected error {calibration.error:.3f}"
        height = _TOP + _SIDE + 72 + 22 * row
        legend.append(f'<circle class="key {language}" cx="{_LEFT + 6}" cy="{height - 4}" r="6"/>')
        legend.append(f'<text class="ink" x="{_LEFT + 20}" y="{height}">{words}</text>')
    width, height = _LEFT + _SIDE + 24, _TOP + _SIDE + 68 + 22 * len(found)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    title = "How sure the knowledge base said to be, and how often it was right"
    paper = f'<rect class="paper" width="{width}" height="{height}" rx="8"/>'
    parts = [f'{head} role="img">', f"<title>{title}</title>", f"<style>{_STYLE}</style>", paper, *_axes()]
    return "\n".join([*parts, *lines, *legend, "</svg>", ""])


def _place(said: float, right: float) -> tuple[float, float]:
    return _LEFT + _SIDE * said, _TOP + _SIDE * (1 - right)


def _axes() -> list[str]:
    """The grid with its numbers, the line of those who say what comes true, and what the axes are."""
    found = []
    for percent in range(0, 101, 20):
        x, y = _place(percent / 100, percent / 100)
        found.append(f'<path class="grid" d="M{x:.0f} {_TOP}v{_SIDE}M{_LEFT} {y:.0f}h{_SIDE}"/>')
        found.append(f'<text class="ink" x="{x:.0f}" y="{_TOP + _SIDE + 18}" text-anchor="middle">{percent}</text>')
        found.append(f'<text class="ink" x="{_LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{percent}</text>')
    found.append(f'<path class="even" d="M{_LEFT} {_TOP + _SIDE}l{_SIDE} {-_SIDE}"/>')
    middle = _TOP + _SIDE // 2
    at = f'x="{_LEFT + _SIDE // 2}" y="{_TOP + _SIDE + 40}" text-anchor="middle"'
    found.append(f'<text class="ink" {at}>how sure it said to be, in per cent</text>')
    turned = f'x="20" y="{middle}" transform="rotate(-90 20 {middle})" text-anchor="middle"'
    return [*found, f'<text class="ink" {turned}>right, in per cent</text>']
