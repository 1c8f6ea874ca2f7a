"""Cells are taught at the size at which the finished model is shown them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from dinocell_training.crops import median_diameter
from dinocell_training.fine_tuning_data import crops, read_data
from dinocell_training.starting_point import describe_data, typical_diameters
from dinocell_training.taught_scale import MARGIN, taught_diameters
from skimage.draw import disk
from skimage.measure import label, regionprops

from dinocell_app.jobs.job_kinds import FineTuneJob
from dinocell_app.jobs.training_settings import AugmentationSettings
from dinocell_app.model.manifest import Manifest, read_manifest
from dinocell_app.model.objectives import objective_by_name
from dinocell_app.segmentation.scale import TrainedScale

LARGE = 80.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two images of cells far larger than those a usual model is for."""
    for name in "ab":
        labels = np.zeros((400, 400), np.uint16)
        for number, centre in enumerate(((60, 60), (60, 200), (200, 60), (220, 220), (330, 120)), start=1):
            labels[disk(centre, LARGE / 2, shape=labels.shape)] = number
        pixels = (labels > 0) * np.uint8(90) + np.uint8(ord(name) % 7)
        tifffile.imwrite(tmp_path / f"{name}.tif", pixels.astype(np.uint8))
        tifffile.imwrite(tmp_path / f"{name}_masks.tif", labels)
    return tmp_path


def _job(folder: Path, **fields: object) -> FineTuneJob:
    return FineTuneJob(data=(folder,), output=folder / "model", validation_share=0, crop_size=192, **fields)


def _base(tiny_model: Path, low: float, high: float) -> Manifest:
    fields = {"cell_diameter_range_px": (low, high), "cell_diameter_px": (low * high) ** 0.5}
    return read_manifest(tiny_model).model_copy(update=fields)


def test_cells_reach_the_network_at_the_size_at_which_it_will_be_shown_them(folder, tiny_model):
    manifest = _base(tiny_model, 24, 36)
    job = _job(folder, augmentation=AugmentationSettings(geometric=False))
    examples = crops(job, read_data(job), objective_by_name("flows"), manifest).training
    sizes = []
    for index in range(24):
        # Cells that the crop does not cut: the target says cell in its third channel.
        for region in regionprops(label(examples[index][1][2].numpy() > 0.5)):
            top, left, bottom, right = region.bbox
            if min(top, left) > 0 and max(bottom, right) < 192:
                sizes.append(region.equivalent_diameter_area)
    shown = LARGE * TrainedScale(manifest.cell_diameter_px, *manifest.cell_diameter_range_px).factor(LARGE)
    assert len(sizes) > 20
    assert 24 / MARGIN - 1 <= min(sizes) <= shown <= max(sizes) <= 36 * MARGIN + 1


def test_the_manifest_says_what_was_taught_and_stays_for_the_sizes_of_its_base(folder, tiny_model):
    job, manifest = _job(folder), _base(tiny_model, 24, 36)
    data = read_data(job)
    described = describe_data(manifest, job, data, typical_diameters(data.training))
    assert described.cell_diameter_range_px == (24, 36)
    assert described.cell_diameter_px == manifest.cell_diameter_px
    assert described.training_data[-1].use == "fine-tuning, 2 images, cells brought to 19 to 45 px"


def test_what_a_person_chooses_is_taught_and_said(folder, tiny_model):
    job = _job(folder, augmentation=AugmentationSettings(diameter_range=(50, 90)))
    manifest = _base(tiny_model, 24, 36)
    assert taught_diameters(job, manifest) == (50, 90)
    described = describe_data(manifest, job, read_data(job), [LARGE])
    assert described.cell_diameter_range_px == (50, 90)
    assert "50 to 90 px" in described.training_data[-1].use


def test_images_that_are_shown_as_they_are_are_taught_as_they_are(folder, tiny_model):
    job, wide = _job(folder), _base(tiny_model, 1, 10_000)
    assert taught_diameters(job, wide) is None
    new = _job(folder, base_model=None)
    assert taught_diameters(new, _base(tiny_model, 24, 36)) is None
    data = read_data(job)
    assert median_diameter(data.training[0].read()[1]) == pytest.approx(LARGE, rel=0.02)
    assert "own scale" in describe_data(wide, job, data, [LARGE]).training_data[-1].use
