"""Labelled images for training and scoring, read when they are needed.

`labelled_pairs` searches a folder, `LabelledPair.diagnosis` says what may be wrong with a pair,
`LabelledPair.read` gives the arrays, and `split_pairs` holds pictures out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label as connected_components
from skimage.segmentation import relabel_sequential

from dinocell_app.base.errors import UnreadableFileError, UserFacingError
from dinocell_app.base.plane_address import PlaneAddress
from dinocell_app.export.cellpose_files import read_cellpose_seg
from dinocell_app.export.imagej_rois import read_imagej_rois
from dinocell_app.export.label_files import read_labels
from dinocell_app.export.outline_files import read_outlines
from dinocell_app.imaging.metadata import ImageMetadata
from dinocell_app.imaging.planes import ChannelChoice, PlaneChoice, resolve_channel, select_planes
from dinocell_app.imaging.reading import open_image, read_metadata
from dinocell_training.coco_labels import count_boxes_only, read_listed_labels
from dinocell_training.diagnosis import LabelProblem, ProblemKind, diagnose_labels, diagnose_storage
from dinocell_training.ignore_regions import ignore_file, read_ignore_file
from dinocell_training.pairing import (
    IMAGE_ENDINGS,
    LABEL_ENDINGS,
    LabelFormat,
    LabelSource,
    Unpaired,
    find_pairs,
)
from dinocell_training.splitting import Split, content_hash, split_by_content

GREY_CHANNEL = ChannelChoice()
FIRST_PLANE = PlaneChoice(z=0, t=0)
_LARGEST_INT32 = np.iinfo(np.int32).max


@dataclass(frozen=True)
class _Place:
    """The plane that labels are wanted of, and all planes of its image."""

    plane: PlaneAddress
    planes: tuple[PlaneAddress, ...]


def _planes_of(metadata: ImageMetadata) -> tuple[PlaneAddress, ...]:
    return tuple(PlaneAddress(t, z) for t in range(metadata.n_times) for z in range(metadata.n_slices))


@dataclass(frozen=True)
class LabelledPair:
    """One image and its labels, both still on disk.

    Parameters
    ----------
    image_path : Path
        The image.
    label_source : LabelSource
        Where its labels are.
    other_sources : tuple of LabelSource
        Label files that would fit too; the first choice is used.
    as_connected_components : bool, default False
        Take every connected group of foreground pixels as a cell, for binary masks.
    channel : ChannelChoice, default grey
        The channel to read.
    plane : PlaneChoice, default first slice of the first time
        The one plane or projection that the labels belong to.
    """

    image_path: Path
    label_source: LabelSource
    other_sources: tuple[LabelSource, ...] = ()
    as_connected_components: bool = False
    channel: ChannelChoice = GREY_CHANNEL
    plane: PlaneChoice = FIRST_PLANE

    def read(self) -> tuple[NDArray[Any], NDArray[np.int32]]:
        """Read image and labels.

        Returns
        -------
        pixels : ndarray of shape (M, N)
            One grey plane in the file's type of number (floating point where channels were mixed).
        labels : ndarray of shape (M, N), int32
            0 = background; ids as in the file unless they exceed int32.

        Raises
        ------
        UserFacingError
            If one of the files cannot be read or the shapes differ.
        """
        with open_image(self.image_path) as reader:
            plane = next(select_planes(reader, self.plane, self.channel))
            pixels = plane.pixels
            place = self._place(reader.metadata)
        labels = self._read_labels((pixels.shape[0], pixels.shape[1]), place)
        if labels.shape != pixels.shape[:2]:
            problem = _size_mismatch(labels.shape, pixels.shape[:2])
            raise UnreadableFileError(problem.what, path=self.label_source.path, remedy=problem.remedy)
        if self.as_connected_components:
            labels = connected_components(labels > 0, connectivity=1)  # type: ignore[no-untyped-call]
        elif int(labels.max(initial=0)) > _LARGEST_INT32:
            labels = relabel_sequential(labels)[0]  # type: ignore[no-untyped-call]
        return pixels, labels.astype(np.int32)

    def read_pixels(self) -> NDArray[Any]:
        """Read the image alone.

        Returns
        -------
        ndarray of shape (M, N)
            As in `read`.

        Raises
        ------
        UserFacingError
            If the file cannot be read or has no such plane or channel.
        """
        with open_image(self.image_path) as reader:
            return next(select_planes(reader, self.plane, self.channel)).pixels

    def read_ignore_region(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Read where the labels say nothing: the crowd regions of COCO, and a painted `x_ignore.tif`.

        Parameters
        ----------
        shape : tuple of int
            Rows and columns of the image.

        Returns
        -------
        ndarray of shape `shape`, bool
            True where neither training nor scoring should look.

        Raises
        ------
        UnreadableFileError
            If the COCO file or the painted region cannot be read.
        """
        region = np.zeros(shape, dtype=bool)
        if self.label_source.format is LabelFormat.COCO:
            region |= read_listed_labels(self.label_source.path, self.label_source.image_name)[1]
        painted = ignore_file(self.image_path, self.label_source.path, (*IMAGE_ENDINGS, *LABEL_ENDINGS))
        return region if painted is None else region | read_ignore_file(painted, shape)

    @cached_property
    def diagnosis(self) -> tuple[LabelProblem, ...]:
        """What may be wrong; reads the image and its labels at the first access."""
        problems = []
        if self.other_sources:
            others = ", ".join(source.path.name for source in self.other_sources)
            problems.append(
                LabelProblem(
                    ProblemKind.SEVERAL_SOURCES,
                    f"Labels are taken from {self.label_source.path.name}, not from {others}",
                    "Remove the files that are not meant",
                )
            )
        if self.label_source.format is LabelFormat.LABEL_IMAGE:
            problems.extend(diagnose_storage(self.label_source.path))
        try:
            metadata = read_metadata(self.image_path)
            resolve_channel(metadata, self.channel)
            shape = (metadata.height, metadata.width)
            labels = self._read_labels(shape, self._place(metadata))
        except UserFacingError as error:
            return (*problems, LabelProblem(ProblemKind.UNREADABLE, error.what, error.remedy))
        n_planes = metadata.n_times * metadata.n_slices
        if n_planes > 1:
            problems.append(
                LabelProblem(
                    ProblemKind.SEVERAL_PLANES,
                    f"The image has {n_planes} planes and labels for one; plane {self.plane} is used",
                    "Save the labelled plane as an image of its own if that is another one",
                )
            )
        if labels.shape != shape:
            problems.append(_size_mismatch(labels.shape, shape))
        boxes = self._boxes_only()
        if boxes:
            objects = "1 object" if boxes == 1 else f"{boxes} objects"
            problem = LabelProblem(
                ProblemKind.BOXES_ONLY,
                f"The COCO file has {objects} without outline, only with boxes, and these cannot be taught",
                "Export the annotations with segmentations",
            )
            return (
                (*problems, problem) if not labels.any() else (*problems, problem, *diagnose_labels(labels))
            )
        return (*problems, *diagnose_labels(labels))

    def _boxes_only(self) -> int:
        if self.label_source.format is not LabelFormat.COCO:
            return 0
        return count_boxes_only(self.label_source.path, self.label_source.image_name)

    def _place(self, metadata: ImageMetadata) -> _Place:
        t = self.plane.t if isinstance(self.plane.t, int) else 0
        z = self.plane.z if isinstance(self.plane.z, int) else 0
        return _Place(PlaneAddress(t, z), _planes_of(metadata))

    def _read_labels(self, shape: tuple[int, int], place: _Place) -> NDArray[np.integer[Any]]:
        """Labels as the file gives them; regions and outlines are drawn into `shape`."""
        path = self.label_source.path
        match self.label_source.format:
            case LabelFormat.COCO:
                return read_listed_labels(path, self.label_source.image_name)[0]
            case LabelFormat.IMAGEJ_ROIS:
                return read_imagej_rois(path, shape, place.plane, place.planes)
            case LabelFormat.OUTLINES:
                return read_outlines(path, shape)
            case LabelFormat.CELLPOSE:
                return read_cellpose_seg(path).labels
            case LabelFormat.LABEL_IMAGE:
                return read_labels(path)


