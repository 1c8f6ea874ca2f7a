"""The training loop: learns, resumes to the same curve, stops when asked, averages as it says."""

import copy
import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from dinocell_training.checkpoint import CHECKPOINT_NAME
from dinocell_training.crops import CropDataset, CropParameters, Source
from dinocell_training.fine_tuning import FineTuning, FineTuningData
from dinocell_training.training_loop import Share, batches_from, loader_processes
from skimage.draw import disk
from torch.utils.data import default_collate

from dinocell_app.base.errors import ModelError, UserFacingError
from dinocell_app.jobs.events import EpochFinished, JobFinished, JobStarted, StepFinished
from dinocell_app.jobs.training_settings import AugmentationSettings, TrainingSettings
from dinocell_app.model.flows import FlowsObjective
from dinocell_app.model.segmenter import FLOW_CHANNELS, Segmenter, SegmenterConfig

TINY = SegmenterConfig(
    backbone="vit_small_patch14_dinov2",
    patch_size=8,
    tile_size=32,
    input_size=32,
    decoder_width=16,
    n_upsamplings=2,
    feature_blocks=(0,),
    channel_names=FLOW_CHANNELS,
    detail_width=8,
    dropout=0.1,
)
PARAMETERS = TrainingSettings(
    epochs=3,
    steps_per_epoch=2,
    batch_size=2,
    learning_rate=1e-3,
    encoder_learning_rate=1e-4,
    warmup_epochs=1,
    average_decay=0.9,
    gradient_clip=1.0,
)


@dataclass(frozen=True)
class _Disks:
    seed: int

    def read(self):
        rng = np.random.default_rng(self.seed)
        labels = np.zeros((96, 96), np.int32)
        for i, centre in enumerate(rng.uniform(16, 80, (5, 2)), start=1):
            labels[disk(centre, 9)] = i
        return (labels > 0) * np.float32(100) + rng.normal(0, 5, labels.shape).astype(np.float32), labels

    def read_ignore_region(self, shape):
        return np.zeros(shape, bool)


def _dataset(**changes):
    parameters = CropParameters(size=32, seed=5, **changes)
    images = [_Disks(0), _Disks(1)]
    return CropDataset(
        [Source(images)], FlowsObjective(), parameters, AugmentationSettings(diameter_range=(12, 24))
    )


def _training(parameters=PARAMETERS, validation=None):
    torch.manual_seed(0)
    network = Segmenter(TINY)
    data = FineTuningData(_dataset(), validation)
    return FineTuning(network, FlowsObjective(), data, parameters, torch.device("cpu"))


def _losses(events):
    return [event.losses["total"] for event in events if isinstance(event, StepFinished)]


def test_a_run_tells_its_story_in_events(tmp_path):
    held_out = _dataset()
    held_out.length = 2
    events = list(_training(validation=held_out).run(tmp_path))
    assert events[0] == JobStarted("finetune", 6, 0, "cpu")
    assert sum(isinstance(event, StepFinished) for event in events) == 6
    epochs = [event for event in events if isinstance(event, EpochFinished)]
    assert [event.epoch for event in epochs] == [1, 2, 3]
    assert all(event.validation["total"] > 0 for event in epochs)
    assert isinstance(events[-1], JobFinished)
    assert not events[-1].stopped


def test_an_interrupted_run_resumes_to_the_same_losses_and_weights(tmp_path):
    whole = _training()
    expected = _losses(whole.run(tmp_path / "whole"))
    taken = 0

    def stop_after_three():
        return taken >= 3

    first, losses = _training(), []
    for event in first.run(tmp_path / "parts", stop_after_three):
        taken += isinstance(event, StepFinished)
        losses += _losses([event])
    second = _training()
    losses += _losses(second.run(tmp_path / "parts"))
    assert losses == expected
    for name, value in whole.result.state_dict().items():
        assert torch.equal(value, second.result.state_dict()[name]), name


def test_a_finished_run_does_nothing_when_started_again(tmp_path):
    list(_training().run(tmp_path))
    events = list(_training().run(tmp_path))
    assert events[0].finished == 6
    assert not _losses(events)


def changed(settings, **changes):
    return settings.model_copy(update=changes)


def test_the_loss_of_a_repeated_batch_falls(tmp_path):
    torch.manual_seed(0)
    network = Segmenter(replace(TINY, dropout=0.0, decoder_width=32, detail_width=16))
    example = [_dataset()[0]] * 200
    parameters = changed(PARAMETERS, epochs=1, steps_per_epoch=80, warmup_epochs=0, learning_rate=5e-3)
    training = FineTuning(network, FlowsObjective(), FineTuningData(example), parameters, torch.device("cpu"))
    losses = _losses(training.run(tmp_path))
    assert losses[-1] < 0.5 * losses[0]


