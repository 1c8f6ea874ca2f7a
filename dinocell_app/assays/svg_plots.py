"""Plots of a report as SVG text: no pictures beside the page, sharp when printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 420, 210
_LEFT, _BELOW, _ABOVE = 46, 34, 22
_BAR, _INK, _GREY = "#2f6fab", "#222222", "#999999"
_MOST_BINS = 40
_MOST_GROUPS = 24


def histogram(values: NDArray[np.floating], title: str) -> str:
    """Draw how often values occur.

    Parameters
    ----------
    values : ndarray of shape (n,), float
        Those that are not finite are left out; bins follow Freedman and Diaconis (1981).

    Returns
    -------
    str
        An svg element; empty without values.
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return ""
    edges = np.histogram_bin_edges(known, "fd")
    if len(edges) > _MOST_BINS + 1:
        edges = np.linspace(known.min(), known.max(), _MOST_BINS + 1)
    counts, edges = np.histogram(known, edges)
    width = (WIDTH - _LEFT - 8) / len(counts)
    scale = (HEIGHT - _BELOW - _ABOVE) / max(counts.max(), 1)
    bars = [
        f'<rect x="{_LEFT + i * width:.1f}" y="{HEIGHT - _BELOW - count * scale:.1f}" '
        f'width="{max(width - 1, 0.5):.1f}" height="{count * scale:.1f}" fill="{_BAR}"/>'
        for i, count in enumerate(counts)
    ]
    return _framed(bars, title, (edges[0], edges[-1]), (0, float(counts.max())))


def dots_by_group(groups: Mapping[str, Sequence[float]], title: str) -> str:
    """Draw one dot for each image and the mean of each group.

    Parameters
    ----------
    groups : mapping of str to sequence of float
        Values of the images by group; of many groups the first are drawn.

    Returns
    -------
    str
        An svg element; empty without values.
    """
    shown = {
        name: [v for v in values if np.isfinite(v)] for name, values in list(groups.items())[:_MOST_GROUPS]
    }
    everything = [value for values in shown.values() for value in values]
    if not everything:
        return ""
    low, high = min(0.0, *everything), max(everything)
    span = high - low or 1.0
    column = (WIDTH - _LEFT - 8) / len(shown)

    def y(value: float) -> float:
        return HEIGHT - _BELOW - (value - low) / span * (HEIGHT - _BELOW - _ABOVE)

    marks = []
    for place, (name, values) in enumerate(shown.items()):
        middle = _LEFT + (place + 0.5) * column
        spread = min(column * 0.6, 40)
        for number, value in enumerate(values):
            shift = spread * ((number + 0.5) / len(values) - 0.5)
            marks.append(f'<circle cx="{middle + shift:.1f}" cy="{y(value):.1f}" r="2.2" fill="{_BAR}"/>')
        if values:
            at = y(sum(values) / len(values))
            marks.append(
                f'<line x1="{middle - spread / 2 - 3:.1f}" x2="{middle + spread / 2 + 3:.1f}" y1="{at:.1f}" '
                f'y2="{at:.1f}" stroke="{_INK}" stroke-width="1.6"/>'
            )
        marks.append(
            f'<text x="{middle:.1f}" y="{HEIGHT - _BELOW + 14}" text-anchor="middle" font-size="10">'
            f"{escape(name if len(name) < 14 else name[:12] + '…')}</text>"
        )
    return _framed(marks, title, None, (low, high))


def _framed(marks: list[str], title: str, across: tuple[float, float] | None, up: tuple[float, float]) -> str:
    bottom, right = HEIGHT - _BELOW, WIDTH - 8
    ends = [
        f'<text x="{_LEFT - 4}" y="{bottom}" text-anchor="end" font-size="10">{up[0]:.4g}</text>',
        f'<text x="{_LEFT - 4}" y="{_ABOVE + 4}" text-anchor="end" font-size="10">{up[1]:.4g}</text>',
    ]
    if across is not None:
        ends += [
            f'<text x="{_LEFT}" y="{bottom + 14}" font-size="10">{across[0]:.4g}</text>',
            f'<text x="{right}" y="{bottom + 14}" text-anchor="end" font-size="10">{across[1]:.4g}</text>',
        ]
    axes = f'<path d="M{_LEFT} {_ABOVE}V{bottom}H{right}" stroke="{_GREY}" fill="none"/>'
    heading = f'<text x="{_LEFT}" y="13" font-size="12" font-weight="bold">{escape(title)}</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" role="img" font-family="sans-serif" fill="{_INK}"><title>{escape(title)}</title>'
        f"{heading}{axes}{''.join(marks + ends)}</svg>"
    )