@dataclass(frozen=True)
class LabelledImages:
    """What a folder offers for training or scoring.

    Parameters
    ----------
    pairs : tuple of LabelledPair
        In the order of their paths.
    unpaired : tuple of Unpaired
        Files without a partner, with the reason.
    """

    pairs: tuple[LabelledPair, ...]
    unpaired: tuple[Unpaired, ...]


def labelled_pairs(
    folder: Path | str, *, channel: ChannelChoice = GREY_CHANNEL, plane: PlaneChoice = FIRST_PLANE
) -> LabelledImages:
    """Find images with labels below a folder; conventions stand in `dinocell_training.pairing`.

    Parameters
    ----------
    folder : Path or str
        The folder.
    channel : ChannelChoice, default grey
        The channel to read of every image.
    plane : PlaneChoice, default first slice of the first time
        The plane to read of every image.

    Returns
    -------
    LabelledImages
        Pairs, not yet read, and what was left over.

    Raises
    ------
    UnreadableFileError
        If there is no such folder.
    """
    search = find_pairs(folder)
    return LabelledImages(
        pairs=tuple(
            LabelledPair(
                image_path=found.image_path,
                label_source=found.labels,
                other_sources=found.other_labels,
                channel=channel,
                plane=plane,
            )
            for found in search.pairs
        ),
        unpaired=search.unpaired,
    )


