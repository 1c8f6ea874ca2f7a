import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.imaging.reading import open_file, open_image


class Dimensions(dict[str, tuple[int]]):
    def __init__(self, order: str, shape: tuple[int, ...]) -> None:
        super().__init__({axis: (length,) for axis, length in zip(order, shape, strict=True)})
        self.order = order
        for axis, length in zip(order, shape, strict=True):
            setattr(self, axis, length)


class FakeImage:
    """What the adapter needs of aicsimageio.AICSImage, over an array."""

    order = "TCZYX"
    pixels = np.arange(2 * 3 * 4 * 5 * 6, dtype=">u2").reshape(2, 3, 4, 5, 6)
    channel_names: tuple[str, ...] = ("DAPI", "GFP", "phase")
    sizes: tuple[float | None, float | None] = (0.325, 0.325)
    scenes: tuple[str, ...] = ("Scene 0",)

    def __init__(self, path: Path) -> None:
        self.requests: list[dict[str, int]] = []
        self.dims = Dimensions(self.order, self.pixels.shape)
        self.dtype = self.pixels.dtype
        self.physical_pixel_sizes = SimpleNamespace(Z=None, Y=self.sizes[0], X=self.sizes[1])

    def get_image_dask_data(self, order: str, **index: int) -> Any:
        assert order == "YX"
        picked = self.pixels[tuple(index.get(axis, slice(None)) for axis in self.order)]
        return SimpleNamespace(compute=lambda: picked)

    def set_scene(self, scene: int) -> None:
        self.scene = scene


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[[type], None]:
    def install_fake(image: type) -> None:
        fake = ModuleType("aicsimageio")
        fake.AICSImage = image  # type: ignore[attr-defined]
        fake.__spec__ = ModuleSpec("aicsimageio", None)
        monkeypatch.setitem(sys.modules, "aicsimageio", fake)

    return install_fake


@pytest.fixture
def other_file(tmp_path: Path) -> Path:
    path = tmp_path / "x.dv"
    path.write_bytes(b"no format of ours" + bytes(60))
    return path


def test_planes_names_and_scale(other_file: Path, install: Callable[[type], None]) -> None:
    install(FakeImage)
    with open_image(other_file) as reader:
        m = reader.metadata
        assert (m.n_times, m.n_slices, m.n_channels, m.height, m.width) == (2, 4, 3, 5, 6)
        assert m.channel_names == ("DAPI", "GFP", "phase")
        assert m.pixel_size_um == 0.325
        assert not m.is_rgb
        for t, c, z in np.ndindex(2, 3, 4):
            plane = reader.read_plane(t, z, c)
            np.testing.assert_array_equal(plane, FakeImage.pixels[t, c, z])
            assert plane.dtype == m.dtype
            assert plane.dtype.isnative


@pytest.mark.parametrize("n_samples", [3, 4])
def test_colours_are_channels(other_file: Path, install: Callable[[type], None], n_samples: int) -> None:
    class Colours(FakeImage):
        order = "TCZYXS"
        pixels = np.arange(5 * 6 * n_samples, dtype=np.uint8).reshape(1, 1, 1, 5, 6, n_samples)

    install(Colours)
    with open_image(other_file) as reader:
        assert reader.metadata.is_rgb
        for c in range(3):
            np.testing.assert_array_equal(reader.read_plane(0, 0, c), Colours.pixels[0, 0, 0, ..., c])


def test_every_scene_is_an_image_and_may_lack_scale_and_names(
    other_file: Path, install: Callable[[type], None]
) -> None:
    class Bare(FakeImage):
        channel_names = ()
        sizes = (None, None)
        scenes = ("one", "two")

        def get_image_dask_data(self, order: str, **index: int) -> Any:
            planes = super().get_image_dask_data(order, **index)
            return SimpleNamespace(compute=lambda: planes.compute() + 1000 * self.scene)

    install(Bare)
    with open_file(other_file) as file:
        assert [scene.name for scene in file.scenes] == ["one", "two"]
        first, second = file.image(0), file.image(1)
        assert first.metadata.pixel_size_um is None
        assert first.metadata.channel_names == ("ch1", "ch2", "ch3")
        np.testing.assert_array_equal(second.read_plane(1, 2, 0), FakeImage.pixels[1, 0, 2] + 1000)
        np.testing.assert_array_equal(first.read_plane(1, 2, 0), FakeImage.pixels[1, 0, 2])


def test_what_the_package_raises_becomes_one_sentence(
    other_file: Path, install: Callable[[type], None]
) -> None:
    class Broken(FakeImage):
        def __init__(self, path: Path) -> None:
            raise RuntimeError("index out of range")

    install(Broken)
    with pytest.raises(UnreadableFileError, match="index out of range"):
        open_image(other_file)


def test_without_the_package_the_formats_that_are_read_are_named(
    other_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "aicsimageio", None)
    with pytest.raises(UnreadableFileError, match=r"no image of a known format.*TIFF.*CZI, LIF, ND2"):
        open_image(other_file)


def test_files_of_known_formats_are_not_handed_to_it(tmp_path: Path, install: Callable[[type], None]) -> None:
    class Eager(FakeImage):
        def __init__(self, path: Path) -> None:
            raise AssertionError("asked")

    install(Eager)
    (tmp_path / "x.tif").write_bytes(b"no TIFF at all, by its first bytes")
    with pytest.raises(UnreadableFileError, match="is no TIFF file"):
        open_image(tmp_path / "x.tif")
