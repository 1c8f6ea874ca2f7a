"""The labelled images of a fine-tuning job and the crops made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError, UserFacingError
from dinocell_app.imaging.planes import ChannelChoice
from dinocell_app.jobs.job_kinds import FineTuneJob
from dinocell_app.model.manifest import Manifest
from dinocell_app.model.objective import Objective
from dinocell_training.crops import CACHE_BYTES, CropDataset, CropParameters, Source
from dinocell_training.datasets import LabelledPair, binary_as_components, labelled_pairs
from dinocell_training.fine_tuning import FineTuningData
from dinocell_training.held_out import HeldOut, picture_hash
from dinocell_training.held_out_choice import Examined, Wish, divide
from dinocell_training.processes import training_device
from dinocell_training.synthetic.drawings import draw_image
from dinocell_training.taught_scale import augmentation_of
from dinocell_training.training_loop import loader_processes

VALIDATION_CROPS_PER_IMAGE = 4
MAX_VALIDATION_CROPS = 64
HELD_OUT_CACHE_BYTES = CACHE_BYTES // 4


@dataclass(frozen=True)
class LabelledData:
    """Images of a job.

    Parameters
    ----------
    unpaired : tuple of (Path, str)
        Files without a partner, with the reason.
    notices : tuple of str
        What may be wrong with labels, and how pictures were held out.
    record : HeldOut
        What is held out, to be kept with the model.
    turns : tuple of tuple of LabelledPair
        Of `training`: what each of the models that judge in turns is not taught.
    """

    training: tuple[LabelledPair, ...]
    held_out: tuple[LabelledPair, ...]
    unpaired: tuple[tuple[Path, str], ...]
    notices: tuple[str, ...]
    record: HeldOut
    turns: tuple[tuple[LabelledPair, ...], ...] = ()


@dataclass(frozen=True)
class PartlyLabelledPair(LabelledPair):
    """An image in which not every cell is outlined: what is no labelled cell says nothing."""


@dataclass(frozen=True)
class _ScoredWhereLabelled(LabelledPair):
    def read_ignore_region(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Ignore everything but labelled cells, so that false cells are not counted."""
        unlabelled: NDArray[np.bool_] = self.read()[1] == 0
        return np.logical_or(unlabelled, super().read_ignore_region(shape))


def for_scoring(pairs: Sequence[LabelledPair]) -> tuple[LabelledPair, ...]:
    """Make images ready for scores: where not every cell is outlined, a further one found is no mistake.

    Returns
    -------
    tuple of LabelledPair
        As many, in the same order.
    """
    return tuple(
        _ScoredWhereLabelled(**_parts(pair)) if isinstance(pair, PartlyLabelledPair) else pair
        for pair in pairs
    )


def read_data(job: FineTuneJob, run_folder: Path | None = None, known: HeldOut | None = None) -> LabelledData:
    """Find the labelled images of a job and hold some out.

    Parameters
    ----------
    run_folder : Path, optional
        The choice of held-out pictures that is written there stands.
    known : HeldOut, optional
        What the base model was scored on, which is held out again, and what it was taught.

    Returns
    -------
    LabelledData
        Binary masks are taken as connected components; pairs that cannot be read are left out.

    Raises
    ------
    UserFacingError
        If there is no labelled image, or none is left to learn from.
    """
    patterns = job.patterns or ("*",) * len(job.data)
    pairs, unpaired, notices = _usable(job.data, patterns, job.channel)
    separate, more_unpaired, more_notices = _usable(job.held_out, ("*",) * len(job.held_out), job.channel)
    if not pairs and job.synthetic_share < 1:
        raise InvalidParameterError(
            "No image with labels was found",
            path=job.data[0],
            remedy="Add _masks or _labels to the names of images, or use folders images/ and masks/",
        )
    unreadable: list[tuple[Path, str]] = []
    division = divide(
        _examined(job, pairs, unreadable),
        _examined(job, separate, unreadable),
        Wish(job.held_out_images, job.validation_share, job.training.seed, turns=job.base_model is not None),
        before=HeldOut.read(run_folder) if run_folder is not None else None,
        known=known,
    )
    return LabelledData(
        tuple(each.pair for each in division.training),
        tuple(each.pair for each in division.held_out),
        (*unpaired, *more_unpaired, *unreadable),
        (*notices, *more_notices, *division.notices),
        division.record,
        tuple(tuple(each.pair for each in group) for group in division.turns),
    )


