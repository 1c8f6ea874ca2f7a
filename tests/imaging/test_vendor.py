import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dinocell_app.base.errors import MissingDependencyError, UnreadableFileError
from dinocell_app.imaging.reading import open_image

FIRST_BYTES = {"czi": b"ZISRAWFILE", "lif": b"\x70\x00\x00\x00", "nd2": b"\xda\xce\xbe\x0a"}
MODULE = {"czi": "aicspylibczi", "lif": "readlif", "nd2": "nd2"}


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


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def install_fake(image: type, *modules: str) -> None:
        fake = ModuleType("aicsimageio")
        fake.AICSImage = image  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "aicsimageio", fake)
        for name in modules:
            monkeypatch.setitem(sys.modules, name, ModuleType(name))

    return install_fake


def vendor_file(folder: Path, suffix: str) -> Path:
    path = folder / f"x.{suffix}"
    path.write_bytes(FIRST_BYTES[suffix] + bytes(60))
    return path


@pytest.mark.parametrize("suffix", FIRST_BYTES)
def test_planes_names_and_scale(tmp_path: Path, install: Callable[..., None], suffix: str) -> None:
    install(FakeImage, MODULE[suffix])
    with open_image(vendor_file(tmp_path, suffix)) as reader:
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
def test_colours_are_channels(tmp_path: Path, install: Callable[..., None], n_samples: int) -> None:
    class Colours(FakeImage):
        order = "TCZYXS"
        pixels = np.arange(5 * 6 * n_samples, dtype=np.uint8).reshape(1, 1, 1, 5, 6, n_samples)

    install(Colours, "aicspylibczi")
    with open_image(vendor_file(tmp_path, "czi")) as reader:
        assert reader.metadata.is_rgb
        for c in range(3):
            np.testing.assert_array_equal(reader.read_plane(0, 0, c), Colours.pixels[0, 0, 0, ..., c])


def test_no_scale_and_no_names(tmp_path: Path, install: Callable[..., None], caplog: Any) -> None:
    class Bare(FakeImage):
        channel_names = ()
        sizes = (None, None)
        scenes = ("one", "two")

    install(Bare, "readlif")
    with open_image(vendor_file(tmp_path, "lif")) as reader:
        assert reader.metadata.pixel_size_um is None
        assert reader.metadata.channel_names == ("channel_0", "channel_1", "channel_2")
    assert "2 scenes" in caplog.text


def test_what_the_package_raises_becomes_one_sentence(tmp_path: Path, install: Callable[..., None]) -> None:
    class Broken(FakeImage):
        def __init__(self, path: Path) -> None:
            raise RuntimeError("libCZI: index out of range")

    install(Broken, "aicspylibczi")
    with pytest.raises(UnreadableFileError, match="libCZI"):
        open_image(vendor_file(tmp_path, "czi"))


@pytest.mark.parametrize("absent", ["aicsimageio", "reader"])
@pytest.mark.parametrize("suffix", FIRST_BYTES)
def test_a_missing_package_is_named_with_its_extra(
    tmp_path: Path, install: Callable[..., None], monkeypatch: pytest.MonkeyPatch, suffix: str, absent: str
) -> None:
    install(FakeImage, MODULE[suffix])
    monkeypatch.setitem(sys.modules, MODULE[suffix] if absent == "reader" else absent, None)
    with pytest.raises(MissingDependencyError) as caught:
        open_image(vendor_file(tmp_path, suffix))
    assert f'pip install "dinocell-app[{suffix}]"' in str(caught.value)


def test_tiff_and_png_do_not_import_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tifffile

    monkeypatch.setitem(sys.modules, "aicsimageio", None)
    tifffile.imwrite(tmp_path / "x.tif", np.zeros((3, 4), np.uint8))
    with open_image(tmp_path / "x.tif") as reader:
        assert reader.read_plane().shape == (3, 4)
