"""What a report of results says: quality of the images, distributions, worst images, methods, identity."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import dinocell_app
from dinocell_app.assays.assay import Assay
from dinocell_app.assays.limits import ImageQuality, judge_images, number_of
from dinocell_app.assays.report_page import Report, page_of
from dinocell_app.assays.svg_plots import dots_by_group, histogram
from dinocell_app.base.errors import InvalidParameterError, UnreadableFileError
from dinocell_app.base.files import write_text
from dinocell_app.export.methods_text import methods_paragraph
from dinocell_app.export.names import CELLS_CSV, IMAGES_CSV
from dinocell_app.export.plane_record import PlaneRecord
from dinocell_app.reexport.export_items import ExportItems, items_of_folder
from dinocell_app.reexport.run_tables import records_of

REPORT_NAME, QUALITY_NAME = "report.html", "quality.csv"
WORST_SHOWN = 8
_PLOTTED = (
    ("equivalent_diameter_um", "Equivalent diameter of cells (µm)"),
    ("equivalent_diameter_px", "Equivalent diameter of cells (px)"),
    ("circularity", "Circularity of cells"),
    ("confidence", "Confidence of cells"),
)


def write_report(folder: Path, assay: Assay | None = None) -> tuple[Path, Counter[str]]:
    """Write the report and the quality table of a folder of results.

    Parameters
    ----------
    folder : Path
        That a run wrote.
    assay : Assay, optional
        Whose limits images are held against.

    Returns
    -------
    Path
        Of the page.
    Counter of str
        How many images pass, are to be looked at, and fail.

    Raises
    ------
    UserFacingError
        If there are no results, or a file cannot be written.
    """
    report = make_report(folder, assay)
    _write_quality(folder / QUALITY_NAME, report.quality)
    path = folder / REPORT_NAME
    write_text(path, page_of(report))
    return path, Counter(each.verdict for each in report.quality)


def make_report(folder: Path, assay: Assay | None = None) -> Report:
    """Read results and put a report together.

    Raises
    ------
    UserFacingError
        If there are no results in the folder.
    """
    items = items_of_folder(folder)
    records = records_of(items.finished)
    rows = _read_rows(folder / IMAGES_CSV)
    quality = tuple(judge_images(rows, assay.limits if assay is not None else ()))
    return Report(
        title=assay.name if assay is not None else folder.name,
        images=tuple(rows),
        quality=quality,
        plots=tuple(filter(None, (*_image_plots(rows), *_cell_plots(folder / CELLS_CSV)))),
        worst=tuple(_worst(rows, quality, items)),
        methods=methods_paragraph([record for record in records if record.model_sha256]),
        identity=tuple(_identity(records, assay)),
    )


def _image_plots(rows: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    groups: dict[str, list[float]] = {}
    for row in rows:
        folder = str(row.get("image", "")).rpartition("/")[0] or "all images"
        value = number_of(row.get("n_cells"))
        if value is not None:
            groups.setdefault(folder, []).append(value)
    yield dots_by_group(groups, "Cells in each image, by folder")


def _cell_plots(table: Path) -> Iterable[str]:
    import pandas as pd

    if not table.is_file():
        return
    known = pd.read_csv(table, nrows=0).columns
    wanted = [(name, title) for name, title in _PLOTTED if name in known]
    if any(name.endswith("_um") for name, _ in wanted):
        wanted = [(name, title) for name, title in wanted if not name.endswith("_px")]
    cells = pd.read_csv(table, usecols=[name for name, _ in wanted])
    for name, title in wanted:
        yield histogram(cells[name].to_numpy(np.float64), title)


def _worst(
    rows: Sequence[Mapping[str, Any]], quality: Sequence[ImageQuality], items: ExportItems
) -> Iterable[tuple[ImageQuality, Path | None]]:
    overlays = {record.name: item.file("overlay") for item in items.finished for record in records_of([item])}
    severity = {"fail": 0, "look": 1, "pass": 2}
    confidence = [number_of(row.get("confidence_mean")) for row in rows]

    def rank(place: int) -> tuple[int, float]:
        known = confidence[place]
        return severity[quality[place].verdict], known if known is not None else 1.0

    for place in sorted(range(len(rows)), key=rank)[:WORST_SHOWN]:
        overlay = overlays.get(quality[place].image)
        yield quality[place], overlay if overlay is not None and overlay.is_file() else None


def _identity(records: Sequence[PlaneRecord], assay: Assay | None) -> Iterable[tuple[str, str]]:
    yield "Software", f"dinocell-app {dinocell_app.__version__}"
    for version in sorted({record.application_version for record in records} - {dinocell_app.__version__}):
        yield "Results made with", f"dinocell-app {version}"
    models = sorted({(record.model_id, record.model_sha256) for record in records if record.model_sha256})
    for model, checksum in models:
        yield "Model", f"{model}, weights sha256 {checksum}"
    if assay is not None:
        kind = "read-only" if assay.read_only else "can be changed"
        yield "Assay", f"{assay.name} ({kind}), made {assay.created or 'at an unknown time'}"
        for limit in assay.limits:
            yield "Limit", f"{limit}, otherwise {limit.otherwise}"


def _write_quality(path: Path, quality: Sequence[ImageQuality]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("image", "quality", "reason"))
    writer.writerows((each.image, each.verdict, "; ".join(each.reasons)) for each in quality)
    write_text(path, text.getvalue())


def _read_rows(table: Path) -> list[dict[str, str]]:
    try:
        with table.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))
    except FileNotFoundError as error:
        raise InvalidParameterError(
            "has no table of images", path=table.parent, remedy="Name a folder of results (segment -o)"
        ) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableFileError("is no table of images", path=table) from error
