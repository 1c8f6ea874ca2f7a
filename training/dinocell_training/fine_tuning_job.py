"""Fine-tuning as a job: labelled folders in, a model folder with manifest, card and held-out scores out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from dinocell_app.jobs.events import Event, InputLeftOut, JobFinished, Notice
from dinocell_app.jobs.job_kinds import FineTuneJob
from dinocell_app.model.segmenter import Segmenter
from dinocell_training.fine_tuning import FineTuning
from dinocell_training.fine_tuning_choice import FineTuningChoice
from dinocell_training.fine_tuning_data import crops, read_data
from dinocell_training.fine_tuning_result import Making, keep_for_inspection, make_model, require_place
from dinocell_training.fine_tuning_watch import FineTuningWatch
from dinocell_training.fixed_arithmetic import fixed_precision
from dinocell_training.held_out import HELD_OUT_NAME
from dinocell_training.judged_in_turns import TurnsJob, judging_in_turns, shifted
from dinocell_training.processes import process_rank, training_device
from dinocell_training.starting_point import (
    describe_data,
    known_to_base,
    starting_point,
    typical_diameters,
)
from dinocell_training.taught_scale import taught_diameters
from dinocell_training.training_check import concerns_of_scale, stop_if_doomed


def fine_tune(job: FineTuneJob, run_folder: Path, should_stop: Callable[[], bool]) -> Iterator[Event]:
    """Teach a network and make a model folder of it.

    The base model is scored before the first step, and nothing is offered that does not beat it. Where images
    are few each is judged in its turn, and a model is taught with all. Asked to stop, it makes a model of the
    best epoch so far; started again, it goes on.

    Parameters
    ----------
    run_folder : Path
        Its checkpoints are resumed from and written to.
    should_stop : callable
        Asked before every step.

    Yields
    ------
    Event
        Those of `FineTuning.run`; at last JobFinished with the model folder, if a model is offered.

    Raises
    ------
    UserFacingError
        If data, base model or device cannot be used, or the model folder exists and may not be replaced.
    """
    require_place(job, run_folder)
    device = training_device(job.device)
    precision = fixed_precision(run_folder, job.training.precision, device)
    job = job.model_copy(update={"training": job.training.model_copy(update={"precision": precision})})
    data = read_data(job, run_folder, known_to_base(job))
    for path, reason in data.unpaired:
        yield InputLeftOut(str(path), reason)
    for notice in data.notices:
        yield Notice(notice)
    network, manifest = starting_point(job)
    sizes = typical_diameters(data.training)
    concerns = concerns_of_scale(sizes, crop_size=job.crop_size, brought_to=taught_diameters(job, manifest))
    stop_if_doomed(concerns)
    yield from (Notice(str(concern)) for concern in concerns)
    manifest = describe_data(manifest, job, data, sizes)
    if process_rank()[0] == 0 and not (run_folder / HELD_OUT_NAME).exists():
        data.record.write(run_folder)
    choice = FineTuningChoice(job, run_folder, manifest, data, device)
    making = Making(job, run_folder, manifest, data, choice)
    if data.turns and choice.base is not None:
        verdict = yield from judging_in_turns(_turns(making), should_stop)
        if verdict is None:
            yield JobFinished(0, 0, 0.0, stopped=True)
            return
        making = replace(making, in_turns=verdict)
    yield from _teach(network, making, should_stop)


def _teach(network: Segmenter, making: Making, should_stop: Callable[[], bool]) -> Iterator[Event]:
    """Teach the model that is offered, unless it is known already that it would not be."""
    job, data, choice, turns = making.job, making.data, making.choice, _turns(making)
    examples = crops(job, data, choice.objective, making.manifest)
    if choice.can_score:
        examples = replace(examples, decoded=choice.score_epoch)
    run = FineTuning(network, choice.objective, examples, turns.parameters, choice.device)
    if making.in_turns is not None and making.in_turns.keep_base:
        run.result.load_state_dict(turns.weights(0))
        yield from keep_for_inspection(run, making)
        return
    watch = FineTuningWatch(job, data, making.run_folder, lambda: choice.model_of(run.result))
    steps = run.run(making.run_folder, should_stop, patience=job.patience, scores_start=choice.has_base)
    for event in steps:
        if isinstance(event, JobFinished) and run.rank == 0:
            yield from make_model(event, run, making)
            continue
        yield shifted(event, turns, len(data.turns)) if making.in_turns is not None else event
        if run.rank == 0:
            yield from watch.after(event)


def _turns(making: Making) -> TurnsJob:
    return TurnsJob(making.job, making.run_folder, making.manifest, making.data, making.choice.device)
