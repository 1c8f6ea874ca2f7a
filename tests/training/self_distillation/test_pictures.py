"""Pictures without labels: which are taken, which part of them, and in what order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile
import torch
from dinocell_training.self_distillation.multi_crop import ViewSizes
from dinocell_training.self_distillation.pictures import Picture, ViewDataset, densest_box, find_pictures

from dinocell_app.imaging.scan import LeftOut

SIZES = ViewSizes(large=32, small=16, n_small=1)


def _noise(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 4000, shape).astype(np.uint16)


def test_what_cannot_be_used_is_named_with_its_reason(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "good.tif", _noise((48, 64)))
    tifffile.imwrite(tmp_path / "good_masks.tif", _noise((48, 64)))
    tifffile.imwrite(tmp_path / "blank.tif", np.full((48, 64), 7, np.uint16))
    tifffile.imwrite(tmp_path / "tiny.tif", _noise((8, 8)))
    whole = (tmp_path / "good.tif").read_bytes()
    (tmp_path / "broken.tif").write_bytes(whole[: len(whole) // 2])
    found = list(find_pictures([tmp_path], recursive=False))
    pictures = [each for each in found if isinstance(each, Picture)]
    left_out = {each.path.name for each in found if isinstance(each, LeftOut)}
    assert [Path(picture.path).name for picture in pictures] == ["good.tif"]
    assert left_out >= {"blank.tif", "tiny.tif", "broken.tif"}


def test_masks_in_a_folder_of_their_own_are_no_pictures(tmp_path: Path) -> None:
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
        tifffile.imwrite(tmp_path / name / "a.tif", _noise((40, 40)))
    pictures = [each for each in find_pictures([tmp_path], recursive=True) if isinstance(each, Picture)]
    assert [Path(each.path).parent.name for each in pictures] == ["images"]


def test_channels_are_pictures_of_their_own_and_together(tmp_path: Path) -> None:
    stack = _noise((3, 40, 40))
    tifffile.imwrite(
        tmp_path / "a.ome.tif", stack, metadata={"axes": "CYX"}, photometric="minisblack", ome=True
    )
    pictures = [each for each in find_pictures([tmp_path], recursive=False) if isinstance(each, Picture)]
    assert [picture.channel for picture in pictures] == ["0", "1", "2", "mean"]
    assert not np.array_equal(pictures[0].read(), pictures[3].read())


def test_the_densest_part_has_the_most_detail() -> None:
    plane = np.zeros((300, 500), np.float32)
    plane[150:250, 330:430] = np.random.default_rng(0).random((100, 100))
    top, left, height, width = densest_box(plane, 128)
    assert (height, width) == (128, 128)
    assert top <= 160
    assert top + height >= 240
    assert left <= 340
    assert left + width >= 420
    assert densest_box(plane, 1024) == (0, 0, 300, 500)


def test_an_example_depends_on_its_number_and_the_seed(tmp_path: Path) -> None:
    for n in range(3):
        tifffile.imwrite(tmp_path / f"{n}.tif", _noise((40, 40), n))
    pictures = [each for each in find_pictures([tmp_path], recursive=False) if isinstance(each, Picture)]
    forwards, backwards = ViewDataset(pictures, SIZES, 5), ViewDataset(pictures, SIZES, 5)
    first = [forwards[n] for n in range(7)]
    second = [backwards[n] for n in reversed(range(7))][::-1]
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one[0], other[0])
        assert torch.equal(one[1], other[1])
    assert not torch.equal(first[0][0], ViewDataset(pictures, SIZES, 6)[0][0])
    assert not torch.equal(first[0][0], first[3][0])
