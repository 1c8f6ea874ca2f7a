"""`dinocell-app train finetune` from labelled folders to a model that segments."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from dinocell_training.candidates import Candidates
from dinocell_training.fine_tuning_choice import segmenting_base
from dinocell_training.fine_tuning_result import NOT_OFFERED_NAME
from dinocell_training.held_out import HeldOut
from dinocell_training.verdict import Verdict
from scipy.ndimage import distance_transform_edt
from scipy.ndimage import label as connected_components

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.files import write_json
from dinocell_app.cli import main
from dinocell_app.commands import train
from dinocell_app.commands.execution import events_of
from dinocell_app.commands.train import COMMAND, add_command
from dinocell_app.jobs.events import (
    EpochFinished,
    JobFinished,
    Notice,
    SamplePredicted,
    StepFinished,
    TilesPredicted,
)
from dinocell_app.jobs.job_files import read_job
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.jobs.training_presets import DEFAULT_PRESET, preset_fields
from dinocell_app.model.manifest import read_manifest
from dinocell_app.model.model_folder import load_model
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segment_image


@pytest.fixture
def data(tmp_path):
    """Four different pictures of two cells each, one of them with a binary mask."""
    folder = tmp_path / "data"
    folder.mkdir()
    for index in range(4):
        labels = np.zeros((48, 48), np.uint16)
        labels[4 + index : 16, 6:20] = 1
        labels[26:40, 22 : 36 + index] = 2
        depth = distance_transform_edt(labels > 0)
        pixels = 20 + index + 200 * depth / depth.max()
        tifffile.imwrite(folder / f"p{index}.tif", pixels.astype(np.uint8))
        tifffile.imwrite(folder / f"p{index}_masks.tif", labels if index else (labels > 0).astype(np.uint16))
    return folder


@pytest.fixture
def words(data, half_blind_model, tmp_path):
    small = [
        "--preset",
        "paper",
        "--epochs",
        "2",
        "--steps",
        "6",
        "--learning-rate",
        "0.02",
        "--inversion",
        "0",
        "--batch-size",
        "2",
        "--crop-size",
        "32",
        "--warmup-epochs",
        "0",
    ]
    base = [
        "--base-model",
        str(half_blind_model),
        "--device",
        "cpu",
        "--licence",
        "CC0",
        "--validation-share",
        "0.25",
    ]
    return ["train", "finetune", str(data), "-o", str(tmp_path / "mine"), *base, *small]


def test_a_folder_teaches_a_model(words, data, half_blind_model, tmp_path, capsys):
    assert main(words) == 0
    assert str(tmp_path / "mine") in capsys.readouterr().out
    manifest = read_manifest(tmp_path / "mine")
    assert manifest.id == "mine"
    assert manifest.lineage == (f"half-blind (sha256 {read_manifest(half_blind_model).sha256[:12]})",)
    assert [(each.name, each.licence, each.use) for each in manifest.training_data] == [
        (f"{tmp_path.name}/data", "CC0", "fine-tuning, 3 images, at their own scale")
    ]
    assert manifest.licence == "base model: not stated; images taught: CC0"
    assert {score.metric for score in manifest.scores} == {"ap_0.5", "ap_0.75", "seg", "det", "mma"}
    assert "job.json" in (tmp_path / "mine" / "card.md").read_text()
    run = RunFolder(tmp_path / "mine-run")
    kinds = [type(event) for event in run.events()]
    assert kinds.count(StepFinished) == 12
    epochs = [event for event in run.events() if isinstance(event, EpochFinished)]
    assert [event.epoch for event in epochs] == [0, 1, 2]
    assert epochs[0].validation["ap_0.5"] < epochs[2].validation["ap_0.5"] == 1
    assert kinds[-1] is JobFinished
    samples = [event for event in run.events() if isinstance(event, SamplePredicted)]
    assert [event.epoch for event in samples] == [0, 1, 2]
    assert all((run.path / event.picture).is_file() for event in samples)
    held_out = json.loads((tmp_path / "mine" / "held_out.json").read_text())["pictures"]
    assert samples[0].image in held_out[0]["path"]
    verdict = Verdict.read(run.path)
    assert verdict is not None
    assert Verdict.read(tmp_path / "mine") == verdict
    assert [image.path for image in verdict.images] == [held_out[0]["path"]]
    assert (run.path / verdict.images[0].new_labels).is_file()
    assert (tmp_path / "mine" / verdict.images[0].new_picture).is_file()
    assert verdict.sentence in (tmp_path / "mine" / "card.md").read_text()
    assert any(isinstance(event, Notice) and event.message == verdict.sentence for event in run.events())
    segment = [
        "segment",
        str(data / "p1.tif"),
        "-o",
        str(tmp_path / "out"),
        "--model",
        str(tmp_path / "mine"),
    ]
    assert main([*segment, "--device", "cpu"]) == 0


def test_what_is_made_of_an_adapted_model_is_judged_against_the_one_before(
    words, half_blind_model, tmp_path, monkeypatch
):
    adapted, manifest = tmp_path / "adapted", read_manifest(half_blind_model)
    shutil.copytree(half_blind_model, adapted)
    lineage = (f"{manifest.id} (sha256 {manifest.sha256[:12]})",)
    changed = manifest.model_copy(update={"id": "adapted", "lineage": lineage, "needs_teaching": True})
    write_json(adapted / "manifest.json", changed.model_dump(mode="json"))
    monkeypatch.setenv("DINOCELL_APP_MODELS", str(tmp_path / "models"))
    assert segmenting_base(half_blind_model) == half_blind_model
    assert segmenting_base(adapted) is None
    shutil.copytree(half_blind_model, tmp_path / "models" / manifest.id)
    assert segmenting_base(adapted) == tmp_path / "models" / manifest.id
    words[words.index("--base-model") + 1] = str(adapted)
    assert main(words) == 0
    assert not read_manifest(tmp_path / "mine").needs_teaching
    assert Verdict.read(tmp_path / "mine") is not None


@pytest.mark.parametrize("preset", ["fast", "balanced", "paper", None])
def test_a_preset_says_how_thoroughly(data, tmp_path, preset):
    words = ["train", "finetune", str(data), "-o", str(tmp_path / "m"), "--batch-size", "3"]
    chosen = ["--preset", preset] if preset else []
    written = tmp_path / "job.json"
    parser = argparse.ArgumentParser()
    add_command(parser.add_subparsers())
    arguments = parser.parse_args([*words, *chosen, "--save-job", str(written)])
    job = COMMAND.job(arguments, train.chosen_preset(arguments))
    expected = preset_fields(preset or DEFAULT_PRESET)
    assert job.training.batch_size == 3
    assert job.training == job.training.model_copy(update={**expected.get("training", {}), "batch_size": 3})
    assert job.crop_size == expected.get("crop_size", 256)
    again = parser.parse_args(["train", "finetune", "--job", str(written), "--epochs", "2"])
    told = COMMAND.job(again, train.chosen_preset(again))
    assert told.training == job.training.model_copy(update={"epochs": 2})


def test_a_model_is_not_replaced_unasked(words, tiny_model, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "manifest.json").write_text("{}")
    assert main(words) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert json.loads((tmp_path / "mine" / "manifest.json").read_text()) == {}


def test_a_stopped_training_goes_on(words, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "STOP").touch()
    assert main([*words, "--run-folder", str(run)]) == 130
    assert not (tmp_path / "mine").exists()
    assert main([*words, "--run-folder", str(run)]) == 0
    steps = [event.step for event in RunFolder(run).events() if isinstance(event, StepFinished)]
    assert steps == list(range(1, 13))


def test_a_folder_without_labels_is_explained(words, data, capsys):
    for path in data.glob("*_masks.tif"):
        path.unlink()
    assert main(words) == 2
    assert "_masks" in capsys.readouterr().err


def _stop_after(folder, steps, job):
    """Do a job and ask it to stop after so many steps, as the window does."""
    taken = 0
    stop = folder.path / "STOP"

    def events():
        nonlocal taken
        for event in folder.record(events_of(job, folder.should_stop, folder.path)):
            if isinstance(event, StepFinished):
                taken += 1
                if taken == steps:
                    stop.touch()
            yield event

    return list(events())


def test_stopped_after_an_epoch_it_makes_a_model_of_the_best_and_can_go_on(words, tmp_path):
    assert main([*words, "--save-job", str(tmp_path / "job.json"), "--run-folder", str(tmp_path / "no")]) == 0
    job = read_job(tmp_path / "job.json").model_copy(update={"output": tmp_path / "stopped"})
    folder = RunFolder.create(tmp_path / "run", job)
    last = _stop_after(folder, 9, job)[-1]
    assert last.stopped
    assert last.outputs == (str(tmp_path / "stopped"),)
    assert not folder.stop_path.exists()
    early = read_manifest(tmp_path / "stopped")
    assert early.scores
    assert not folder.finished()
    again = list(folder.record(events_of(job, folder.should_stop, folder.path)))
    assert [event.step for event in again if isinstance(event, StepFinished)] == [10, 11, 12]
    assert not again[-1].stopped
    other = job.model_copy(update={"name": "other"})
    with pytest.raises(InvalidParameterError, match="a model is there already"):
        list(events_of(other, lambda: False, tmp_path / "other-run"))


def test_asked_again_it_does_not_wait_for_the_scores_and_makes_them_when_it_goes_on(words, tmp_path):
    assert main([*words, "--save-job", str(tmp_path / "job.json"), "--run-folder", str(tmp_path / "no")]) == 0
    job = read_job(tmp_path / "job.json").model_copy(update={"output": tmp_path / "made"})
    folder = RunFolder.create(tmp_path / "run", job)
    events, asked = [], False
    for event in folder.record(events_of(job, folder.should_stop, folder.path)):
        events.append(event)
        if isinstance(event, TilesPredicted) and not asked:
            folder.stop_path.touch()
            asked = True
    assert events[-1].stopped
    assert events[-1].outputs == (str(tmp_path / "made"),)
    assert "without scores" in events[-2].message
    assert not read_manifest(tmp_path / "made").scores
    again = list(folder.record(events_of(job, folder.should_stop, folder.path)))
    assert not any(isinstance(event, StepFinished) for event in again)
    assert not again[-1].stopped
    assert read_manifest(tmp_path / "made").scores
    assert Verdict.read(tmp_path / "made") is not None


def test_a_model_made_from_a_model_is_scored_on_the_same_pictures(words, data, tmp_path):
    assert main(words) == 0
    first = json.loads((tmp_path / "mine" / "held_out.json").read_text())
    assert first == json.loads((tmp_path / "mine-run" / "held_out.json").read_text())
    second = [str(tmp_path / "mine") if word.endswith("half-blind") else word for word in words]
    assert second != words
    second[second.index("-o") + 1] = str(tmp_path / "second")
    assert main([*second, "--seed", "5"]) == 0
    # The base is perfect on its single image by now, so that what comes of it is not offered.
    again = json.loads((tmp_path / "second-run" / NOT_OFFERED_NAME / "held_out.json").read_text())
    assert again["pictures"] == first["pictures"]
    assert again["inherited"] == [picture["content"] for picture in first["pictures"]]


def _perfect_base_words(words, tiny_model):
    """Teach the model that finds everything already, with images enough for a verdict."""
    words = [str(tiny_model) if word.endswith("half-blind") else word for word in words]
    words[words.index("--validation-share") + 1] = "0.75"
    return words


def test_a_base_that_is_best_is_kept_and_no_model_is_offered(words, tiny_model, tmp_path, capsys):
    assert main(_perfect_base_words(words, tiny_model)) == 0
    said = capsys.readouterr()
    assert "No model was made that beats" in said.out
    assert "Keep the base model. On 3 held-out images" in said.err
    assert not (tmp_path / "mine").exists()
    run = RunFolder(tmp_path / "mine-run")
    *_, last = run.events()
    assert isinstance(last, JobFinished)
    assert last.outputs == ()
    assert run.finished()
    verdict = Verdict.read(run.path)
    assert verdict.keep_base
    assert verdict.outcome == "not better"
    assert verdict.new_score <= verdict.base_score == 1
    kept = run.path / NOT_OFFERED_NAME
    assert load_model(kept).manifest.id == "mine"
    assert verdict.sentence in (kept / "card.md").read_text()
    candidates = Candidates(run.path / "checkpoints")
    assert candidates.best_of(1).is_base
    assert candidates.best_of(2).is_base


def test_what_is_not_offered_replaces_nothing(words, tiny_model, half_blind_model, tmp_path):
    shutil.copytree(half_blind_model, tmp_path / "mine")
    before = (tmp_path / "mine" / "manifest.json").read_bytes()
    assert main([*_perfect_base_words(words, tiny_model), "--overwrite"]) == 0
    assert (tmp_path / "mine" / "manifest.json").read_bytes() == before
    assert load_model(tmp_path / "mine").manifest.id == "half-blind"


def test_what_is_offered_is_better_as_an_independent_look_finds_too(words, data, half_blind_model, tmp_path):
    words[words.index("--validation-share") + 1] = "0.75"
    assert main(words) == 0
    verdict = Verdict.read(tmp_path / "mine")
    assert not verdict.keep_base
    # The saved models segment the files anew, and another implementation matches the cells.
    means = {}
    for name, model in (("base", half_blind_model), ("new", tmp_path / "mine")):
        scores = []
        for image in verdict.images:
            path = data / image.path.rsplit("/", 1)[-1]
            labels, _ = connected_components(tifffile.imread(path.with_name(f"{path.stem}_masks.tif")) > 0)
            found = segment_image(tifffile.imread(path), load_model(model), SegmentationParameters()).labels
            overlap = np.array(
                [[_iou(found == f, labels == t) for t in _ids(labels)] for f in _ids(found)]
            ).reshape(len(_ids(found)), len(_ids(labels)))
            hits = int((overlap > 0.5).sum())
            scores.append(hits / (len(_ids(found)) + len(_ids(labels)) - hits))
        means[name] = np.mean(scores)
    assert means["new"] > means["base"]
    assert verdict.base_score == pytest.approx(means["base"])
    assert verdict.new_score == pytest.approx(means["new"])
    assert verdict.difference == pytest.approx(means["new"] - means["base"] - verdict.optimism)


def _ids(labels):
    return np.unique(labels[labels > 0])


def _iou(one, other):
    return (one & other).sum() / (one | other).sum()


def test_the_run_folder_of_the_shell_is_imported(words, tiny_model, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DINOCELL_APP_MODELS", str(tmp_path / "models"))
    assert main(words) == 0
    assert main(["models", "import", str(tmp_path / "mine-run"), "--name", "our cells"]) == 0
    imported = read_manifest(tmp_path / "models" / "our-cells")
    assert imported.name == "our cells"
    assert imported.sha256 == read_manifest(tmp_path / "mine").sha256
    shutil.rmtree(tmp_path / "mine")
    assert main(["models", "import", str(tmp_path / "mine-run")]) == 2
    assert "made no model" in capsys.readouterr().err


def _in_turns(words):
    at = words.index("--validation-share")
    return [*words[:at], *words[at + 2 :]]


def test_few_images_are_each_judged_by_a_model_that_was_not_taught_them(words, data, tmp_path):
    assert main(_in_turns(words)) == 0
    run = RunFolder(tmp_path / "mine-run")
    verdict = Verdict.read(tmp_path / "mine")
    assert not verdict.keep_base
    assert sorted(Path(image.path).name for image in verdict.images) == [f"p{n}.tif" for n in range(4)]
    manifest = read_manifest(tmp_path / "mine")
    assert "4 images" in manifest.training_data[-1].use
    assert {score.split for score in manifest.scores} == {"judged in turns"}
    scores = {score.metric: score.value for score in manifest.scores}
    assert scores["ap_0.5"] == pytest.approx(verdict.new_score)
    events = list(run.events())
    assert [event.step for event in events if isinstance(event, StepFinished)] == list(range(1, 49))
    assert {event.total for event in events if isinstance(event, StepFinished)} == {48}
    assert [event.epoch for event in events if isinstance(event, EpochFinished)] == list(range(1, 9))
    kept = HeldOut.read(tmp_path / "mine")
    assert not kept.contents
    assert len(kept.taught) == 4
    # Who judges was taught the others: a turn's own record of its parts says so.
    for turn, group in enumerate(kept.turns, start=1):
        candidates = Candidates(run.path / "turns" / str(turn) / "checkpoints")
        assert len(candidates.best_of(2).scores) == len(group)


def test_judging_in_turns_stops_and_goes_on_where_it_was(words, tmp_path):
    assert main([*_in_turns(words), "--save-job", str(tmp_path / "job.json")]) == 0
    job = read_job(tmp_path / "job.json").model_copy(update={"output": tmp_path / "parts"})
    folder = RunFolder.create(tmp_path / "run", job)
    last = _stop_after(folder, 17, job)[-1]
    assert last.stopped
    assert last.outputs == ()
    last = _stop_after(folder, 25, job)[-1]  # in the model that is taught with all
    assert last.stopped
    assert last.outputs == ()
    assert Verdict.read(folder.path) is not None
    again = list(folder.record(events_of(job, folder.should_stop, folder.path)))
    assert again[-1].outputs == (str(tmp_path / "parts"),)
    whole, parts = (load_model(tmp_path / name).network.state_dict() for name in ("mine", "parts"))
    for name, value in whole.items():
        assert torch.equal(value, parts[name]), name


def test_a_base_that_is_best_in_turns_is_kept_before_a_model_is_taught_with_all(words, tiny_model, tmp_path):
    words = [str(tiny_model) if word.endswith("half-blind") else word for word in _in_turns(words)]
    assert main(words) == 0
    run = RunFolder(tmp_path / "mine-run")
    assert Verdict.read(run.path).keep_base
    assert not (tmp_path / "mine").exists()
    assert load_model(run.path / NOT_OFFERED_NAME).manifest.id == "mine"
    assert max(event.step for event in run.events() if isinstance(event, StepFinished)) == 36
    assert run.finished()


def test_a_training_whose_weights_run_away_is_ended_with_advice(words, tmp_path, capsys):
    assert main([*words, "--learning-rate", "1e30"]) == 2
    said = capsys.readouterr().err
    assert "loss" in said
    assert "1e+29" in said
    assert not (tmp_path / "mine").exists()


def test_cells_larger_than_the_crops_are_refused_before_the_first_step(words, tmp_path, capsys):
    words[words.index("--crop-size") + 1] = "32"
    assert main([*words, "--diameter-range", "20,60"]) == 2
    assert "larger crops" in capsys.readouterr().err
    assert not (tmp_path / "mine-run" / "checkpoints").exists()


def test_a_pause_holds_the_training_within_a_step(words, tmp_path, monkeypatch):
    assert main([*words, "--save-job", str(tmp_path / "job.json"), "--run-folder", str(tmp_path / "no")]) == 0
    job = read_job(tmp_path / "job.json").model_copy(update={"output": tmp_path / "paused"})
    folder = RunFolder.create(tmp_path / "run", job)
    steps, steps_at_polls = 0, []

    def wait(seconds):
        steps_at_polls.append(steps)
        if len(steps_at_polls) == 3:
            folder.pause_path.unlink()

    monkeypatch.setattr("dinocell_app.jobs.run_folder.time.sleep", wait)
    for event in events_of(job, folder.should_stop, folder.path):
        if isinstance(event, StepFinished):
            steps = event.step
            if steps == 1:
                folder.pause_path.touch()
    assert steps == 12
    assert steps_at_polls == [1, 1, 1]
