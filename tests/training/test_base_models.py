"""Fine-tuning starts from every kind of model, and from none, with either objective."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tifffile
import torch
from dinocell_training import starting_point
from dinocell_training.fine_tuning_job import fine_tune
from safetensors.torch import load_file
from scipy.ndimage import gaussian_filter

from dinocell_app.jobs.events import JobFinished
from dinocell_app.jobs.job_kinds import FineTuneJob
from dinocell_app.jobs.training_settings import AugmentationSettings, TrainingSettings
from dinocell_app.model.manifest import Manifest, read_manifest
from dinocell_app.model.model_folder import load_model, save_model
from dinocell_app.model.published_weights import published_manifest
from dinocell_app.model.segmenter import FLOW_CHANNELS, Segmenter, SegmenterConfig
from dinocell_app.segmentation.predictor import segment_image

PUBLISHED = SegmenterConfig("vit_small_patch14_reg4_dinov2", 8, 32, 56, 16, 2, (0,), FLOW_CHANNELS)
OURS = SegmenterConfig("vit_tiny_patch16_224", 8, 32, 32, 16, 2, (0,), FLOW_CHANNELS, detail_width=8)
DISTANCE = replace(OURS, channel_names=("distance",))


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for index in range(3):
        labels = np.zeros((48, 48), np.uint16)
        labels[4 + index : 16, 6:20], labels[26:40, 22 : 36 + index] = 1, 2
        image = gaussian_filter((labels > 0) * 200.0, 2).astype(np.uint8)
        tifffile.imwrite(folder / f"p{index}.tif", image)
        tifffile.imwrite(folder / f"p{index}_masks.tif", labels)
    return folder


def _base(kind, tmp_path):
    torch.manual_seed(0)
    folder = tmp_path / kind
    if kind == "published":
        save_model(Segmenter(PUBLISHED), published_manifest(PUBLISHED), folder, dtype=torch.float32)
    elif kind == "distance map":
        manifest = Manifest.for_network(DISTANCE, id="d", name="d", objective="distance_map")
        save_model(Segmenter(DISTANCE), manifest, folder)
    else:
        save_model(Segmenter(OURS), Manifest.for_network(OURS, id="o", name="o"), folder)
    return folder


def _taught(data, output, **fields):
    job = FineTuneJob(
        data=(data,),
        output=output,
        device="cpu",
        crop_size=32,
        augmentation=AugmentationSettings(geometric=False, diameter_range=(8, 16)),
        validation_share=0,
        training=TrainingSettings(
            epochs=1, steps_per_epoch=2, batch_size=2, warmup_epochs=0, learning_rate=1e-3
        ),
        **fields,
    )
    events = list(fine_tune(job, output.with_name(output.name + "-run"), lambda: False))
    assert isinstance(events[-1], JobFinished)
    assert events[-1].outputs == (str(output),)
    pixels = tifffile.imread(data / "p0.tif")
    assert segment_image(pixels, load_model(output)).labels.shape == pixels.shape
    return read_manifest(output)


@pytest.mark.parametrize("kind", ["ours", "published", "distance map"])
def test_a_model_and_then_the_model_made_of_it_are_taught(kind, data, tmp_path):
    base = _base(kind, tmp_path)
    first = _taught(data, tmp_path / "first", base_model=str(base))
    second = _taught(data, tmp_path / "second", base_model=str(tmp_path / "first"))
    original = read_manifest(base)
    for made in (first, second):
        for field in ("objective", "intensity_normalisation", "tile_overlap_px", "blend"):
            assert getattr(made, field) == getattr(original, field)
        assert original.licence in made.licence
        assert made.config == original.config
    assert len(second.lineage) == len(first.lineage) + 1 == len(original.lineage) + 2
    assert "first" in second.lineage[-1]
    weights = [load_file(folder / "weights.safetensors") for folder in (base, tmp_path / "second")]
    assert any(not torch.equal(weights[0][name].half(), tensor) for name, tensor in weights[1].items())


@pytest.mark.parametrize("objective", ["flows", "distance_map"])
def test_a_new_network_is_taught_either_objective(objective, data, tmp_path, monkeypatch):
    monkeypatch.setitem(starting_point.CONFIGS, "dinocell-s8", OURS)
    made = _taught(data, tmp_path / "new", base_model=None, objective=objective)
    assert made.objective == objective
    assert made.config.channel_names == (FLOW_CHANNELS if objective == "flows" else ("distance",))
    assert made.lineage == ()


@pytest.mark.parametrize(
    ("kind", "channel", "seen"),
    [
        ("ours", "colour", "rgb"),
        ("ours", "grey", "grey"),
        ("published", "colour", "grey"),
        (None, "colour", "rgb"),
    ],
)
def test_a_model_sees_the_colours_that_it_is_taught_with(kind, channel, seen, data, tmp_path, monkeypatch):
    monkeypatch.setitem(starting_point.CONFIGS, "dinocell-s8", OURS)
    base = None if kind is None else str(_base(kind, tmp_path))
    job = FineTuneJob(data=(data,), output=tmp_path / "m", base_model=base, channel=channel)
    assert starting_point.starting_point(job)[1].input_colour == seen


def test_what_is_taught_in_grey_sees_grey_whatever_its_base_saw(data, tmp_path):
    base = tmp_path / "coloured"
    save_model(Segmenter(OURS), Manifest.for_network(OURS, id="c", name="c", input_colour="rgb"), base)
    job = FineTuneJob(data=(data,), output=tmp_path / "m", base_model=str(base))
    assert starting_point.starting_point(job)[1].input_colour == "grey"
