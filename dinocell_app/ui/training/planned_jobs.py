"""The job that a plan comes to, as the shell would read it."""

from __future__ import annotations

from pathlib import Path

from dinocell_app.jobs import AdaptJob, AdaptThenTeachJob, FineTuneJob, TrainingJob
from dinocell_app.ui.training.training_plan import TrainingPlan
from dinocell_app.ui.training.training_presets import AUGMENTATION, PRESETS

MODEL_NAME = "model"
"""Folder of the new model inside the folder of its training."""

ADAPTED_NAME = "adapted"
"""Folder of the network between adapting and teaching."""


def job_of(plan: TrainingPlan, folder: Path) -> TrainingJob:
    """Make the job of a plan.

    Parameters
    ----------
    plan : TrainingPlan
    folder : Path
        Of the training.

    Returns
    -------
    AdaptJob, FineTuneJob or AdaptThenTeachJob
    """
    if plan.goal == "adapt":
        return _adaptation(plan, folder / MODEL_NAME, plan.name.strip())
    if plan.goal == "teach":
        return _fine_tuning(plan, folder, plan.base_model)
    adaptation = _adaptation(plan, folder / ADAPTED_NAME, f"{plan.name.strip()} (adapted)")
    return AdaptThenTeachJob(
        adaptation=adaptation, fine_tuning=_fine_tuning(plan, folder, str(adaptation.output))
    )


def _adaptation(plan: TrainingPlan, output: Path, name: str) -> AdaptJob:
    return AdaptJob(
        inputs=plan.unlabelled,
        recursive=True,
        excluded=tuple(sorted(plan.held_out)) if plan.teaches else (),
        output=output,
        base_model=plan.base_model,
        minutes=plan.minutes,
        name=name,
        device=plan.device,
    )


def _fine_tuning(plan: TrainingPlan, folder: Path, base_model: str) -> FineTuneJob:
    preset = PRESETS[plan.preset]
    return FineTuneJob(
        data=plan.folders,
        output=folder / MODEL_NAME,
        base_model=base_model,
        held_out_images=tuple(sorted(plan.held_out)),
        partly_labelled_images=tuple(sorted(plan.partly_labelled)),
        validation_share=0.0 if not plan.held_out else 0.1,
        name=plan.name.strip(),
        channel=plan.channel,
        device=plan.device,
        crop_size=preset.crop_size,
        augmentation=AUGMENTATION,
        training=plan.settings(),
        patience=preset.patience if plan.held_out else 0,
    )