def _examined(
    job: FineTuneJob, pairs: Sequence[LabelledPair], unreadable: list[tuple[Path, str]]
) -> list[Examined]:
    partly = {path.absolute() for path in job.partly_labelled_images}
    examined = []
    for pair in pairs:
        lacks_cells = not job.fully_labelled or pair.image_path.absolute() in partly
        try:
            content = picture_hash(pair.image_path)
        except UserFacingError as error:
            unreadable.append((pair.image_path, error.what))
            continue
        if lacks_cells:
            pair = PartlyLabelledPair(**_parts(pair))
        examined.append(Examined(pair, content, lacks_cells))
    return examined


def crops(job: FineTuneJob, data: LabelledData, objective: Objective, manifest: Manifest) -> FineTuningData:
    """Make the examples of a job.

    Parameters
    ----------
    manifest : Manifest
        For the intensity normalisation, and the diameters that cells are brought to.
    """
    changes = augmentation_of(job, manifest)
    n_processes = loader_processes(job.training.workers, training_device(job.device))
    how = CropParameters(
        size=job.crop_size,
        seed=job.training.seed,
        normalisation=manifest.intensity_normalisation,
        input_colour=manifest.input_colour,
        synthetic_share=job.synthetic_share,
        cache_bytes=(CACHE_BYTES - HELD_OUT_CACHE_BYTES) // max(1, n_processes),
    )
    drawings = {str(kind): share for kind, share in job.drawings.items()}
    scenes = _Drawings(changes.diameter_range, drawings) if job.synthetic_share else None
    training = CropDataset(_sources(job, data), objective, how, changes, scenes=scenes)
    if not data.held_out:
        return FineTuningData(training)
    length = min(MAX_VALIDATION_CROPS, VALIDATION_CROPS_PER_IMAGE * len(data.held_out))
    held_out = _by_completeness(data.held_out)
    plain = replace(how, synthetic_share=0.0, seed=job.training.seed + 1, cache_bytes=HELD_OUT_CACHE_BYTES)
    return FineTuningData(training, CropDataset(held_out, objective, plain, changes, length=length))


@dataclass(frozen=True)
class _Drawings:
    """Drawn images with cells of the diameters that are taught."""

    diameter_range: tuple[float, float] | None
    shares: Mapping[str, float]

    def draw(self, rng: np.random.Generator, size: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        diameter = None
        if self.diameter_range is not None:
            diameter = float(np.exp(rng.uniform(*np.log(self.diameter_range))))
        return draw_image(rng, size, diameter, self.shares)


def _sources(job: FineTuneJob, data: LabelledData) -> list[Source]:
    """Group the training images as the job weighs them: one source a folder, or all images alike."""
    if not job.weights:
        return _by_completeness(data.training)
    patterns = job.patterns or ("*",) * len(job.data)
    sources = []
    for folder, pattern, weight in zip(job.data, patterns, job.weights, strict=True):
        images = [
            pair
            for pair in data.training
            if folder in pair.image_path.parents and fnmatch(pair.image_path.name, pattern)
        ]
        sources += _by_completeness(images, weight)
    return sources


def _parts(pair: LabelledPair) -> dict[str, Any]:
    return {each.name: getattr(pair, each.name) for each in fields(pair)}


def _by_completeness(images: Sequence[LabelledPair], weight: float = 1.0) -> list[Source]:
    """Part images by whether every cell is outlined; each image is still drawn equally often."""
    sources = []
    for complete in (True, False):
        part = [image for image in images if isinstance(image, PartlyLabelledPair) is not complete]
        if part:
            sources.append(Source(part, weight * len(part) / len(images), fully_labelled=complete))
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
