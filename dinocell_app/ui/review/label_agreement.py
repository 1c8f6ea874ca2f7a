"""How far two states of the cells agree, worked out beside the window."""

from __future__ import annotations

import csv
import math
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from dinocell_app.base.csv_rows import Rows
from dinocell_app.project.label_states import ComparedResult, write_compared
from dinocell_app.ui.processes.line_command import LineCommand
from dinocell_app.ui.workers import Task, start_generator

COLUMNS = {
    "n_predicted": "Cells, first",
    "n_reference": "Cells, second",
    "ap_0.5": "AP at 0.5",
    "ap_0.75": "AP at 0.75",
    "mma": "MMA",
}
"""Of the scores that `evaluate` writes, those that are shown."""

FEWEST_FOR_KAPPA = 3
"""Images below which chance and agreement of counts cannot be told apart."""


@dataclass(frozen=True)
class AgreedImage:
    """Scores of one image.

    Parameters
    ----------
    scores : tuple of float
        By `COLUMNS`; NaN for what cannot be said.
    """

    name: str
    image_id: int
    scores: tuple[float, ...]


@dataclass(frozen=True)
class LabelAgreement:
    """What came out.

    Parameters
    ----------
    means : tuple of float
        Over the images, by `COLUMNS`.
    kappa : float
        Cohen's kappa of the numbers of cells, with quadratic weights; NaN where it says nothing.
    """

    images: tuple[AgreedImage, ...]
    means: tuple[float, ...]
    kappa: float

    def sentence(self) -> str:
        """Say it to people."""
        ap, mma = (self.means[list(COLUMNS).index(name)] for name in ("ap_0.5", "mma"))
        count = "1 image" if len(self.images) == 1 else f"{len(self.images):,} images"
        said = f"{count}: AP {ap:.2f} at IoU 0.5, mask matching accuracy (MMA) {mma:.2f}"
        if math.isnan(self.kappa) or len(self.images) < FEWEST_FOR_KAPPA:
            return f"{said}. Cohen's kappa of the numbers of cells takes {FEWEST_FOR_KAPPA} different images."
        return f"{said}; the numbers of cells agree with Cohen's kappa {self.kappa:.2f}."


class AgreementCommand(QObject):
    """Writes the labels of both sides and lets a process score them; one comparison at a time."""

    progressed = Signal(int)
    """Number of images written."""
    finished = Signal(object)
    """A LabelAgreement."""
    failed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._room: Path | None = None
        self._writing: Task | None = None
        self._compared: tuple[ComparedResult, ...] = ()
        self._n_written = 0
        self._command = LineCommand(self)
        self._command.finished.connect(self._on_scored)

    def start(self, compared: Sequence[ComparedResult]) -> None:
        """Compare.

        Parameters
        ----------
        compared : sequence of ComparedResult
            At least one.
        """
        self.stop()
        self._compared = tuple(compared)
        self._room = Path(tempfile.mkdtemp(prefix="dinocell-agreement-"))
        self._n_written = 0
        asked, room = self._compared, self._room
        self._writing = start_generator(
            lambda: _writing(asked, room), self._on_written, self._score, self._on_failed, owner=self
        )

    def stop(self) -> None:
        """End the comparison that is under way, and let go of its files."""
        self._command.stop()
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
        if self._room is not None:
            shutil.rmtree(self._room, ignore_errors=True)
            self._room = None

    def _on_written(self, names: list[str]) -> None:
        self._n_written += len(names)
        self.progressed.emit(self._n_written)

    def _score(self, _: None) -> None:
        self._writing = None
        if self._room is not None:
            sides = (str(self._room / name) for name in ("first", "second"))
            self._command.start("evaluate", *sides, "-o", str(self._room / "scores"), "--json")

    def _on_scored(self, code: int, wrong: str) -> None:
        room = self._room
        if room is None:
            return
        found = _read(room / "scores", self._compared)
        self.stop()
        if found is None:
            self.failed.emit(wrong or f"The comparison broke off (code {code}). Try it again.")
        else:
            self.finished.emit(found)

    def _on_failed(self, error: Exception) -> None:
        self.stop()
        self.failed.emit(str(error))


def write_agreement(path: Path, found: LabelAgreement) -> None:
    """Write what came out as a table.

    Parameters
    ----------
    path : Path
        CSV; created or replaced.

    Raises
    ------
    UserFacingError
        If it cannot be written.
    """
    from dinocell_app.export.writing import whole_file

    with whole_file(path) as beside, beside.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(Rows(target))
        names = ["n_first", "n_second", *list(COLUMNS)[2:]]
        writer.writerow(["image", *names, "count_kappa"])
        for image in found.images:
            writer.writerow([image.name, *(_text(value) for value in image.scores), ""])
        writer.writerow(["mean", *(_text(value) for value in found.means), _text(found.kappa)])


def _text(value: float) -> str:
    return "" if math.isnan(value) else repr(value)


def _writing(compared: Sequence[ComparedResult], room: Path) -> Iterator[str]:
    for name in ("first", "second"):
        (room / name).mkdir()
    for each in compared:
        write_compared(each, room / "first", room / "second")
        yield each.name


def _read(folder: Path, compared: Sequence[ComparedResult]) -> LabelAgreement | None:
    """Read the tables that `evaluate` wrote; None when they are not there."""
    try:
        rows, (total, *_) = (_rows(folder / name) for name in ("scores.csv", "summary.csv"))
    except (OSError, ValueError):
        return None
    scored = {Path(row["image"]).name: row for row in rows}
    images = []
    for each in compared:
        row = scored.get(each.name) or scored.get(f"{each.name}.tif")
        if row is not None:
            shown = each.name.split("_", 1)[1]
            images.append(AgreedImage(shown, each.image_id, tuple(_number(row, key) for key in COLUMNS)))
    if not images:
        return None
    means = tuple(_number(total, key) for key in COLUMNS)
    return LabelAgreement(tuple(images), means, _number(total, "count_kappa"))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _number(row: dict[str, str], key: str) -> float:
    text = row.get(key, "")
    return float(text) if text else math.nan
