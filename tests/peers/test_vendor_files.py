"""CZI, LIF and ND2 files beside their makers' or other people's readers: pixels, axes and scale.

CZI files are written and read by Zeiss's own library (`pylibCZIrw`), and read by `czifile`. LIF files are
laid out as Leica's software does, and read by `liffile`. ND2 files are read by `nd2`: one that Nikon's
software wrote, which the package `pims_nd2` carries, and some laid out in the same way.

    python -m venv .vendor-env
    .vendor-env/bin/python -m pip install ".[test]" pylibCZIrw czifile
    .vendor-env/bin/python -m pip install --no-deps pims_nd2
    .vendor-env/bin/python -m pytest -m peer tests/peers/test_vendor_files.py
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dinocell_app.imaging.planes import ChannelChoice, PlaneChoice, select_planes
from dinocell_app.imaging.reading import open_file, open_image
from tests.imaging.vendor_files.leica import LifPicture, write_lif
from tests.imaging.vendor_files.nikon import Nd2Picture, write_nd2

pytestmark = [pytest.mark.peer, pytest.mark.filterwarnings("ignore")]

CHANNELS = ("DAPI", "phase")
PIXEL_SIZE_UM = 0.325
PACKINGS = (
    "uncompressed:",
    "zstd0:ExplicitLevel=3",
    "zstd1:ExplicitLevel=3",
    "zstd1:ExplicitLevel=3;PreProcess=HiLoByteUnpack",
)


def pixels_of(*shape: int, dtype: str = "u2") -> NDArray[Any]:
    return np.random.default_rng(0).integers(0, 250, shape).astype(dtype)


def ours(path: Path, scene: int = 0) -> NDArray[Any]:
    """Every plane of an image (T, Z, C, Y, X)."""
    with open_image(path, scene=scene) as reader:
        m = reader.metadata
        channels = [
            [plane.pixels for plane in select_planes(reader, PlaneChoice(), ChannelChoice(c))]
            for c in range(m.n_channels)
        ]
        planes = np.stack(channels, 1)
        return planes.reshape(m.n_times, m.n_slices, m.n_channels, m.height, m.width)


@pytest.mark.parametrize("packing", PACKINGS)
def test_czi_files_of_zeiss_library(tmp_path: Path, packing: str) -> None:
    czi = pytest.importorskip("pylibCZIrw.czi", reason="needs pylibCZIrw, Zeiss's library")
    path, metre = tmp_path / "a.czi", PIXEL_SIZE_UM * 1e-6
    pixels = pixels_of(2, 3, 2, 40, 56)
    with czi.create_czi(str(path), compression_options=packing) as document:
        for t, z, c in np.ndindex(2, 3, 2):
            document.write(pixels[t, z, c][..., None], plane={"T": t, "Z": z, "C": c})
        document.write_metadata(
            "document", channel_names=dict(enumerate(CHANNELS)), scale_x=metre, scale_y=metre, scale_z=1e-6
        )
    np.testing.assert_array_equal(ours(path), pixels)
    with open_image(path) as reader:
        assert reader.metadata.channel_names == CHANNELS
        assert reader.metadata.pixel_size_um == pytest.approx(PIXEL_SIZE_UM)
        assert reader.metadata.z_step_um == pytest.approx(1)


@pytest.mark.parametrize("packing", PACKINGS)
def test_czi_scenes_and_tiles_as_zeiss_library_puts_them_together(tmp_path: Path, packing: str) -> None:
    czi = pytest.importorskip("pylibCZIrw.czi", reason="needs pylibCZIrw, Zeiss's library")
    path = tmp_path / "a.czi"
    tiles = pixels_of(3, 40, 56, 3, dtype="u1")
    places = (((0, 0), 0), ((50, 10), 0), ((300, 100), 1))
    with czi.create_czi(str(path), compression_options=packing) as document:
        for tile, (location, scene) in zip(tiles, places, strict=True):
            document.write(tile, plane={"C": 0}, scene=scene, location=location)
    with open_file(path) as file, czi.open_czi(str(path)) as theirs:
        assert len(file.scenes) == 2
        for scene in file.scenes:
            expected = theirs.read(scene=scene.index, plane={"C": 0})
            found = np.moveaxis(ours(path, scene.index)[0, 0], 0, -1)
            np.testing.assert_array_equal(found, expected[..., ::-1])


def test_czi_files_as_czifile_reads_them(tmp_path: Path) -> None:
    czifile = pytest.importorskip("czifile")
    czi = pytest.importorskip("pylibCZIrw.czi", reason="needs pylibCZIrw, Zeiss's library")
    path = tmp_path / "a.czi"
    pixels = pixels_of(2, 3, 40, 56)
    with czi.create_czi(str(path)) as document:
        for t, c in np.ndindex(2, 3):
            document.write(pixels[t, c][..., None], plane={"T": t, "C": c})
    theirs = np.squeeze(czifile.imread(str(path)))
    assert sorted(theirs.shape) == sorted(pixels.shape)
    # Which of T and C comes first depends on the version.
    theirs = theirs if theirs.shape[0] == 2 else np.swapaxes(theirs, 0, 1)
    np.testing.assert_array_equal(ours(path)[:, 0], theirs)


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_lif_files_as_liffile_reads_them(tmp_path: Path, dtype: str) -> None:
    liffile = pytest.importorskip("liffile")
    path = tmp_path / "a.lif"
    stack, single = pixels_of(2, 3, 2, 40, 56, dtype=dtype), pixels_of(1, 1, 1, 30, 20, dtype=dtype)
    write_lif(
        path,
        LifPicture("stack", stack, CHANNELS, PIXEL_SIZE_UM),
        LifPicture("single", single, CHANNELS[:1], PIXEL_SIZE_UM),
    )
    with liffile.LifFile(path) as file, open_file(path) as mine:
        assert [image.name for image in file.images] == [scene.name for scene in mine.scenes]
        for scene, image in enumerate(file.images):
            found = mine.metadata(scene)
            sizes = {"T": found.n_times, "Z": found.n_slices, "C": found.n_channels}
            assert {axis: image.sizes.get(axis, 1) for axis in "TZC"} == sizes
            np.testing.assert_array_equal(np.squeeze(ours(path, scene)), image.asarray())
            columns = image.coords["X"]
            assert found.pixel_size_um == pytest.approx((columns[1] - columns[0]) * 1e6)


def nd2_files(folder: Path) -> list[Path]:
    """Give some of ours, and the one that Nikon's software wrote, where it is there."""
    frames = pixels_of(3, 2, 2, 40, 56, 1)
    write_nd2(folder / "a.nd2", Nd2Picture(frames, "TZ", CHANNELS, PIXEL_SIZE_UM))
    write_nd2(folder / "packed.nd2", Nd2Picture(frames, "TZ", CHANNELS, PIXEL_SIZE_UM, is_packed=True))
    spec = find_spec("pims_nd2")
    places = (spec.submodule_search_locations or ()) if spec else ()
    real = [Path(place) / "cluster.nd2" for place in places]
    return [folder / "a.nd2", folder / "packed.nd2", *(path for path in real if path.is_file())]


def test_nd2_files_as_nd2_reads_them(tmp_path: Path) -> None:
    nd2 = pytest.importorskip("nd2")
    for path in nd2_files(tmp_path):
        with nd2.ND2File(path) as file, open_image(path) as reader:
            found = reader.metadata
            sizes = {"T": found.n_times, "Z": found.n_slices, "C": found.n_channels}
            assert {axis: file.sizes.get(axis, 1) for axis in "TZC"} == sizes
            assert found.pixel_size_um == pytest.approx(file.voxel_size().x)
            assert found.z_step_um == pytest.approx(file.voxel_size().z)
            assert found.channel_names == tuple(channel.channel.name for channel in file.metadata.channels)
            np.testing.assert_array_equal(np.squeeze(ours(path)), file.asarray())


def test_the_file_of_nikons_software_was_there() -> None:
    """Tell apart a run that saw a real file from one that did not."""
    if find_spec("pims_nd2") is None:
        pytest.skip("the package pims_nd2, which carries a real file, is not installed")
    spec = find_spec("pims_nd2")
    assert spec is not None
    assert any((Path(place) / "cluster.nd2").is_file() for place in spec.submodule_search_locations or ())
