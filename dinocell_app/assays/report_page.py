"""A report as one HTML page that needs no other file, runs no script and can be printed."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from dinocell_app.assays.limits import ImageQuality, number_of

_THUMBNAIL_PX = 280
_SHOWN_COLUMNS = ("n_cells", "confluency", "reference_likeness", "seconds")
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
)
_STYLE = """
body{font:14px/1.45 system-ui,sans-serif;max-width:920px;margin:24px auto;padding:0 16px;color:#222}
h1{font-size:22px;margin-bottom:2px}h2{font-size:16px;margin-top:26px;border-bottom:1px solid #ccc}
table{border-collapse:collapse;width:100%}
td,th{padding:3px 8px;text-align:left;border-bottom:1px solid #e3e3e3}
td.n,th.n{text-align:right}.pass{color:#14692c}.look{color:#8a5a00}.fail{color:#a11}
figure{display:inline-block;margin:6px 10px 6px 0;width:280px;vertical-align:top}figure img{width:100%}
figcaption{font-size:12px;overflow-wrap:anywhere}svg{margin:4px 8px 4px 0}
@media print{body{max-width:none;margin:0}h2{break-after:avoid}figure,svg,tr{break-inside:avoid}}
"""


@dataclass(frozen=True)
class Report:
    """What a report says, before it is a page.

    Parameters
    ----------
    images : tuple of mapping
        Rows of the table of images.
    quality : tuple of ImageQuality
        In the same order.
    worst : tuple of (ImageQuality, Path or None)
        Images that break limits, or failed, or have the least confident cells, with their overlays.
    """

    title: str
    images: tuple[Mapping[str, Any], ...]
    quality: tuple[ImageQuality, ...]
    plots: tuple[str, ...]
    worst: tuple[tuple[ImageQuality, Path | None], ...]
    methods: str
    identity: tuple[tuple[str, str], ...]


def page_of(report: Report) -> str:
    """Write a report as HTML that needs no other file and runs no script."""
    counts: Counter[str] = Counter(each.verdict for each in report.quality)
    n_cells = sum(int(number_of(row.get("n_cells")) or 0) for row in report.images)
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    told = (("pass", "pass"), ("look", "to look at"), ("fail", "fail"))
    verdicts = ", ".join(f'<span class="{key}">{counts[key]} {words}</span>' for key, words in told)
    summary = f"{len(report.images)} images, {n_cells:,} cells. {verdicts}."
    identity = "".join(f"<tr><th>{escape(a)}</th><td>{escape(b)}</td></tr>" for a, b in report.identity)
    parts = [
        f"<h1>{escape(report.title)}</h1><p>{when}</p><p>{summary}</p>",
        _section("Images", _image_table(report)),
        _section("Distributions", "".join(report.plots)),
        _section("Images to look at first", "".join(_figure(*each) for each in report.worst)),
        _section("Methods", f"<p>{escape(report.methods)}</p>" if report.methods else ""),
        _section("Software and model", f"<table>{identity}</table>"),
    ]
    head = f"<title>{escape(report.title)}</title><style>{_STYLE}</style>"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{_POLICY}{head}</head>'
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _section(title: str, content: str) -> str:
    return f"<h2>{title}</h2>{content}" if content else ""


def _image_table(report: Report) -> str:
    columns = [
        name for name in _SHOWN_COLUMNS if any(row.get(name) not in (None, "") for row in report.images)
    ]
    head = "".join(f'<th class="n">{escape(name)}</th>' for name in columns)
    lines = []
    for row, quality in zip(report.images, report.quality, strict=True):
        values = "".join(f'<td class="n">{_shown(row.get(name))}</td>' for name in columns)
        reasons = escape("; ".join(quality.reasons))
        verdict = f'<td class="{quality.verdict}">{quality.verdict}</td>'
        lines.append(f"<tr><td>{escape(quality.image)}</td>{values}{verdict}<td>{reasons}</td></tr>")
    return f"<table><tr><th>image</th>{head}<th>quality</th><th>reason</th></tr>{''.join(lines)}</table>"


def _figure(quality: ImageQuality, overlay: Path | None) -> str:
    picture = _thumbnail(overlay) if overlay is not None else ""
    image = f'<img alt="" src="data:image/jpeg;base64,{picture}">' if picture else ""
    reasons = escape("; ".join(quality.reasons))
    return f"<figure>{image}<figcaption><b>{escape(quality.image)}</b><br>{reasons}</figcaption></figure>"


def _thumbnail(path: Path) -> str:
    from PIL import Image

    try:
        with Image.open(path) as full:
            small = full.convert("RGB")
            small.thumbnail((2 * _THUMBNAIL_PX, 2 * _THUMBNAIL_PX))
    except (OSError, ValueError, Image.DecompressionBombError):
        return ""
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=82)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _shown(value: object) -> str:
    number = number_of(value)
    return escape(str(value or "")) if number is None else f"{number:.4g}"
