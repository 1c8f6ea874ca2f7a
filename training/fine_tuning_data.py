"""The labelled images of a fine-tuning job and the crops made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dinocell_app.errors import InvalidParameterError
from dinocell_app.imaging.planes import ChannelChoice
from dinocell_app.jobs import FineTuneJob
from dinocell_app.model.manifest import Manifest
from dinocell_app.model.objective import Objective
from training.augmentation import Augmentation
from training.crops import CropDataset, CropParameters, Source
from training.datasets import LabelledPair, binary_as_components, labelled_pairs, split_pairs
from training.fine_tuning import FineTuningData
from training.synthetic import random_scene_parameters, render_scene

VALIDATION_CROPS_PER_IMAGE = 4
MAX_VALIDATION_CROPS = 64


@dataclass(frozen=True)
class LabelledData:
    """Images of a job.

    Parameters
    ----------
    training, held_out : tuple of LabelledPair
    unpaired : tuple of (Path, str)
        Files without a partner, with the reason.
    notices : tuple of str
        What may be wrong with labels.
    """

    training: tuple[LabelledPair, ...]
    held_out: tuple[LabelledPair, ...]
    unpaired: tuple[tuple[Path, str], ...]
    notices: tuple[str, ...]


def read_data(job: FineTuneJob) -> LabelledData:
    """Find the labelled images of a job and hold some out.

    Parameters
    ----------
    job : FineTuneJob

    Returns
    -------
    LabelledData
        Binary masks are taken as connected components; pairs that cannot be read are left out.

    Raises
    ------
    UserFacingError
        If there is no labelled image.
    """
    patterns = job.patterns or ("*",) * len(job.data)
    pairs, unpaired, notices = _usable(job.data, patterns, job.channel)
    held_out, more_unpaired, more_notices = _usable(job.held_out, ("*",) * len(job.held_out), job.channel)
    if not pairs and job.synthetic_share < 1:
        raise InvalidParameterError(
            "No image with labels was found",
            path=job.data[0],
            remedy="Add _masks or _labels to the names of images, or use folders images/ and masks/",
        )
    if not job.held_out and job.validation_share > 0 and len(pairs) > 1:
        split = split_pairs(pairs, held_out_fraction=job.validation_share, seed=job.training.seed)
        pairs, held_out = split.training, split.held_out
    return LabelledData(pairs, held_out, unpaired + more_unpaired, notices + more_notices)


def crops(job: FineTuneJob, data: LabelledData, objective: Objective, manifest: Manifest) -> FineTuningData:
    """Make the examples of a job.

    Parameters
    ----------
    job : FineTuneJob
    data : LabelledData
    objective : Objective
    manifest : Manifest
        For the intensity normalisation.

    Returns
    -------
    FineTuningData
    """
    changes = Augmentation(**job.augmentation.model_dump())
    how = CropParameters(
        size=job.crop_size,
        seed=job.training.seed,
        normalisation=manifest.intensity_normalisation,
        synthetic_share=job.synthetic_share,
    )
    scenes = _Scenes(job.augmentation.diameter_range) if job.synthetic_share else None
    training = CropDataset(_sources(job, data), objective, how, changes, scenes=scenes)
    if not data.held_out:
        return FineTuningData(training)
    length = min(MAX_VALIDATION_CROPS, VALIDATION_CROPS_PER_IMAGE * len(data.held_out))
    held_out = Source(data.held_out, fully_labelled=job.fully_labelled)
    plain = replace(how, synthetic_share=0.0, seed=job.training.seed + 1)
    return FineTuningData(training, CropDataset([held_out], objective, plain, changes, length=length))


@dataclass(frozen=True)
class _Scenes:
    """Drawn pictures with cells of the diameters that are taught."""

    diameter_range: tuple[float, float] | None

    def draw(self, rng: np.random.Generator, size: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        diameter = None
        if self.diameter_range is not None:
            diameter = float(np.exp(rng.uniform(*np.log(self.diameter_range))))
        scene = render_scene(random_scene_parameters(rng, size, size, diameter))
        return scene.pixels, scene.labels


def _sources(job: FineTuneJob, data: LabelledData) -> list[Source]:
    """Group the training images as the job weighs them: one source a folder, or all images alike."""
    if not job.weights:
        return [Source(data.training, fully_labelled=job.fully_labelled)]
    patterns = job.patterns or ("*",) * len(job.data)
    sources = []
    for folder, pattern, weight in zip(job.data, patterns, job.weights, strict=True):
        images = [
            pair
            for pair in data.training
            if folder in pair.image_path.parents and fnmatch(pair.image_path.name, pattern)
        ]
        sources.append(Source(images, weight, job.fully_labelled))
    return sources


def _usable(
    folders: Sequence[Path], patterns: Sequence[str], channel: str
) -> tuple[tuple[LabelledPair, ...], tuple[tuple[Path, str], ...], tuple[str, ...]]:
    pairs: list[LabelledPair] = []
    unpaired: list[tuple[Path, str]] = []
    notices: list[str] = []
    for folder, pattern in zip(folders, patterns, strict=True):
        found = labelled_pairs(folder, channel=ChannelChoice.parse(channel))
        unpaired += [(left.path, left.reason) for left in found.unpaired]
        wanted = [pair for pair in found.pairs if fnmatch(pair.image_path.name, pattern)]
        for pair in binary_as_components(wanted):
            notices += [f"{pair.label_source.path}: {problem.what}" for problem in pair.diagnosis]
            if any(problem.is_blocking for problem in pair.diagnosis):
                unpaired.append((pair.image_path, "its labels cannot be used"))
            else:
                pairs.append(pair)
    return tuple(pairs), tuple(unpaired), tuple(notices)
