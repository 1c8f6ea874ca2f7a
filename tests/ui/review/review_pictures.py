"""A project with two pictures of discs, their labels and tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile

from dinocell_app.measurement.table import MeasurementRequest, measure_cells
from dinocell_app.project.adding import find_images
from dinocell_app.project.project import Project
from dinocell_app.project.records import FoundImage, NewResult

SHAPE = (240, 320)
PITCH = 40


def draw(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Forty-eight discs of different sizes, every eighth of which has no label."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    picture = random.normal(300, 15, SHAPE)
    labels = np.zeros(SHAPE, np.int32)
    for number in range(48):
        row, column = PITCH // 2 + PITCH * (number // 8), PITCH // 2 + PITCH * (number % 8)
        disc = (rows - row) ** 2 + (columns - column) ** 2 <= random.integers(6, 15) ** 2
        picture[disc] += 900
        if number % 8 != 3:
            labels[disc] = number + 1
    return picture.astype(np.uint16), labels


def fill(project: Project, folder: Path) -> None:
    """Put pictures and results into a project."""
    folder.mkdir()
    drawn = [draw(1), draw(2)]
    for name, (picture, _) in zip("ab", drawn, strict=True):
        tifffile.imwrite(folder / f"{name}.tif", picture)
    found = find_images([folder], recursive=True, known=frozenset())
    images = project.images.add([image for image in found if isinstance(image, FoundImage)])
    for image, (picture, labels) in zip(images, drawn, strict=True):
        stem = project.results_folder / "cells" / Path(image.name).stem
        stem.parent.mkdir(exist_ok=True)
        table = measure_cells(MeasurementRequest(labels, {"signal": picture}, image.name))
        files = (Path(f"{stem}_labels.tif"), Path(f"{stem}_cells.csv"))
        tifffile.imwrite(files[0], labels)
        table.to_csv(files[1], index=False)
        names = tuple(file.relative_to(project.folder).as_posix() for file in files)
        project.results.record(NewResult(image.id, "cells", n_cells=len(table), files=names))
