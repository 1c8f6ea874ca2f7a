from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dinocell_app.base.errors import MissingDependencyError, UnreadableFileError
from dinocell_app.imaging.reading import open_image, read_metadata

ZARR_3 = int(zarr.__version__.split(".")[0]) >= 3


def write_image(path: Path, pixels: np.ndarray, axes: str, *, version: str = "0.4", **scale: Any) -> None:
    """A multiscale image as the NGFF specification describes it."""
    kinds = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
    unit = scale.get("unit")
    image = {
        "axes": [
            {"name": axis, "type": kinds.get(axis, "space")}
            | ({"unit": unit} if unit and kinds.get(axis) == "space" else {})
            for axis in axes
        ],
        "datasets": [
            {
                "path": "0",
                "coordinateTransformations": [
                    {"type": "scale", "scale": scale.get("scale", [1.0] * len(axes))}
                ],
            }
        ],
    }
    attributes = {"multiscales": [image | ({"version": version} if version == "0.4" else {})]}
    if "labels" in scale:
        attributes["omero"] = {"channels": [{"label": label} for label in scale["labels"]]}
    named = {"zarr_format": 2 if version == "0.4" else 3} if ZARR_3 else {}
    group = zarr.open_group(str(path), mode="w", **named)
    group.attrs.update(attributes if version == "0.4" else {"ome": {"version": version, **attributes}})
    array = (
        group.create_array("0", shape=pixels.shape, chunks=pixels.shape, dtype=pixels.dtype)
        if ZARR_3
        else (group.create_dataset("0", shape=pixels.shape, dtype=pixels.dtype))
    )
    array[...] = pixels


VERSIONS = ["0.4", "0.5"] if ZARR_3 else ["0.4"]


@pytest.mark.parametrize("version", VERSIONS)
def test_planes_names_and_scale(tmp_path: Path, version: str) -> None:
    pixels = np.arange(2 * 3 * 4 * 5 * 6, dtype=np.uint16).reshape(2, 3, 4, 5, 6)
    path = tmp_path / "x.ome.zarr"
    scale = {"scale": [1, 1, 2000, 325, 325], "unit": "nanometer", "labels": ["DAPI", "GFP", "phase"]}
    write_image(path, pixels, "tczyx", version=version, **scale)
    with open_image(path) as reader:
        m = reader.metadata
        assert (m.n_times, m.n_slices, m.n_channels, m.height, m.width) == (2, 4, 3, 5, 6)
        assert m.channel_names == ("DAPI", "GFP", "phase")
        assert m.pixel_size_um == pytest.approx(0.325)
        for t, c, z in np.ndindex(2, 3, 4):
            np.testing.assert_array_equal(reader.read_plane(t, z, c), pixels[t, c, z])


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(axes=st.permutations("tczyx"), big_endian=st.booleans())
def test_axes_in_any_order(tmp_path: Path, axes: list[str], big_endian: bool) -> None:
    pixels = np.arange(2 * 3 * 4 * 2 * 3, dtype=">u2" if big_endian else "<u2").reshape(2, 3, 4, 2, 3)
    write_image(tmp_path / "x.zarr", pixels, "".join(axes))
    in_order = pixels.transpose([axes.index(axis) for axis in "tzcyx"])
    with open_image(tmp_path / "x.zarr") as reader:
        for t, z, c in np.ndindex(in_order.shape[:3]):
            plane = reader.read_plane(t, z, c)
            np.testing.assert_array_equal(plane, in_order[t, z, c])
            assert plane.dtype.isnative


def test_an_image_of_two_axes_without_unit_has_no_scale(tmp_path: Path) -> None:
    write_image(tmp_path / "x.zarr", np.ones((4, 5), np.float32), "yx")
    assert read_metadata(tmp_path / "x.zarr").pixel_size_um is None
    assert read_metadata(tmp_path / "x.zarr").dtype == np.float32


def test_a_plate_is_refused_with_what_to_do(tmp_path: Path) -> None:
    zarr.open_group(str(tmp_path / "x.zarr"), mode="w").attrs["plate"] = {"wells": []}
    with pytest.raises(UnreadableFileError, match=r"plate.*images inside"):
        open_image(tmp_path / "x.zarr")


def test_unknown_axes_are_unrolled_into_slices(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).random((2, 3, 4, 5))
    write_image(tmp_path / "x.zarr", pixels, "qzyx")
    with open_image(tmp_path / "x.zarr") as reader:
        assert reader.metadata.n_slices == 6
        assert np.array_equal(reader.read_plane(z=4), pixels[1, 1])


def test_a_zarr_library_that_is_too_old_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.zarr").mkdir()
    (tmp_path / "x.zarr" / "zarr.json").write_text(
        '{"node_type": "group", "zarr_format": 3, "attributes": {}}'
    )
    monkeypatch.setattr(zarr, "__version__", "2.15.0")
    with pytest.raises(MissingDependencyError, match=r"Zarr format 3.*zarr 2.15.0.*vendor-formats"):
        open_image(tmp_path / "x.zarr")


def test_an_image_without_rows_is_refused(tmp_path: Path) -> None:
    write_image(tmp_path / "x.zarr", np.ones((4, 5)), "zx")
    with pytest.raises(UnreadableFileError, match="has the axes z, x"):
        open_image(tmp_path / "x.zarr")


def test_an_array_that_is_not_there_is_refused(tmp_path: Path) -> None:
    group = zarr.open_group(str(tmp_path / "x.zarr"), mode="w")
    group.attrs["multiscales"] = [{"axes": ["y", "x"], "datasets": [{"path": "0"}]}]
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        open_image(tmp_path / "x.zarr")


def test_a_chunk_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    write_image(tmp_path / "x.zarr", np.random.default_rng(0).random((40, 50)), "yx")
    chunk = tmp_path / "x.zarr" / "0" / "0.0"
    (chunk if chunk.is_file() else chunk.parent / "0" / "0").write_bytes(b"garbage")
    with (
        open_image(tmp_path / "x.zarr") as reader,
        pytest.raises(UnreadableFileError, match="cannot be read"),
    ):
        reader.read_plane()