def test_accumulated_halves_equal_a_whole_batch(tmp_path):
    """Weights of all pixels are 1, so the mean of two means is the mean of all."""
    plain = changed(
        PARAMETERS, epochs=1, steps_per_epoch=1, gradient_clip=0.0, average_decay=0.0, batch_size=4
    )
    networks = []
    for parameters in (plain, changed(plain, batch_size=2, accumulation=2)):
        torch.manual_seed(0)
        network = Segmenter(replace(TINY, dropout=0.0))
        training = FineTuning(
            network, FlowsObjective(), FineTuningData(_dataset()), parameters, torch.device("cpu")
        )
        list(training.run(tmp_path / str(parameters.accumulation)))
        networks.append(network.state_dict())
    for name, value in networks[0].items():
        torch.testing.assert_close(networks[1][name], value, atol=2e-4, rtol=0, msg=name)


def test_the_average_follows_the_weights(tmp_path):
    training = _training(changed(PARAMETERS, epochs=1, steps_per_epoch=1))
    before = copy.deepcopy(training.state.average.state_dict())
    list(training.run(tmp_path))
    decay = 2 / 11
    for name, mean in training.state.average.named_parameters():
        expected = before[name] * decay + training.state.network.state_dict()[name] * (1 - decay)
        torch.testing.assert_close(mean, expected, msg=name)


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    list(_training(changed(PARAMETERS, epochs=1)).run(tmp_path))
    network = Segmenter(replace(TINY, decoder_width=32))
    other = FineTuning(network, FlowsObjective(), FineTuningData(_dataset()), PARAMETERS, torch.device("cpu"))
    with pytest.raises(ModelError, match="does not belong to this training job"):
        next(other.run(tmp_path))


def test_checkpoints_hold_no_pickle(tmp_path):
    list(_training(changed(PARAMETERS, epochs=1)).run(tmp_path))
    content = (tmp_path / "checkpoints" / CHECKPOINT_NAME).read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert json.loads(header["__metadata__"]["progress"])["step"] == 2


def test_an_example_depends_on_its_index_alone():
    first, second = _dataset(), _dataset()
    for index in (7, 3, 7):
        for a, b in zip(first[index], second[index], strict=True):
            assert torch.equal(a, b)
    assert not torch.equal(first[3][0], first[7][0])


def test_targets_lie_on_the_cells_they_are_computed_for():
    tile, target, weight = _dataset()[0]
    assert tile.shape == (3, 32, 32)
    assert target.shape == (3, 32, 32)
    inside = target[2] > 0
    lengths = target[:2].norm(dim=0)
    assert inside.any()
    assert lengths[~inside].max() == 0
    assert lengths[inside].max() == pytest.approx(5, abs=1e-4)
    assert (weight == 1).all()


def test_unlabelled_pixels_of_partly_labelled_images_hardly_count():
    dataset = _dataset()
    dataset.sources = (replace(dataset.sources[0], fully_labelled=False),)
    _, target, weight = default_collate([dataset[i] for i in range(4)])
    assert (weight[target[:, 2] > 0] == 1).all()
    assert torch.allclose(weight[target[:, 2] == 0], torch.tensor(0.05))


def test_a_cut_cell_points_to_its_own_centre_beyond_the_crop():
    """Targets see a margin around the crop, so flows at the rim may lead outwards."""
    dataset = _dataset()
    outward = 0
    for index in range(30):
        _, target, _ = dataset[index]
        outward += int((target[0, 0] < -1).any())
    assert outward > 3


def _held_out(length=2):
    data = _dataset()
    data.length = length
    return data


def _with_scores(monkeypatch, scores):
    """A training whose epochs are scored as told."""
    given = iter(scores)
    monkeypatch.setattr(FineTuning, "validate", lambda training: {"total": next(given)})
    return _training(changed(PARAMETERS, epochs=len(scores), steps_per_epoch=1), _held_out())


def test_the_weights_of_the_best_epoch_are_kept(monkeypatch, tmp_path):
    training = _with_scores(monkeypatch, [3.0, 1.0, float("nan"), 2.0])
    weights = {}
    for event in training.run(tmp_path):
        if isinstance(event, EpochFinished):
            weights[event.epoch] = copy.deepcopy(training.result.state_dict())
    assert training.restore_best(tmp_path) == 2
    for name, value in training.result.state_dict().items():
        assert torch.equal(value, weights[2][name]), name
    changed = [n for n in weights[2] if not torch.equal(weights[2][n], weights[4][n])]
    assert changed