def binary_as_components(pairs: Sequence[LabelledPair]) -> tuple[LabelledPair, ...]:
    """Offer binary masks as connected components and leave all other pairs as they are.

    Parameters
    ----------
    pairs : sequence of LabelledPair
        Read for their diagnosis if that has not happened yet.

    Returns
    -------
    tuple of LabelledPair
        As many, in the same order.
    """
    return tuple(
        replace(pair, as_connected_components=True)
        if any(problem.kind is ProblemKind.BINARY for problem in pair.diagnosis)
        else pair
        for pair in pairs
    )


def split_pairs(
    pairs: Sequence[LabelledPair], *, held_out_fraction: float = 0.1, seed: int = 0
) -> Split[LabelledPair]:
    """Hold images out for scoring: whole images, chosen by content, equal images on one side.

    Parameters
    ----------
    pairs : sequence of LabelledPair
        Their images are read once.
    held_out_fraction : float, default 0.1
        Share of images to hold out; at least one is held out and at least one kept for training.
    seed : int, default 0
        Another seed gives another split.

    Returns
    -------
    Split
        `training` and `held_out`.

    Raises
    ------
    InvalidParameterError
        If there are fewer than two different images.
    UserFacingError
        If an image cannot be read.
    """
    return split_by_content(
        pairs,
        lambda pair: content_hash(pair.read_pixels()),
        held_out_fraction=held_out_fraction,
        seed=seed,
    )


def _size_mismatch(labels_shape: tuple[int, ...], image_shape: tuple[int, ...]) -> LabelProblem:
    """Describe labels of another size, with the likely cause."""
    turned = labels_shape == image_shape[::-1] and labels_shape != image_shape
    return LabelProblem(
        ProblemKind.SIZE_MISMATCH,
        "The labels are {}x{} (rows x columns), the image is {}x{}".format(*labels_shape, *image_shape),
        "They are exchanged: transpose the masks" if turned else "Export the masks at the size of the image",
    )
