"""Cells of pictures that stand as references, described with the model of a job."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.long_work import result_of
from dinocell_app.imaging.planes import ChannelChoice, PlaneChoice, select_planes
from dinocell_app.imaging.reading import open_image
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.model.model_folder import SegmentationModel
from dinocell_app.pipeline.given_references import GivenReference, ReferenceCellError, cell_at
from dinocell_app.pipeline.image_sources import given_axes, given_pixel_size, pixel_size
from dinocell_app.pipeline.segmentation_settings import segmentation_parameters
from dinocell_app.references.crops import box_of, crop_of, ellipse_in, with_cell
from dinocell_app.references.types import ReferenceExample
from dinocell_app.segmentation.predictor import Segmentation, segmenting
from dinocell_app.segmentation.reference.description import describe_cells

Examples = tuple[ReferenceExample, ...]


@dataclass(frozen=True)
class _Picture:
    """A picture that references are taken from."""

    pixels: NDArray[Any]
    segmentation: Segmentation


class ReferencePictures:
    """Pictures of references; the network runs once for each.

    Parameters
    ----------
    job : SegmentJob
        Its settings are those that pictures are segmented with.
    """

    def __init__(self, job: SegmentJob, model: SegmentationModel) -> None:
        self._job, self._model = job, model
        self._pictures: dict[Path, _Picture] = {}

    def examples(self, found: GivenReference) -> tuple[Examples, Examples]:
        """Describe a reference.

        Returns
        -------
        tuple of ReferenceExample
            What it is.
        tuple of ReferenceExample
            What it is not; from a library only.

        Raises
        ------
        UserFacingError
            If its picture cannot be read, or there is no cell where it should be.
        """
        if found.saved is not None:
            return found.saved.positives, found.saved.negatives
        if found.path not in self._pictures:
            self._pictures[found.path] = self._segment(found.path)
        picture = self._pictures[found.path]
        segmentation = picture.segmentation
        if segmentation.features is None:
            raise ValueError("the segmentation was made without features")
        mask = _mask(segmentation.labels.astype(np.int64), found)
        # Beside the other cells, for what is background decides how bright a cell is.
        own_id = int(segmentation.labels.max(initial=0)) + 1
        marked = np.where(mask, own_id, segmentation.labels.astype(np.int64))
        vector = describe_cells(marked, np.array([own_id]), segmentation.features, picture.pixels)[0]
        channels = list(np.atleast_3d(picture.pixels).transpose(2, 0, 1))
        return (ReferenceExample(vector, found.place, crop_of(channels, box_of(mask))),), ()

    def _segment(self, path: Path) -> _Picture:
        """Run the network over a picture as over the pictures of the job."""
        job = self._job
        channel = ChannelChoice.parse(job.channel).shown_to(self._model.manifest.input_colour)
        with open_image(path, given_axes(job, path)) as reader:
            size = pixel_size(given_pixel_size(job, path), reader.metadata).um
            planes = select_planes(reader, PlaneChoice.parse(job.plane), channel)
            pixels = next(planes).pixels
        parameters = segmentation_parameters(job, size)
        steps = segmenting(pixels, self._model, parameters, path.name, keep_features=True)
        return _Picture(pixels, result_of(steps))


def _mask(labels: NDArray[np.int64], found: GivenReference) -> NDArray[np.bool_]:
    """Find the pixels of a reference in its picture."""
    if found.spec is not None and found.spec.box is not None:
        column, row, width, height = found.spec.box
        drawn = ellipse_in((labels.shape[0], labels.shape[1]), (0, 0), (row, column, height, width))
        _, _, free = with_cell(labels, drawn)
        if not free.any():
            raise ReferenceCellError(
                f"The box of '{found.told}' has no room for a cell",
                path=found.path,
                remedy="Draw it where nothing is segmented, or point at the cell as in image.tif@x,y",
            )
        return free
    mask = found.mask if found.mask is not None else cell_at(labels.astype(np.uint64), found)
    if mask.shape != labels.shape:
        raise ReferenceCellError(
            f"The labels of '{found.told}' are {mask.shape[0]} x {mask.shape[1]} pixels and its "
            f"picture {labels.shape[0]} x {labels.shape[1]}",
            path=found.path,
            remedy="Name the label image that was made from it",
        )
    return mask
