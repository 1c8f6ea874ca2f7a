"""Every parameter has words, and what a person types becomes what the job needs."""

import pytest

from dinocell_app.jobs.job_kinds import AdaptJob, FineTuneJob
from dinocell_app.jobs.training_settings import AdaptationSettings, AugmentationSettings, TrainingSettings
from dinocell_app.training_plan.parameter_values import (
    ADAPTING,
    ALL,
    CHANGES,
    TEACHING,
    choices_of,
    nested,
    text_of,
    value_from,
)
from dinocell_app.training_plan.planned_jobs import preset_values
from dinocell_app.training_plan.training_plan import TrainingPlan

SET_ELSEWHERE = {
    "kind", "schema_version", "data", "patterns", "weights", "output", "base_model", "config",
    "backbone_weights",
    "objective", "held_out", "held_out_images", "validation_share", "name", "channel", "device",
    "partly_labelled_images", "licence", "overwrite", "augmentation", "training",
}  # fmt: skip


def test_no_parameter_is_missing() -> None:
    teaching = {name for name in FineTuneJob.model_fields if name not in SET_ELSEWHERE}
    teaching |= {f"training.{name}" for name in TrainingSettings.model_fields}
    assert set(TEACHING) == teaching
    assert set(CHANGES) == {f"augmentation.{name}" for name in AugmentationSettings.model_fields}
    assert set(ADAPTING) == {f"adaptation.{name}" for name in AdaptationSettings.model_fields}
    assert len({words.text for words in ADAPTING.values()}) == len(ADAPTING)


@pytest.mark.parametrize("preset", ["fast", "balanced", "thorough"])
def test_what_is_shown_reads_back_as_it_was(preset) -> None:
    values = preset_values(TrainingPlan(preset=preset))
    assert set(values) == set(ALL)
    for name, value in values.items():
        assert value_from(name, text_of(value)) == value, name


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("training.epochs", " 12 ", 12),
        ("training.learning_rate", "2e-5", 2e-5),
        ("training.learning_rate", "0,001", 1e-3),
        ("training.encoder_learning_rate", "", None),
        ("training.workers", "2", 2),
        ("training.precision", "bf16", "bf16"),
        ("training.loss_weights", "flow_y 0.5, cell_probability 2", {"flow_y": 0.5, "cell_probability": 2}),
        ("training.loss_weights", "", {}),
        ("augmentation.diameter_range", "20 to 30", (20, 30)),
        ("augmentation.diameter_range", "20; 30", (20, 30)),
        ("augmentation.diameter_range", "", None),
        ("augmentation.strong_intensity", "yes", True),
        ("adaptation.mask_share", "0.1 to 0.4", (0.1, 0.4)),
    ],
)
def test_what_a_person_types(name, text, value) -> None:
    assert value_from(name, text) == value


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("training.epochs", "0", "greater than or equal to 1"),
        ("training.epochs", "2.5", "integer"),
        ("training.epochs", "", "a number is missing"),
        ("training.learning_rate", "fast", "“fast” is not a number"),
        ("training.learning_rate", "inf", "finite"),
        ("training.precision", "fp8", "fp32"),
        ("augmentation.brightness", "1", "equired"),
        ("adaptation.mask_share", "0.1 to 4", "less than or equal to 1"),
        ("training.loss_weights", "flow_y", "not a number"),
        ("cell_diameter_px", "-3", "greater than 0"),
    ],
)
def test_what_cannot_be_is_said_in_words(name, text, why) -> None:
    with pytest.raises(ValueError, match=why) as said:
        value_from(name, text)
    assert "Input" not in str(said.value)


def test_choices_are_those_of_the_job() -> None:
    assert choices_of("training.precision") == ("auto", "fp32", "bf16", "fp16")
    assert choices_of("adaptation.centering") == ("moving_average", "sinkhorn_knopp")
    assert choices_of("fully_labelled") == ("yes", "no")
    assert not choices_of("training.epochs")


def test_names_with_dots_lead_into_the_job(tmp_path) -> None:
    values = nested({"adaptation.epochs": 3, "adaptation.seed": 1, "preset": "own"})
    assert values == {"adaptation": {"epochs": 3, "seed": 1}, "preset": "own"}
    job = AdaptJob.model_validate({"inputs": (tmp_path,), "output": tmp_path / "m", **values})
    assert job.adaptation.epochs == 3
