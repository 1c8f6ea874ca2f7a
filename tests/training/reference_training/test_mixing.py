import numpy as np
from dinocell_training.reference_training.drawn_types import DrawnPicture
from dinocell_training.reference_training.mixing import paste_cells
from dinocell_training.reference_training.typed_crops import CropMaker, separated
from dinocell_training.reference_training.typed_pictures import TypedCells
from skimage.draw import disk

from dinocell_app.jobs.training_settings import AugmentationSettings


def _disks(centres, background, cell, size=96, radius=7):
    pixels = np.full((size, size), background, np.float32)
    labels = np.zeros((size, size), np.int32)
    for number, centre in enumerate(centres, start=1):
        place = disk(centre, radius, shape=labels.shape)
        pixels[place] = cell
        labels[place] = number
    return pixels, labels


def _mixed(seed=0, count=3):
    host = TypedCells(*_disks([(20, 20), (70, 70)], 10, 30), ("a", "a"))
    donor = TypedCells(*_disks([(30, 30), (60, 40), (8, 80)], 100, 60), ("b", "", "b"))
    return host, paste_cells(host, donor, count, np.random.default_rng(seed))


def test_whole_cells_of_known_type_are_pasted_where_there_is_room():
    for seed in range(5):
        host, mixed = _mixed(seed)
        # The second has no type and the third lies at the border.
        assert mixed.types == ("a", "a", "b")
        assert (mixed.labels[host.labels > 0] == host.labels[host.labels > 0]).all()
        assert (mixed.labels == 3).sum() == (host.labels == 1).sum()


def test_background_and_contrast_are_those_of_the_host_and_edges_are_smooth():
    host, mixed = _mixed()
    pasted = mixed.labels == 3
    # 40 darker than its background, at half the contrast: the host's cells differ by 20.
    assert np.abs(np.median(mixed.pixels[pasted]) - (10 - 20)) < 2
    changed = np.abs(mixed.pixels - host.pixels) > 1e-3
    rows, columns = np.nonzero(changed)
    assert (np.ptp(rows), np.ptp(columns)) < (30, 30)
    steps = np.abs(np.diff(mixed.pixels, axis=0))[:, :]
    assert steps.max() <= 20 + 1e-3
    assert (mixed.pixels[host.labels > 0] == host.pixels[host.labels > 0]).all()


def test_pieces_are_cells_of_their_own_and_crumbs_are_left_out():
    labels = np.zeros((40, 40), np.int32)
    labels[2:10, 2:10] = 2
    labels[20:30, 2:10] = 2
    labels[2:4, 20:23] = 1
    cells = separated(np.zeros((40, 40), np.float32), labels, ("crumb", "cell"))
    assert cells.types == ("cell", "cell")
    assert np.unique(cells.labels).tolist() == [0, 1, 2]


def test_the_same_number_gives_the_same_mixed_crop():
    pictures = [
        DrawnPicture(shape, "phase_contrast", seed, 160)
        for seed, shape in enumerate(("rod", "round", "spread"))
    ]
    maker = CropMaker(pictures, 96, "percentile", (12, 16), 5, AugmentationSettings())
    crops = [maker.make(number) for number in range(12)]
    again = maker.make(4)
    assert (again.pixels == crops[4].pixels).all()
    assert again.types == crops[4].types
    assert all(crop.pixels.shape == crop.labels.shape == (96, 96) for crop in crops)
    assert sum(len(set(crop.types)) > 1 for crop in crops) > 3
    assert all(int(crop.labels.max()) == len(crop.types) for crop in crops)
