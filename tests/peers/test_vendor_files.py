"""CZI and LIF files through the vendors' formats themselves, not through stand-ins.

CZI files are written by Zeiss's own library (`pylibCZIrw`), LIF files laid out as Leica's software does. What
aicsimageio asks for does not go with the environment of the other peers, so these tests have their own:

    python -m venv .vendor-env
    .vendor-env/bin/python -m pip install ".[czi,lif,test]" pylibCZIrw
    .vendor-env/bin/python -m pytest -m peer tests/peers/test_vendor_files.py
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.imaging.planes import ChannelChoice, PlaneChoice, select_planes
from dinocell_app.imaging.reading import open_image
from tests.peers.leica_file import write_lif

pytestmark = [pytest.mark.peer, pytest.mark.filterwarnings("ignore")]

CHANNELS = ("DAPI", "phase")
PIXEL_SIZE_UM = 0.325


def _pixels() -> NDArray[np.uint16]:
    return np.random.default_rng(0).integers(0, 4000, (2, 3, 2, 40, 56)).astype(np.uint16)


def _write_czi(path: Path) -> None:
    czi = pytest.importorskip("pylibCZIrw.czi", reason="needs pylibCZIrw, Zeiss's library")
    pytest.importorskip("aicspylibczi")
    metre = PIXEL_SIZE_UM * 1e-6
    with czi.create_czi(str(path)) as document:
        for (t, z, c), _ in np.ndenumerate(np.empty((2, 3, 2))):
            document.write(_pixels()[t, z, c][..., None], plane={"T": t, "Z": z, "C": c})
        document.write_metadata(
            "document", channel_names=dict(enumerate(CHANNELS)), scale_x=metre, scale_y=metre, scale_z=1e-6
        )


def _write_lif(path: Path) -> None:
    pytest.importorskip("readlif")
    write_lif(path, _pixels(), CHANNELS, PIXEL_SIZE_UM)


@pytest.fixture(params=[("a.czi", _write_czi), ("a.lif", _write_lif)], ids=["czi", "lif"])
def image(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    pytest.importorskip("aicsimageio")
    name, write = request.param
    path: Path = tmp_path / name
    writer: Callable[[Path], None] = write
    writer(path)
    return path


def test_axes_channels_and_pixel_size_come_from_the_file(image: Path) -> None:
    with open_image(image) as reader:
        found = reader.metadata
    assert (found.n_times, found.n_slices, found.n_channels, found.height, found.width) == (2, 3, 2, 40, 56)
    assert found.dtype == np.uint16
    assert found.pixel_size_um == pytest.approx(PIXEL_SIZE_UM)
    if image.suffix == ".czi":  # LIF names the look-up tables of channels
        assert found.channel_names == CHANNELS


def test_every_plane_holds_its_own_pixels(image: Path) -> None:
    with open_image(image) as reader:
        planes = list(select_planes(reader, PlaneChoice.parse("each"), ChannelChoice.parse("1")))
    assert [(plane.t, plane.z) for plane in planes] == [(t, z) for t in range(2) for z in range(3)]
    for plane in planes:
        np.testing.assert_array_equal(plane.pixels, _pixels()[plane.t, plane.z, 1])


def test_a_file_cut_short_is_named_in_one_sentence(image: Path) -> None:
    image.write_bytes(image.read_bytes()[:700])
    with pytest.raises(UnreadableFileError, match=image.name), open_image(image) as reader:
        list(select_planes(reader, PlaneChoice.parse("each"), ChannelChoice.parse("0")))
