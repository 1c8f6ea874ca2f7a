"""Domain adaptation as a job: pictures without labels in, a model folder to fine-tune out."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from dinocell_app.base.errors import InvalidParameterError, ModelError, UnreadableFileError
from dinocell_app.base.files import write_json
from dinocell_app.base.json_text import parse_json
from dinocell_app.imaging.scan import LeftOut
from dinocell_app.jobs.events import Event, InputLeftOut, JobFinished, Notice
from dinocell_app.jobs.job_kinds import AdaptJob, FineTuneJob
from dinocell_app.jobs.training_settings import AdaptationSettings, TrainingSettings
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.manifest import MANIFEST_NAME, Manifest, TrainingSet, read_manifest
from dinocell_app.model.model_folder import save_model
from dinocell_app.model.segmenter import Segmenter
from dinocell_training.adaptation_presets import laptop_settings
from dinocell_training.adaptation_watch import AdaptationWatch
from dinocell_training.data_names import data_names
from dinocell_training.domain_adaptation import DomainAdaptation
from dinocell_training.fixed_arithmetic import fixed_precision
from dinocell_training.held_out import HELD_OUT_NAME
from dinocell_training.processes import process_rank, shared_result, training_device
from dinocell_training.self_distillation.pictures import Picture, find_pictures
from dinocell_training.starting_point import licence_with_data, starting_point

PICTURES_NAME = "pictures.json"
SETTINGS_NAME = "settings.json"
"""In the run folder: what a run that goes on must find as it was."""

MODEL_MADE_NAME = "model.json"
FEWEST_PICTURES = 2


@dataclass(frozen=True)
class _Survey:
    pictures: tuple[Picture, ...]
    left_out: tuple[LeftOut, ...]
    stopped: bool = False


def adapt(job: AdaptJob, run_folder: Path, should_stop: Callable[[], bool]) -> Iterator[Event]:
    """Adapt the transformer of a network and make a model folder with it.

    Asked to stop, it makes a model of what it has; started again, it goes on.

    Parameters
    ----------
    run_folder : Path
        Its checkpoints are resumed from and written to.
    should_stop : callable
        Asked before every picture and every step.

    Yields
    ------
    Event
        InputLeftOut for what cannot be used, those of `DomainAdaptation.run`; at last JobFinished with the
        model folder.

    Raises
    ------
    UserFacingError
        If pictures, base model or device cannot be used, or the model folder exists and may not be replaced.
    """
    _require_place(job, run_folder)
    device = training_device(job.device)
    network, manifest = network_to_adapt(job)
    survey = _survey(job, run_folder, should_stop)
    for each in survey.left_out:
        yield InputLeftOut(str(each.path), each.reason)
    if survey.stopped:
        yield JobFinished(0, 0, 0.0, stopped=True)
        return
    _require_pictures(job, survey)
    settings = yield from _settings(job, run_folder, network, (survey.pictures, device))
    precision = fixed_precision(run_folder, settings.precision, device)
    settings = settings.model_copy(update={"precision": precision})
    run = DomainAdaptation(network.backbone, survey.pictures, settings, device)
    watch = AdaptationWatch()
    for event in run.run(run_folder, should_stop):
        yield from watch.after(event)
        if isinstance(event, JobFinished) and run.rank == 0 and run.state.step:
            network.backbone.load_state_dict(run.result.state_dict())
            _write_model(job, run_folder, network, _described(manifest, job, survey.pictures, run.state.step))
            yield replace(event, outputs=(str(job.output),))
            continue
        yield event


def network_to_adapt(job: AdaptJob) -> tuple[Segmenter, Manifest]:
    """Make the network that an adaptation begins with.

    Raises
    ------
    UserFacingError
        If the base model or the weights cannot be used.
    """
    # A fine-tuning has the same starting points.
    in_its_words = FineTuneJob(
        data=job.inputs,
        output=job.output,
        base_model=job.base_model,
        config=job.config,
        backbone_weights=job.backbone_weights,
        name=job.name,
        training=TrainingSettings(seed=job.adaptation.seed),
    )
    return starting_point(in_its_words)


def _survey(job: AdaptJob, run_folder: Path, should_stop: Callable[[], bool]) -> _Survey:
    """Find the pictures, in the first process and once: a run that goes on learns from the same ones."""
    found = shared_result(
        (lambda: _first_survey(job, run_folder, should_stop)) if process_rank()[0] == 0 else None
    )
    if found is None:
        raise RuntimeError("the first process found neither pictures nor reasons")
    return found


def _first_survey(job: AdaptJob, run_folder: Path, should_stop: Callable[[], bool]) -> _Survey:
    path = run_folder / PICTURES_NAME
    if path.exists():
        try:
            listed = parse_json(path.read_text(encoding="utf-8"))
            kept = tuple(Picture(**{**each, "box": tuple(map(int, each["box"]))}) for each in listed)
        except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise _damaged(path) from error
        return _Survey(kept, ())
    pictures: list[Picture] = []
    left_out: list[LeftOut] = []
    excluded = {path.absolute() for path in job.excluded}
    for found in find_pictures(job.inputs, recursive=job.recursive):
        if should_stop():
            return _Survey((), (), stopped=True)
        if isinstance(found, Picture):
            if Path(found.path).absolute() in excluded:
                left_out.append(LeftOut(Path(found.path), "kept for judging"))
                continue
            pictures.append(found)
        else:
            left_out.append(found)
    if len(pictures) >= FEWEST_PICTURES:
        run_folder.mkdir(parents=True, exist_ok=True)
        write_json(path, [asdict(picture) for picture in pictures])
    return _Survey(tuple(pictures), tuple(left_out))


def _require_pictures(job: AdaptJob, survey: _Survey) -> None:
    if len(survey.pictures) >= FEWEST_PICTURES:
        return
    why = f"; left out: {survey.left_out[0].path.name} {survey.left_out[0].reason}" if survey.left_out else ""
    raise InvalidParameterError(
        f"has {len(survey.pictures)} of the {FEWEST_PICTURES} pictures that are needed to learn from{why}",
        path=job.inputs[0],
        remedy="Name folders with more images, or search the folders below with --recursive",
    )


def _settings(
    job: AdaptJob, run_folder: Path, network: Segmenter, tried: tuple[tuple[Picture, ...], torch.device]
) -> Generator[Event, None, AdaptationSettings]:
    """Choose sizes and number of steps; measured ones are kept for when the run goes on."""
    wanted = job.adaptation
    if job.preset == "own":
        return wanted
    if job.preset == "dinocell-paper":
        return AdaptationSettings(seed=wanted.seed, precision=wanted.precision, workers=wanted.workers)
    path = run_folder / SETTINGS_NAME
    if path.exists():
        try:
            return AdaptationSettings.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _damaged(path) from error
    pictures, device = tried
    yield Notice(f"{len(pictures):,} pictures; trying what this computer can do in {job.minutes:g} minutes")
    settings = laptop_settings(network.backbone, pictures, device, job.minutes, wanted)
    if process_rank()[0] == 0:
        write_json(path, settings.model_dump(mode="json"))
    yield Notice(
        f"{settings.total_steps:,} steps of {settings.batch_size * settings.accumulation} pictures; views "
        f"of {settings.global_size} and {settings.local_size} pixels"
    )
    return settings


def _require_place(job: AdaptJob, run_folder: Path) -> None:
    if job.overwrite or not (job.output / MANIFEST_NAME).exists():
        return
    made = run_folder / MODEL_MADE_NAME
    try:
        if made.exists() and parse_json(made.read_text())["sha256"] == read_manifest(job.output).sha256:
            return
    except (OSError, ValueError, KeyError, TypeError, ModelError):
        pass  # whatever is there, it is no model of this run
    raise InvalidParameterError(
        "a model is there already",
        path=job.output,
        remedy="Choose another folder for the model, or allow replacing it with --overwrite",
    )


def _damaged(path: Path) -> UnreadableFileError:
    return UnreadableFileError(
        "The record that the run goes on from is damaged",
        path=path,
        remedy="Restore it from a copy, or start in a new run folder",
    )


def _described(manifest: Manifest, job: AdaptJob, pictures: tuple[Picture, ...], steps: int) -> Manifest:
    licence = job.licence.strip() or "not stated"
    sets = tuple(
        TrainingSet(
            name=name,
            licence=licence,
            use=f"domain adaptation without labels, {_below(source, pictures)} pictures, {steps:,} steps",
        )
        for source, name in data_names(job.inputs).items()
    )
    base = "the base model" if job.base_model is not None else "a new network"
    description = (
        f"The transformer of {base}, adapted to pictures without labels. Teach it with labelled images "
        "before segmenting: its decoder has not followed."
    )
    return manifest.model_copy(
        update={
            "training_data": tuple(dict.fromkeys((*manifest.training_data, *sets))),
            "licence": licence_with_data(manifest.licence, licence, has_base=job.base_model is not None),
            "description": description,
            "scores": (),
            "needs_teaching": True,
        }
    )


def _below(source: Path, pictures: tuple[Picture, ...]) -> int:
    return sum(Path(picture.path) == source or source in Path(picture.path).parents for picture in pictures)


def _write_model(job: AdaptJob, run_folder: Path, network: Segmenter, manifest: Manifest) -> None:
    written = save_model(network, manifest, job.output)
    write_json(run_folder / MODEL_MADE_NAME, {"sha256": written.sha256})
    if job.base_model is not None and (kept := find_model(job.base_model) / HELD_OUT_NAME).exists():
        # What the base was scored on stays out of every model made from it.
        shutil.copyfile(kept, job.output / HELD_OUT_NAME)
