"""The job that a plan comes to, as the shell would read it."""

from __future__ import annotations

from pathlib import Path

from dinocell_app.jobs.job_kinds import PRESET_KEEPS, AdaptJob, AdaptThenTeachJob, FineTuneJob, TrainingJob
from dinocell_app.jobs.setting import value_of
from dinocell_app.jobs.training_presets import PRESETS
from dinocell_app.training_plan.parameter_values import ADAPTING, CHANGES, TEACHING, nested
from dinocell_app.training_plan.training_plan import TrainingPlan

MODEL_NAME = "model"
"""Folder of the new model inside the folder of its training."""

ADAPTED_NAME = "adapted"
"""Folder of the network between adapting and teaching."""


def job_of(plan: TrainingPlan, folder: Path) -> TrainingJob:
    """Make the job of a plan.

    Parameters
    ----------
    folder : Path
        Of the training.
    """
    if plan.goal == "adapt":
        return _adaptation(plan, folder / MODEL_NAME, plan.name.strip())
    if plan.goal == "teach":
        return _fine_tuning(plan, folder, plan.base_model)
    adaptation = _adaptation(plan, folder / ADAPTED_NAME, f"{plan.name.strip()} (adapted)")
    return AdaptThenTeachJob(
        adaptation=adaptation, fine_tuning=_fine_tuning(plan, folder, str(adaptation.output))
    )


def preset_values(plan: TrainingPlan) -> dict[str, object]:
    """Give what the presets of a plan choose, by name.

    Parameters
    ----------
    plan : TrainingPlan
        Its own parameters play no part.
    """
    job = FineTuneJob(data=(Path(),), output=Path(), **PRESETS[plan.preset].fields())
    adaptation = AdaptJob(inputs=(Path(),), output=Path())
    values = {name: value_of(job, name) for name in (*TEACHING, *CHANGES)}
    return values | {name: value_of(adaptation, name) for name in ADAPTING}


def chosen_values(plan: TrainingPlan) -> dict[str, object]:
    """Give all parameters of a plan: those of its presets, and its own in their place."""
    return {**preset_values(plan), **dict(plan.own)}


def _adaptation(plan: TrainingPlan, output: Path, name: str) -> AdaptJob:
    kept = {f"adaptation.{setting}" for setting in PRESET_KEEPS}
    values = {
        key: value
        for key, value in chosen_values(plan).items()
        if key in ADAPTING and (plan.adapt_preset == "own" or key in kept)
    }
    return AdaptJob.model_validate(
        {
            "inputs": plan.unlabelled,
            "recursive": True,
            "excluded": tuple(sorted(plan.held_out)) if plan.teaches else (),
            "output": output,
            "base_model": plan.base_model,
            "preset": plan.adapt_preset,
            "minutes": plan.minutes,
            "name": name,
            "device": plan.device,
            "licence": plan.licence.strip(),
            **nested(values),
        }
    )


def _fine_tuning(plan: TrainingPlan, folder: Path, base_model: str) -> FineTuneJob:
    values = {key: value for key, value in chosen_values(plan).items() if key not in ADAPTING}
    if not plan.held_out:
        values["patience"] = 0
    return FineTuneJob.model_validate(
        {
            "data": plan.folders,
            "output": folder / MODEL_NAME,
            "base_model": base_model,
            "held_out_images": tuple(sorted(plan.held_out)),
            "partly_labelled_images": tuple(sorted(plan.partly_labelled)),
            "validation_share": None if plan.held_out or plan.judges_in_turns else 0.0,
            "name": plan.name.strip(),
            "channel": plan.channel,
            "device": plan.device,
            "licence": plan.licence.strip(),
            **nested(values),
        }
    )
