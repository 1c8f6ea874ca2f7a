"""Training of the head for reference cells as a job: typed pictures in, a model that carries a head out."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.files import write_json
from dinocell_app.jobs.events import Event, JobFinished, Notice
from dinocell_app.jobs.job_kinds import ReferenceTrainingJob
from dinocell_app.jobs.reference_training_settings import ReferenceTrainingSettings
from dinocell_app.jobs.training_settings import AugmentationSettings
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.manifest import MANIFEST_NAME, Score, TrainingSet, read_manifest
from dinocell_app.model.model_folder import SegmentationModel, load_model
from dinocell_app.segmentation.reference.percs_file import save_reference_head
from dinocell_app.segmentation.reference.percs_head import PercsConfig, PercsHead
from dinocell_training.data_names import data_names
from dinocell_training.processes import training_device
from dinocell_training.reference_training.drawn_types import drawn_pictures
from dinocell_training.reference_training.encoding import CropStore, EncodedCrop, encode_crop
from dinocell_training.reference_training.pannuke import EVALUATION_FOLD, TRAINING_FOLDS, find_pannuke
from dinocell_training.reference_training.reference_training import ReferenceTraining
from dinocell_training.reference_training.type_scores import score_head
from dinocell_training.reference_training.type_splits import TypeSplit, split_by_type
from dinocell_training.reference_training.typed_crops import CropMaker
from dinocell_training.reference_training.typed_pictures import TypedPicture, find_typed_pictures
from dinocell_training.training_loop import training_events
from dinocell_training.validation_history import KeepBest, restore_best

SPLIT_NAME = "types.json"
SCORES_NAME = "scores.json"
MODEL_MADE_NAME = "model.json"
HELD_OUT_SETS = ("test", "novel")
NOTICE_EVERY = 50

GREYS = {
    "train": AugmentationSettings(inversion=0.15, strong_intensity=True),
    "test": AugmentationSettings(brightness=(1.0, 1.0), inversion=0.0),
    "novel": AugmentationSettings(brightness=(1.0, 1.0), inversion=0.0),
}
SEEDS = {"train": 0, "test": 1, "novel": 2}
"""Of the crops of each set, beside the seed of the job."""


def train_references(
    job: ReferenceTrainingJob, run_folder: Path, should_stop: Callable[[], bool]
) -> Iterator[Event]:
    """Train a head for reference cells on the features of a model, and put it into a model folder.

    Asked to stop, it keeps what it has; started again, it goes on.

    Parameters
    ----------
    run_folder : Path
        Encoded crops, the split of types and checkpoints.
    should_stop : callable
        Asked before every crop and every step.

    Yields
    ------
    Event
        Notices and those of `training_loop.training_events`; at last JobFinished with the model folder.

    Raises
    ------
    UserFacingError
        If pictures, model or device cannot be used, or the folder for the model is taken.
    """
    base = find_model(job.base_model)
    _require_place(job, base, run_folder)
    device = training_device(job.device)
    model = load_model(base, device)
    split = pictures_by_type(job)
    settings = job.training
    if job.preset == "percs-paper":
        settings = ReferenceTrainingSettings.of_paper(len(split.train), settings)
    run_folder.mkdir(parents=True, exist_ok=True)
    write_json(run_folder / SPLIT_NAME, split.listed())
    yield Notice(
        f"{len(split.train):,} pictures to train on, {len(split.test):,} of their types and "
        f"{len(split.novel):,} of other types to score on"
    )
    stores = _stores(model, split, settings, run_folder)
    prepared = yield from _prepare(stores, settings, should_stop)
    if not prepared:
        yield JobFinished(0, 0, 0.0, stopped=True)
        return
    held_out = {
        name: [stores[name].get(number) for number in range(settings.held_out_crops)]
        for name in HELD_OUT_SETS
        if name in stores
    }
    torch.manual_seed(settings.seed)
    head = PercsHead(_config(model))
    training = ReferenceTraining(head, stores["train"].get, held_out, settings, device)
    for event in training_events(training, run_folder, should_stop, KeepBest(head)):
        if isinstance(event, JobFinished) and training.state.step:
            restore_best(head, run_folder / "checkpoints")
            scores = {
                name: {"trained": score_head(head.eval(), crops), "without training": score_head(None, crops)}
                for name, crops in held_out.items()
            }
            write_json(run_folder / SCORES_NAME, scores)
            _write_model(job, base, head, (split, scores), run_folder)
            yield replace(event, outputs=(str(job.output),))
            continue
        yield event


def pictures_by_type(job: ReferenceTrainingJob) -> TypeSplit[TypedPicture]:
    """Find and draw the pictures of a job, split by type.

    Raises
    ------
    UserFacingError
        If folders or tables cannot be read, or nothing is left to train on.
    """
    pictures: list[TypedPicture] = []
    for folder in job.data:
        pictures += find_typed_pictures(folder, job.types)
    if job.pannuke is not None:
        pictures += find_pannuke(job.pannuke, (*TRAINING_FOLDS, EVALUATION_FOLD))
    pictures += drawn_pictures(job.training.drawn, job.training.seed)
    split = split_by_type(pictures, job.novel, job.test_share, job.training.seed)
    if not split.train:
        raise InvalidParameterError(
            "There are no pictures with types of cells to train on",
            path=job.data[0] if job.data else None,
            remedy="Put labelled images into one folder for each type, give a table with --types, or let "
            "pictures be drawn with --drawn",
        )
    return split


@dataclass(frozen=True)
class _Encoder:
    """Makes and encodes the crops of one set."""

    model: SegmentationModel
    maker: CropMaker

    def __call__(self, number: int) -> EncodedCrop:
        return encode_crop(self.model, self.maker.make(number))


def _stores(
    model: SegmentationModel,
    split: TypeSplit[TypedPicture],
    settings: ReferenceTrainingSettings,
    run_folder: Path,
) -> dict[str, CropStore]:
    stores = {}
    for name in SEEDS:
        pictures: Sequence[TypedPicture] = getattr(split, name)
        if not pictures:
            continue
        maker = CropMaker(
            pictures,
            model.network.config.tile_size,
            model.manifest.intensity_normalisation,
            model.manifest.cell_diameter_range_px,
            settings.seed * len(SEEDS) + SEEDS[name],
            GREYS[name],
        )
        kept = settings.crops if name == "train" else settings.held_out_crops
        stores[name] = CropStore(run_folder / "crops" / name, _Encoder(model, maker), n_kept=kept)
    return stores


def _prepare(
    stores: dict[str, CropStore], settings: ReferenceTrainingSettings, should_stop: Callable[[], bool]
) -> Generator[Event, None, bool]:
    """Make the crops that are kept; what an earlier process made is there already."""
    wanted = [
        (name, number)
        for name, store in stores.items()
        for number in range(settings.crops if name == "train" else settings.held_out_crops)
        if not store.has(number)
    ]
    for done, (name, number) in enumerate(wanted):
        if should_stop():
            return False
        if done % NOTICE_EVERY == 0:
            yield Notice(f"Encoded {done:,} of {len(wanted):,} crops")
        stores[name].get(number)
    return True


def _config(model: SegmentationModel) -> PercsConfig:
    config = model.network.config
    spacing = config.patch_size * config.tile_size / config.input_size
    return PercsConfig(model.network.backbone.embed_dim, max(1, round(spacing)))


def _require_place(job: ReferenceTrainingJob, base: Path, run_folder: Path) -> None:
    if job.overwrite or not (job.output / MANIFEST_NAME).exists():
        return
    if job.output.resolve() == base.resolve() and not read_manifest(base).reference_head_sha256:
        return
    if (run_folder / MODEL_MADE_NAME).exists():
        return
    raise InvalidParameterError(
        "a model is there already",
        path=job.output,
        remedy="Choose another folder for the model, or allow replacing it with --overwrite",
    )


def _write_model(
    job: ReferenceTrainingJob,
    base: Path,
    head: PercsHead,
    result: tuple[TypeSplit[TypedPicture], dict[str, dict[str, float]]],
    run_folder: Path,
) -> None:
    split, scores = result
    if job.output.resolve() != base.resolve():
        shutil.copytree(base, job.output, dirs_exist_ok=True)
    manifest = read_manifest(job.output)
    sources = tuple(
        TrainingSet(name=name, licence=job.licence or "not stated", use="head for reference cells")
        for name in data_names((*job.data, *([job.pannuke] if job.pannuke else []))).values()
    )
    measured = tuple(
        Score(data_set="reference cells, 1 click", split=f"{name} types, {how}", metric="ap", value=value)
        for name, values in scores.items()
        for how, value in values.items()
    )
    fields: dict[str, Any] = {
        "id": manifest.id if job.output.resolve() == base.resolve() else job.output.name,
        "training_data": (*manifest.training_data, *sources),
        "scores": (*(s for s in manifest.scores if s.data_set != "reference cells, 1 click"), *measured),
    }
    write_json(job.output / MANIFEST_NAME, manifest.model_copy(update=fields).model_dump(mode="json"))
    save_reference_head(head, job.output)
    write_json(run_folder / MODEL_MADE_NAME, {"n_pictures": len(split.train)})
