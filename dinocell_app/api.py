"""For notebooks and scripts: segment, measure and evaluate images in a few lines of Python.

`resources/docs/python.md` shows each function at work. Images are paths, NumPy arrays, or anything that turns
into one (dask, xarray, zarr). Whatever a job of the shell can be told, the functions take by the same name.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dinocell_app.base.errors import UserFacingError
from dinocell_app.imaging.array_images import ArrayReader
from dinocell_app.imaging.image_reader import ImageReader
from dinocell_app.imaging.reading import open_image as open_file
from dinocell_app.jobs.common_fields import DEFAULT_MODEL
from dinocell_app.jobs.job_files import make_job
from dinocell_app.jobs.job_kinds import MeasureJob, SegmentJob
from dinocell_app.references.spec import ReferenceSpec

if TYPE_CHECKING:
    import pandas as pd

    from dinocell_app.model.model_folder import SegmentationModel
    from dinocell_app.pipeline.image_result import Result

__all__ = ["FolderImage", "evaluate", "load_model", "measure", "open_image", "segment", "segment_folder"]

Image = Path | str | ArrayLike
"""A file, the folder of an OME-Zarr image, or an array."""


def load_model(model: str | Path = DEFAULT_MODEL, device: str = "auto") -> SegmentationModel:
    """Load a model once, for many calls of `segment`.

    Parameters
    ----------
    model : str or Path
        Name of a model, or a model folder.
    device : str
        "auto", "cpu", "cuda", "cuda:1" or "mps".

    Raises
    ------
    UserFacingError
        If there is no such model or device.
    """
    from dinocell_app.model.catalogue import find_model
    from dinocell_app.model.model_folder import load_model as load
    from dinocell_app.pipeline.devices import choose_device

    return load(find_model(model), choose_device(device))


def open_image(image: Image, axes: str = "") -> ImageReader:
    """Open an image whose planes are decoded one by one; use it in a `with` statement.

    Parameters
    ----------
    axes : str
        One letter for each axis of an array or a TIFF file, as in "CYX" or "ZYX" (T times, Z slices, C
        channels, Y rows, X columns, S colours); for arrays of 2 axes and for colour images it can be left
        out, and for files, which mostly say it themselves.

    Raises
    ------
    UserFacingError
        If it is no image, or its axes are not known.
    """
    return open_file(_absolute(image), axes) if isinstance(image, str | Path) else ArrayReader(image, axes)


def segment(
    image: Image,
    *,
    model: str | Path | SegmentationModel = DEFAULT_MODEL,
    channel: str | int = "colour",
    diameter: str | float | None = None,
    references: Sequence[str] = (),
    **settings: Any,  # noqa: ANN401 - the job checks them
) -> Result:
    """Segment and measure one image; nothing is written.

    Parameters
    ----------
    model : str, Path or SegmentationModel
        Name of a model, a model folder, or what `load_model` gave.
    channel : str or int
        "colour", "grey", "mean", a number from 0 or a channel's name.
    diameter : str, float or None
        Typical cell diameter, as in "18um"; numbers are pixels. Measured when None.
    references : sequence of str
        Cells that others are compared with, as in "image.tif:17".
    **settings
        Further fields of `jobs.job_kinds.SegmentJob`, such as `pixel_size_um`, `plane`, `axes` or `texture`.

    Raises
    ------
    UserFacingError
        If the image cannot be read, a setting is wrong, or the image is too large for memory.
    """
    from dinocell_app.base.long_work import LongWork
    from dinocell_app.jobs.events import Notice, ReferencesDoubted
    from dinocell_app.pipeline.segmentation_in_memory import segment_in_memory
    from dinocell_app.references.likeness import unlike_sentence

    given = {"channel": str(channel), "diameter": diameter, "references": references}
    job = _segment_job([_path_of(image, "image")], Path(), model, settings | given)
    with open_image(image, job.axes) as reader:
        work = LongWork(segment_in_memory(reader, job, _loaded(model)))
        for event in work:
            if isinstance(event, Notice):
                warnings.warn(event.message, stacklevel=2)
            elif isinstance(event, ReferencesDoubted):
                warnings.warn(f"{event.image} {unlike_sentence(event.likeness)}", stacklevel=2)
    return work.result


@dataclass(frozen=True)
class FolderImage:
    """One image of a folder that has been done.

    Parameters
    ----------
    name : str
        Path below the folder, with forward slashes.
    path : Path
        The image file.
    done, total : int
        Images of the folder that have been done, this one included, and all.
    n_cells : int
        In all planes.
    files : tuple of Path
        What was written.
    error : str
        Why it failed; empty when it did not.
    """

    name: str
    path: Path
    done: int
    total: int
    n_cells: int = 0
    files: tuple[Path, ...] = ()
    error: str = ""

    def read(self) -> Result:
        """Read labels and table back from the files.

        Raises
        ------
        UserFacingError
            If the image failed, or no label image or table was written.
        """
        from dinocell_app.pipeline.image_result import PlaneResult, Result
        from dinocell_app.reexport.export_items import stems_of
        from dinocell_app.reexport.labelled_results import NEED_PIXELS, NEED_TABLE, read_saved

        if self.error:
            raise UserFacingError(self.error, path=self.path)
        folder = self.files[0].parent
        planes = [
            PlaneResult(*read_saved(folder, stem, frozenset({*NEED_PIXELS, *NEED_TABLE})), stem)
            for stem in stems_of(folder, self.files)
        ]
        return Result(tuple(planes))


def segment_folder(
    folder: Path | str | Sequence[Path | str],
    output: Path | str,
    *,
    model: str | Path | SegmentationModel = DEFAULT_MODEL,
    channel: str | int = "colour",
    diameter: str | float | None = None,
    references: Sequence[str] = (),
    **settings: Any,  # noqa: ANN401 - the job checks them
) -> Iterator[FolderImage]:
    """Segment the images of a folder and write the files that `dinocell-app segment` writes.

    Images finished before are not done again. Leaving the loop ends the work; the same call goes on.

    Parameters
    ----------
    folder : Path, str or sequence of them
        Folders and image files.
    model, channel, diameter, references
        As for `segment`.
    **settings
        Further fields of `jobs.job_kinds.SegmentJob`, such as `formats`, `recursive` or `overwrite`.

    Yields
    ------
    FolderImage
        When it is finished, or has failed; the others go on.

    Raises
    ------
    UserFacingError
        If there is no image, or a setting is wrong.
    """
    from dinocell_app.jobs.events import ImageFailed, ImageSegmented, ImageSkipped, JobStarted
    from dinocell_app.pipeline.segmentation_job import segment_images

    inputs = [folder] if isinstance(folder, str | Path) else list(folder)
    target = _absolute(output)
    given = {"channel": str(channel), "diameter": diameter, "references": references}
    job = _segment_job(inputs, target, model, settings | given)
    done = total = 0
    for event in segment_images(job, model=_loaded(model)):
        match event:
            case JobStarted():
                total = event.total
            case ImageFailed():
                done += 1
                yield FolderImage(event.image, Path(event.path), done, total, error=event.reason)
            case ImageSegmented() | ImageSkipped():
                done += 1
                files = tuple(target / name for name in event.outputs)
                yield FolderImage(event.image, Path(event.path), done, total, event.n_cells, files)


def measure(image: Image, labels: Image, **settings: Any) -> pd.DataFrame:  # noqa: ANN401 - the job checks them
    """Measure cells of labels made elsewhere.

    Parameters
    ----------
    labels : Path, str or array of shape (M, N), int
        As large as the image; 0 is background.
    **settings
        Fields of `jobs.job_kinds.MeasureJob`: `pixel_size_um`, `plane`, `axes`, `texture`.

    Returns
    -------
    pandas.DataFrame
        One row a cell; `attrs["units"]` has the unit of each column.

    Raises
    ------
    UserFacingError
        If image and labels do not fit together, or a setting is wrong.
    """
    from dinocell_app.measurement.columns import units_of
    from dinocell_app.pipeline.measurement_job import measure_array

    path, path_of_labels = _path_of(image, "image"), _path_of(labels, "labels")
    fields = {"kind": "measure", "images": path, "labels": path_of_labels, "output": Path()}
    job = make_job(settings | fields)
    assert isinstance(job, MeasureJob)
    with open_image(image, job.axes) as reader:
        measured = measure_array(reader, _labels(labels), path.name, job)
    measured.table.attrs["units"] = units_of(measured.table.columns, measured.channels)
    return measured.table


def evaluate(
    predicted: Image, reference: Image, iou_thresholds: Sequence[float] = (0.5, 0.75, 0.9)
) -> dict[str, float]:
    """Score predicted labels of an image against true ones.

    Parameters
    ----------
    predicted, reference : Path, str or array of shape (M, N), int
        0 is background.
    iou_thresholds : sequence of float
        Of AP, precision, recall and F1, above 0 to 1.

    Returns
    -------
    dict of str to float
        Counts and scores, by the columns of `scores.csv`.

    Raises
    ------
    UserFacingError
        If a file holds no labels.
    ValueError
        If the shapes differ, or a threshold is outside its range.
    """
    from dinocell_training.evaluation import evaluate_labels

    return evaluate_labels(_labels(predicted), _labels(reference), iou_thresholds=iou_thresholds).to_row()


def _segment_job(
    inputs: Sequence[Path | str],
    output: Path,
    model: str | Path | SegmentationModel,
    settings: dict[str, Any],
) -> SegmentJob:
    """Make the job that the shell would make, from what is typed in Python."""
    name = str(model if isinstance(model, str | Path) else model.folder or model.manifest.id)
    fields: dict[str, Any] = settings | {
        "kind": "segment",
        "inputs": [_absolute(path) for path in inputs],
        "output": output,
        "model": name,
    }
    for key in ("references", "not_references"):
        fields[key] = [str(ReferenceSpec.parse(str(text)).absolute()) for text in settings.get(key, ())]
    job = make_job(fields)
    assert isinstance(job, SegmentJob)
    return job


def _loaded(model: str | Path | SegmentationModel) -> SegmentationModel | None:
    return None if isinstance(model, str | Path) else model


def _labels(labels: Image) -> NDArray[np.integer]:
    from dinocell_app.export.label_arrays import labels_from_array
    from dinocell_app.export.label_files import read_labels

    if isinstance(labels, str | Path):
        return read_labels(_absolute(labels))
    return labels_from_array(np.asarray(labels), Path("labels"))


def _path_of(image: Image, name: str) -> Path:
    """Path of a file, or the name that an array has in messages and tables."""
    return _absolute(image) if isinstance(image, str | Path) else Path(name)


def _absolute(path: Path | str) -> Path:
    return Path(path).expanduser().absolute()
