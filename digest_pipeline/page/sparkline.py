"""A row of small bars as an SVG file: one bar a day, the last one marked. Pure, same input, same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BAR, _GAP, _HEIGHT = 6, 2, 32
# Readable on a white and on a black page; an image does not learn which of them it stands on.
_BEFORE, _TODAY = "#8c959f", "#2f81f7"


def svg(values: Sequence[int], title: str) -> str:
    """The picture of non-negative numbers, oldest first; `title` is for screen readers, plain and short."""
    most = max(values, default=0) or 1
    tall = [max(round(value * (_HEIGHT - 1) / most), 1 if value else 0) for value in values]
    bars = [f"M{n * (_BAR + _GAP)} {_HEIGHT}v-{height}h{_BAR}v{height}z" for n, height in enumerate(tall)]
    width = len(values) * (_BAR + _GAP) - _GAP
    safe = title.replace("&", "&amp;").replace("<", "&lt;")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{_HEIGHT}" role="img">\n'
        f"<title>{safe}</title>\n"
        f'<path fill="{_BEFORE}" d="{"".join(bars[:-1])}"/>\n'
        f'<path fill="{_TODAY}" d="{"".join(bars[-1:])}"/>\n'
        "</svg>\n"
    )


def bars(values: Sequence[int]) -> str:
    """The same as a line of text, for where no picture is shown."""
    most = max(values, default=0) or 1
    return "".join("▁▂▃▄▅▆▇█"[round(value * 7 / most)] for value in values)
