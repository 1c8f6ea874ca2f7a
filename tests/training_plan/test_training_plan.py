"""The training wizard's choices, walked without a window."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dinocell_app.jobs.job_files import job_to_json, make_job
from dinocell_app.jobs.job_kinds import AdaptJob, AdaptThenTeachJob
from dinocell_app.jobs.training_presets import PRESETS
from dinocell_app.jobs.training_settings import AdaptationSettings
from dinocell_app.training_plan.examined_pictures import Picture
from dinocell_app.training_plan.planned_jobs import job_of
from dinocell_app.training_plan.split_suggestion import suggested_split
from dinocell_app.training_plan.training_plan import TrainingPlan

DATA = Path("/data/labelled")


def picture(number: int, n_cells: int = 40, content: str = "", *, usable: bool = True) -> Picture:
    name = f"p{number:02d}"
    return Picture(
        DATA / f"{name}.tif", DATA / f"{name}_masks.tif", n_cells, 20.0, usable, False, content or name
    )


def line_of(item: Picture) -> str:
    fields = {name: str(v) if isinstance(v, Path) else v for name, v in vars(item).items()}
    return json.dumps({"item": "PictureFound", "height": 9, "width": 9, **fields})


def examined(*pictures: Picture) -> TrainingPlan:
    plan = TrainingPlan().with_folders([DATA])
    for item in pictures:
        plan = plan.with_line(line_of(item))
    return plan.with_line(json.dumps({"item": "ExaminationFinished", "n_pictures": len(pictures)}))


def test_the_way_through() -> None:
    plan = TrainingPlan()
    assert "Choose at least one folder" in plan.problem_of_pictures()
    plan = plan.with_folders([DATA, DATA])
    assert plan.folders == (DATA,)
    assert "looked at first" in plan.problem_of_pictures()
    plan = examined(*(picture(n) for n in range(15)))
    assert plan.problem_of_pictures() == ""
    assert len(plan.held_out) == 3
    assert "12 images will be taught, 3 images with 120 cells kept" in plan.sentence_of_split()
    job = job_of(plan, Path("/runs/1"))
    assert set(job.held_out_images) == plan.held_out
    assert job.output == Path("/runs/1/model")
    assert make_job(json.loads(job_to_json(job))) == job


@pytest.mark.parametrize(
    ("n", "held_out"), [(0, 0), (1, 0), (2, 0), (5, 0), (7, 0), (8, 3), (15, 3), (20, 4), (100, 20)]
)
def test_three_are_kept_for_judging_or_each_is_judged_in_its_turn(n: int, held_out: int) -> None:
    assert len(suggested_split([picture(number, 10 * number) for number in range(n)])) == held_out


def test_sparse_and_dense_pictures_are_both_judged() -> None:
    chosen = suggested_split([picture(number, 10 * number) for number in range(20)])
    cells = sorted(int(path.stem[1:]) * 10 for path in chosen)
    assert cells[0] < 60
    assert cells[-1] > 140


def test_equal_pictures_stay_on_one_side() -> None:
    others = [picture(number) for number in range(2, 10)]
    plan = examined(picture(0, content="same"), picture(1, content="same"), *others)
    one = DATA / "p00.tif"
    assert {DATA / "p00.tif", DATA / "p01.tif"} <= plan.hold_out(one, held_out=True).held_out
    assert not {DATA / "p00.tif", DATA / "p01.tif"} & plan.hold_out(one, held_out=False).held_out
    assert len({p.content for p in plan.usable if p.image in plan.held_out}) == 3


def test_pictures_that_cannot_be_used_are_never_chosen() -> None:
    plan = examined(picture(0), picture(1, usable=False), picture(2))
    assert DATA / "p01.tif" not in plan.held_out
    assert len(plan.usable) == 2


def test_adapting_needs_images_without_labels_and_comes_to_a_job() -> None:
    plan = replace(TrainingPlan(), goal="adapt", minutes=30.0, name="our microscope")
    assert "images without labels" in plan.problem_of_goal()
    plan = replace(plan, unlabelled=(Path("/data/many"),))
    assert plan.problem_of_goal() == ""
    job = job_of(plan, Path("/runs/1"))
    assert isinstance(job, AdaptJob)
    assert (job.inputs, job.recursive, job.minutes) == ((Path("/data/many"),), True, 30.0)
    assert (job.output, job.name) == (Path("/runs/1/model"), "our microscope")
    assert make_job(json.loads(job_to_json(job))) == job


def test_both_adapts_without_what_is_kept_for_judging_and_teaches_the_result() -> None:
    plan = replace(examined(*(picture(n) for n in range(15))), goal="both", unlabelled=(DATA,))
    job = job_of(plan, Path("/runs/2"))
    assert isinstance(job, AdaptThenTeachJob)
    assert set(job.adaptation.excluded) == plan.held_out == set(job.fine_tuning.held_out_images)
    assert job.fine_tuning.base_model == str(job.adaptation.output) == "/runs/2/adapted"
    assert job.output == Path("/runs/2/model")
    assert make_job(json.loads(job_to_json(job))) == job


def test_a_split_without_anything_to_teach_or_to_judge_is_refused() -> None:
    plan = examined(*(picture(n) for n in range(8)))
    everything = replace(plan, held_out=frozenset(DATA / f"p{n:02d}.tif" for n in range(8)))
    assert "to be taught" in everything.problem_of_split()
    assert "Keep at least one" in replace(plan, held_out=frozenset()).problem_of_split()


def test_a_single_picture_may_be_taught_and_is_said_to_prove_nothing() -> None:
    plan = examined(picture(0))
    assert plan.problem_of_split() == ""
    assert "nobody can say whether a model got better" in plan.sentence_of_split()
    assert job_of(plan, Path("/runs/1")).patience == 0


def test_few_cells_for_judging_are_said_to_be_few() -> None:
    assert "uncertain" in examined(*(picture(n, 5) for n in range(8))).sentence_of_split()
    few = replace(examined(*(picture(n, 50) for n in range(6))), held_out=frozenset({DATA / "p00.tif"}))
    assert "nobody can tell" in few.sentence_of_split()


def test_few_pictures_are_judged_in_turns_unless_some_are_ticked() -> None:
    plan = examined(*(picture(n, 50) for n in range(6)))
    assert (plan.problem_of_split(), plan.judges_in_turns) == ("", True)
    assert "Each of 6 images will be judged by a model that was not taught it" in plan.sentence_of_split()
    assert job_of(plan, Path("/runs/1")).validation_share is None
    assert not job_of(plan, Path("/runs/1")).held_out_images
    ticked = plan.hold_out(DATA / "p03.tif", held_out=True)
    assert not ticked.judges_in_turns
    assert job_of(ticked, Path("/runs/1")).held_out_images == (DATA / "p03.tif",)


def test_findings_are_taken_over_and_other_lines_are_not() -> None:
    finding = {"item": "Finding", "kind": "binary", "severity": "warns", "sentence": "a", "remedy": "b"}
    plan = TrainingPlan().with_line(json.dumps({**finding, "images": ["/a.tif"]}))
    assert plan.findings[0].images == (Path("/a.tif"),)
    for line in ("", "{", "[]", "3", '{"item": "Later"}', "downloading"):
        assert plan.with_line(line) == plan


def test_other_folders_forget_what_was_found() -> None:
    plan = examined(picture(0), picture(1)).with_folders([DATA / "other"])
    assert (plan.pictures, plan.held_out, plan.examined) == ((), frozenset(), False)


def test_looking_again_keeps_the_choice_of_a_person() -> None:
    plan = examined(*(picture(n) for n in range(6)))
    plan = replace(plan, held_out=frozenset({DATA / "p05.tif", DATA / "p04.tif"}))
    plan = plan.label_partly(DATA / "p00.tif", partly=True).with_folders([DATA])
    assert not plan.examined
    for n in range(5):
        plan = plan.with_line(line_of(picture(n)))
    plan = plan.with_line(json.dumps({"item": "ExaminationFinished"}))
    assert plan.held_out == {DATA / "p04.tif"}
    assert plan.partly_labelled == {DATA / "p00.tif"}


def test_presets_are_different_and_can_be_overruled() -> None:
    plan = examined(picture(0), picture(1))
    steps = [
        job.training.epochs * job.training.steps_per_epoch
        for name in ("fast", "balanced", "thorough")
        for job in [job_of(replace(plan, preset=name), Path("/r"))]
    ]
    assert steps == sorted(steps)
    assert len(set(steps)) == 3
    own = replace(plan, own=(("training.epochs", 3), ("augmentation.inversion", 0.5), ("crop_size", 64)))
    job = job_of(own, Path("/r"))
    assert (job.training.epochs, job.augmentation.inversion, job.crop_size) == (3, 0.5, 64)
    assert job.training.batch_size == PRESETS["balanced"].training.batch_size


def test_numbers_of_adapting_are_those_of_its_preset_unless_they_are_ones_own() -> None:
    plan = TrainingPlan(
        goal="adapt", unlabelled=(DATA,), own=(("adaptation.epochs", 2), ("adaptation.seed", 5))
    )
    job = job_of(plan, Path("/r"))
    assert (job.preset, job.adaptation.seed) == ("laptop", 5)
    assert job.adaptation.epochs == AdaptationSettings().epochs
    own = job_of(replace(plan, adapt_preset="own"), Path("/r"))
    assert (own.preset, own.adaptation.seed, own.adaptation.epochs) == ("own", 5, 2)
    assert job_of(replace(plan, adapt_preset="dinocell-paper"), Path("/r")).preset == "dinocell-paper"


def test_the_licence_goes_into_the_job() -> None:
    plan = replace(examined(picture(0), picture(1)), licence=" CC0 ", unlabelled=(DATA,))
    assert job_of(plan, Path("/r")).licence == "CC0"
    both = job_of(replace(plan, goal="both"), Path("/r"))
    assert both.adaptation.licence == both.fine_tuning.licence == "CC0"


def test_a_model_needs_a_name() -> None:
    assert replace(TrainingPlan(), name="  ").problem_of_settings()
    assert not replace(TrainingPlan(), name="T98G 10x").problem_of_settings()


def test_partly_labelled_pictures_are_named_in_the_job() -> None:
    plan = examined(picture(0), picture(1)).label_partly(DATA / "p00.tif", partly=True)
    assert job_of(plan, Path("/r")).partly_labelled_images == (DATA / "p00.tif",)
    assert not plan.label_partly(DATA / "p00.tif", partly=False).partly_labelled