def test_training_ends_when_held_out_crops_do_not_get_better(monkeypatch, tmp_path):
    training = _with_scores(monkeypatch, [3.0, 1.0, 2.0, 1.5, 0.5, 0.4])
    events = list(training.run(tmp_path, patience=2))
    assert [event.epoch for event in events if isinstance(event, EpochFinished)] == [1, 2, 3, 4]
    assert "since epoch 2" in events[-2].message
    assert not events[-1].stopped
    again = list(_training(changed(PARAMETERS, epochs=6, steps_per_epoch=1)).run(tmp_path, patience=2))
    assert not _losses(again)


def test_a_validation_that_is_broken_off_is_made_up_for(tmp_path):
    asked = 0

    def stop_in_the_validation():
        nonlocal asked
        asked += 1
        return asked > 4  # before two steps and two of the three batches

    parameters = changed(PARAMETERS, epochs=1)
    first = list(_training(parameters, _held_out(5)).run(tmp_path, stop_in_the_validation))
    assert not [event for event in first if isinstance(event, EpochFinished)]
    assert first[-1].stopped
    second = list(_training(parameters, _held_out(5)).run(tmp_path))
    assert not _losses(second)
    (epoch,) = [event for event in second if isinstance(event, EpochFinished)]
    assert epoch.losses["total"] == pytest.approx(sum(_losses(first)) / 2)
    whole = list(_training(parameters, _held_out(5)).run(tmp_path / "whole"))
    assert epoch.validation == next(e for e in whole if isinstance(e, EpochFinished)).validation


def test_loader_processes_give_the_same_batches_in_the_same_order():
    plan = changed(PARAMETERS, epochs=1, steps_per_epoch=2)
    share = Share(0, 1, torch.device("cpu"))
    alone, helped = (
        list(batches_from(_dataset(), changed(plan, workers=workers), 0, share)) for workers in (0, 2)
    )
    assert len(alone) == len(helped) == 2
    for one, other in zip(alone, helped, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_loader_processes_help_a_gpu_unless_chosen(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 16)
    gpu, cpu = torch.device("cuda"), torch.device("cpu")
    assert loader_processes(None, gpu) == 4
    assert loader_processes(None, cpu) == 0
    assert loader_processes(0, gpu) == 0
    assert loader_processes(3, cpu) == 3
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert loader_processes(None, gpu) == 1
    monkeypatch.setattr("sys.frozen", True, raising=False)
    assert loader_processes(None, gpu) == 0


def test_too_little_memory_is_said_with_what_to_do(monkeypatch, tmp_path):
    def take_step(training):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")

    monkeypatch.setattr(FineTuning, "take_step", take_step)
    with pytest.raises(UserFacingError, match=r"does not suffice for 2 examples.*smaller batch"):
        list(_training().run(tmp_path))


def test_a_fault_in_a_step_is_not_taken_for_too_little_memory(monkeypatch, tmp_path):
    def take_step(training):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(FineTuning, "take_step", take_step)
    with pytest.raises(RuntimeError, match="shapes differ"):
        list(_training().run(tmp_path))


def test_an_encoder_that_is_to_stay_gets_no_gradients_and_the_rest_learns_as_before(tmp_path):
    plan = changed(PARAMETERS, encoder_learning_rate=0.0, gradient_clip=0.0, average_decay=0.0)
    still = _training(plan)
    before = copy.deepcopy(still.state.network.state_dict())
    list(still.run(tmp_path / "still"))
    assert all(p.grad is None for p in still.state.network.backbone.parameters())
    after = still.state.network.state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved
    assert not [name for name in moved if name.startswith("backbone.")]
    with_gradients = _training(changed(plan, encoder_learning_rate=1e-30))
    list(with_gradients.run(tmp_path / "gradients"))
    for name, value in with_gradients.state.network.state_dict().items():
        torch.testing.assert_close(after[name], value, msg=name)


def test_the_first_blocks_stay_as_they_are_and_later_ones_learn(tmp_path):
    torch.manual_seed(0)
    network = Segmenter(replace(TINY, feature_blocks=(2,)))
    plan = PARAMETERS.model_copy(update={"frozen_blocks": 2})
    training = FineTuning(network, FlowsObjective(), FineTuningData(_dataset()), plan, torch.device("cpu"))
    before = copy.deepcopy(training.state.network.backbone.state_dict())
    list(training.run(tmp_path))
    after = training.state.network.backbone.state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert any(name.startswith("blocks.2.") for name in moved)
    assert not [name for name in moved if not name.startswith(("blocks.2.", "norm."))]
