"""Small pictures of paths, as SVG text: for the card, and for the exercise's statement. No script, no ids."""

from __future__ import annotations

import functools
import html
import math
from collections.abc import Sequence

from optcourse.grading.verdict import Paths

Point = tuple[float, float]
WIDTH, HEIGHT = 340, 240
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 12, 34
FRAME = f"x='{LEFT}' y='{TOP}' width='{WIDTH - LEFT - RIGHT}' height='{HEIGHT - TOP - BOTTOM}'"
MOST_OF_LEARNER = 0.6  # how far beyond the reference the window opens for the learner's path, in its sizes

# The picture in a statement stands on white paper; in a card these come from card.css instead.
ON_PAPER = """<style>
.oc-paper { fill: #ffffff } .oc-grid { stroke: #dfe3e8; stroke-width: 1 } .oc-edge { stroke: #7d8793; fill: none }
.oc-text { fill: #59626e; font: 11px system-ui, "DejaVu Sans", sans-serif }
.oc-right { stroke: #0072b2; fill: none; stroke-width: 2.5 }
.oc-right-dot { fill: #ffffff; stroke: #0072b2; stroke-width: 1.75 }
.oc-yours { stroke: #b84a00; fill: none; stroke-width: 1.75; stroke-dasharray: 5 3 }
.oc-yours-dot { fill: #b84a00 }
</style>"""


@functools.lru_cache(maxsize=64)  # half a class has the same picture: the right path, and their own on top of it
def path_picture(paths: Paths, standalone: bool = False, only_reference: bool = False) -> str:
    """Draw the reference's path and the learner's in one frame: the same points fall on the same place."""
    learner = () if only_reference or paths.learner == paths.reference else paths.learner
    x, y = (
        _Axis([paths.reference, learner], 0, LEFT, WIDTH - RIGHT),
        _Axis([paths.reference, learner], 1, HEIGHT - BOTTOM, TOP),
    )
    parts = [
        f"<rect class='oc-paper' {FRAME}/>",
        *_grid(x, y, paths.axes),
        # A nested svg cuts off what leaves the window, without a clip path and its id.
        f"<svg {FRAME} viewBox='{LEFT} {TOP} {WIDTH - LEFT - RIGHT} {HEIGHT - TOP - BOTTOM}'>",
        _line(paths.reference, x, y, "right"),
        _line(learner, x, y, "yours"),
        "</svg>",
        f"<rect class='oc-edge' {FRAME}/>",
    ]
    return _svg(parts, described(paths, only_reference), standalone)


def described(paths: Paths, only_reference: bool = False) -> str:
    """The picture in words."""
    ends = [_spoken(paths.reference[0]), _spoken(paths.reference[-1])]
    text = f"{paths.label}. The right path goes from {ends[0]} to {ends[1]} in {len(paths.reference) - 1} steps."
    if only_reference or not paths.learner:
        return text
    if paths.learner == paths.reference:
        return text + " Yours is the same."
    return text + f" Yours ends at {_spoken(paths.learner[-1])} after {len(paths.learner) - 1}."


def _spoken(point: Point) -> str:
    return f"({point[0]:.3g}, {point[1]:.3g})"


def _svg(parts: Sequence[str], words: str, standalone: bool) -> str:
    space = " xmlns='http://www.w3.org/2000/svg'" if standalone else ""
    paper = f"{ON_PAPER}<rect fill='#ffffff' width='{WIDTH}' height='{HEIGHT}'/>" if standalone else ""
    label = html.escape(words, quote=True)
    head = f"<svg{space} class='oc-picture' viewBox='0 0 {WIDTH} {HEIGHT}' role='img' aria-label=\"{label}\""
    size = f" width='{WIDTH}' height='{HEIGHT}'" if standalone else ""
    return f"{head}{size}>{paper}{''.join(parts)}</svg>"


class _Axis:
    """From a coordinate to a place on paper, over a window that the reference fills."""

    def __init__(self, paths: Sequence[Sequence[Point]], coordinate: int, begin: float, end: float):
        reference = [point[coordinate] for point in paths[0]]
        low, high = min(reference), max(reference)
        size = (high - low) or max(abs(high), 1.0)
        for value in (point[coordinate] for point in paths[1]):
            low = min(low, max(value, min(reference) - MOST_OF_LEARNER * size))
            high = max(high, min(value, max(reference) + MOST_OF_LEARNER * size))
        margin = 0.08 * ((high - low) or size)
        self.low, self.high, self.begin, self.end = low - margin, high + margin, begin, end

    def __call__(self, value: float) -> float:
        place = self.begin + (value - self.low) / (self.high - self.low) * (self.end - self.begin)
        return round(min(max(place, -1e4), 1e4), 1)

    def ticks(self) -> list[float]:
        """Three to six round numbers."""
        raw = (self.high - self.low) / 4
        unit = 10.0 ** math.floor(math.log10(raw))
        step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= raw * 0.999)
        first = math.ceil(self.low / step)
        return [k * step for k in range(first, math.floor(self.high / step) + 1)]


def _grid(x: _Axis, y: _Axis, names: tuple[str, str]) -> list[str]:
    parts = []
    for value in x.ticks():
        parts.append(f"<path class='oc-grid' d='M{x(value)} {TOP}V{HEIGHT - BOTTOM}'/>")
        parts.append(
            f"<text class='oc-text' x='{x(value)}' y='{HEIGHT - BOTTOM + 14}' text-anchor='middle'>{value:g}</text>"
        )
    for value in y.ticks():
        parts.append(f"<path class='oc-grid' d='M{LEFT} {y(value)}H{WIDTH - RIGHT}'/>")
        parts.append(f"<text class='oc-text' x='{LEFT - 5}' y='{y(value) + 4}' text-anchor='end'>{value:g}</text>")
    parts.append(f"<text class='oc-text' x='{WIDTH - RIGHT}' y='{HEIGHT - 5}' text-anchor='end'>{names[0]}</text>")
    parts.append(f"<text class='oc-text' x='4' y='{TOP + 4}'>{names[1]}</text>")
    return parts


def _line(points: Sequence[Point], x: _Axis, y: _Axis, role: str) -> str:
    if not points:
        return ""
    places = [(x(point[0]), y(point[1])) for point in points]
    line = " ".join(f"{across},{down}" for across, down in places)
    radius = 3.6 if role == "right" else 2.1
    dots = "".join(f"<circle class='oc-{role}-dot' cx='{a}' cy='{d}' r='{radius}'/>" for a, d in places)
    return f"<polyline class='oc-{role}' points='{line}'/>{dots}"


def curves(lines: Sequence[tuple[str, Sequence[Point]]], names: tuple[str, str], words: str, dots: bool = False) -> str:
    """Draw one or two lines on paper for a statement, each with its label at its end."""
    x, y = (
        _Axis([[point for _, line in lines for point in line], ()], 0, LEFT, WIDTH - RIGHT),
        _Axis([[point for _, line in lines for point in line], ()], 1, HEIGHT - BOTTOM, TOP),
    )
    parts, legend = _grid(x, y, names), list[str]()
    for (label, line), role in zip(lines, ("right", "yours"), strict=False):
        places = [(x(point[0]), y(point[1])) for point in line]
        parts.append(
            _line(line, x, y, role)
            if dots
            else f"<polyline class='oc-{role}' points='{' '.join(f'{a},{d}' for a, d in places)}'/>"
        )
        shift = LEFT + 110 * len(legend)
        legend.append(
            f"<path class='oc-{role}' d='M{shift} {HEIGHT - 9}h22'/>"
            f"<text class='oc-text' x='{shift + 28}' y='{HEIGHT - 5}'>{label}</text>"
        )
    parts.append(f"<rect class='oc-edge' {FRAME}/>")
    return _svg([*parts, *legend], words, standalone=True)
