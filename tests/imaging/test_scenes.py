"""Files that hold several images, sets of files that are one image, and acquisitions that were stopped."""

from __future__ import annotations

import json
import re
import struct
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr

from dinocell_app.base.errors import InvalidParameterError, UnreadableFileError
from dinocell_app.imaging.metadata import Well, what_is_missing
from dinocell_app.imaging.planes import ChannelChoice, PlaneChoice, channel_at, count_planes, select_planes
from dinocell_app.imaging.reading import list_scenes, open_file, open_image, read_metadata, stored_axes
from dinocell_app.imaging.scan import scan_inputs
from tests.imaging.test_ome_zarr import VERSIONS, ZARR_3, write_image

RNG = np.random.default_rng(7)
NAMES = ("DAPI", "GFP")


def pixels_of(*shape: int) -> np.ndarray[Any, Any]:
    return RNG.integers(0, 4000, shape).astype(np.uint16)


def write_set(folder: Path, pixels: np.ndarray[Any, Any], *, companion: bool = False) -> list[Path]:
    """One data set (T, C, Y, X) in a file for each time and channel, as the OME model describes it."""
    n_times, n_channels, height, width = pixels.shape
    ids = {(t, c): f"urn:uuid:{uuid.uuid4()}" for t in range(n_times) for c in range(n_channels)}
    data = "".join(
        f'<TiffData FirstT="{t}" FirstC="{c}" IFD="0" PlaneCount="1">'
        f'<UUID FileName="set_C{c}_T{t}.ome.tif">{name}</UUID></TiffData>'
        for (t, c), name in ids.items()
    )
    channels = "".join(
        f'<Channel ID="Channel:0:{c}" Name="{NAMES[c]}" SamplesPerPixel="1"/>' for c in range(2)
    )
    body = (
        f'<Image ID="Image:0" Name="the set"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" '
        f'SizeX="{width}" SizeY="{height}" SizeZ="1" SizeC="{n_channels}" SizeT="{n_times}" '
        f'PhysicalSizeX="0.325" PhysicalSizeY="0.325" TimeIncrement="2" TimeIncrementUnit="min">'
        f"{channels}{data}</Pixels></Image></OME>"
    )
    opening = '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="{}">'
    if companion:
        folder.joinpath("set.companion.ome").write_text(opening.format("urn:uuid:0") + body, "utf-8")
    paths = []
    for (t, c), name in ids.items():
        path = folder / f"set_C{c}_T{t}.ome.tif"
        text = opening.format(name) + (
            '<BinaryOnly MetadataFile="set.companion.ome" UUID="urn:uuid:0"/></OME>' if companion else body
        )
        tifffile.imwrite(path, pixels[t, c], description=text.encode(), metadata=None)
        paths.append(path)
    return paths


@pytest.mark.parametrize("companion", [False, True])
def test_a_set_of_files_is_one_image_from_any_member(tmp_path: Path, companion: bool) -> None:
    pixels = pixels_of(3, 2, 20, 30)
    for path in write_set(tmp_path, pixels, companion=companion):
        with open_image(path) as reader:
            m = reader.metadata
            assert (m.n_times, m.n_channels, m.n_scenes, m.channel_names) == (3, 2, 1, NAMES)
            assert m.pixel_size_um == 0.325
            assert m.times_s == (0, 120, 240)
            for t, c in np.ndindex(3, 2):
                assert np.array_equal(reader.read_plane(t, 0, c), pixels[t, c])
                assert np.array_equal(reader.read_rows(4, 9, t, 0, c), pixels[t, c, 4:9])
        assert stored_axes(path) is not None


@pytest.mark.parametrize("companion", [False, True])
def test_a_scan_lists_a_set_once(tmp_path: Path, companion: bool) -> None:
    paths = sorted(write_set(tmp_path, pixels_of(3, 2, 8, 9), companion=companion))
    tifffile.imwrite(tmp_path / "other.ome.tif", pixels_of(8, 9))
    found = scan_inputs([tmp_path])
    assert found.images == (tmp_path / "other.ome.tif", paths[0])
    reasons = {left.path: left.reason for left in found.left_out}
    assert {path: reasons[path] for path in paths[1:]} == dict.fromkeys(
        paths[1:], "a part of the same data set as set_C0_T0.ome.tif"
    )
    assert len(reasons) == 5 + companion


def test_images_of_a_set_that_lie_in_a_file_each(tmp_path: Path) -> None:
    fields = pixels_of(3, 20, 30)
    ids = [f"urn:uuid:{uuid.uuid4()}" for _ in fields]
    images = "".join(
        f'<Image ID="Image:{n}" Name="field {n}"><Pixels ID="Pixels:{n}" DimensionOrder="XYZCT" '
        'Type="uint16" SizeX="30" SizeY="20" SizeZ="1" SizeC="1" SizeT="1">'
        f'<Channel ID="Channel:{n}:0" SamplesPerPixel="1"/><TiffData IFD="0" PlaneCount="1">'
        f'<UUID FileName="f{n}.ome.tif">{name}</UUID></TiffData></Pixels></Image>'
        for n, name in enumerate(ids)
    )
    opening = '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="{}">'
    for number, (name, field) in enumerate(zip(ids, fields, strict=True)):
        only = f'<BinaryOnly MetadataFile="f0.ome.tif" UUID="{ids[0]}"/>'
        text = opening.format(name) + (only if number == 2 else images) + "</OME>"
        tifffile.imwrite(tmp_path / f"f{number}.ome.tif", field, description=text.encode(), metadata=None)
    for member in range(3):
        with open_file(tmp_path / f"f{member}.ome.tif") as file:
            assert [scene.name for scene in file.scenes] == ["field 0", "field 1", "field 2"]
            for scene, field in enumerate(fields):
                assert np.array_equal(file.image(scene).read_plane(), field)
                assert np.array_equal(file.image(scene).read_rows(2, 7), field[2:7])
    assert scan_inputs([tmp_path]).images == (tmp_path / "f0.ome.tif",)


def test_a_missing_member_loses_its_planes_and_is_named(tmp_path: Path) -> None:
    pixels = pixels_of(3, 2, 20, 30)
    paths = write_set(tmp_path, pixels)
    (tmp_path / "set_C1_T1.ome.tif").unlink()
    with open_image(paths[0]) as reader:
        m = reader.metadata
        assert m.missing == {(1, 0, 1)}
        assert m.missing_files == ("set_C1_T1.ome.tif",)
        assert "set_C1_T1.ome.tif" in what_is_missing(m)
        assert [plane.address.t for plane in select_planes(reader, channel=ChannelChoice("GFP"))] == [0, 2]
        assert [plane.address.t for plane in select_planes(reader, channel=ChannelChoice("DAPI"))] == [
            0,
            1,
            2,
        ]
        assert np.isnan(channel_at(reader, PlaneChoice(t=1), 1).pixels).all()
        with pytest.raises(UnreadableFileError, match=r"time 1.*channel 1.*one folder"):
            reader.read_plane(1, 0, 1)


def test_a_member_that_was_renamed_still_knows_itself(tmp_path: Path) -> None:
    pixels = pixels_of(2, 2, 8, 9)
    first = write_set(tmp_path, pixels)[0]
    moved = first.rename(tmp_path / "renamed.ome.tif")
    with open_image(moved) as reader:
        assert not reader.metadata.missing
        assert np.array_equal(reader.read_plane(0, 0, 0), pixels[0, 0])


def test_without_its_companion_a_file_is_read_and_the_companion_named(tmp_path: Path) -> None:
    pixels = pixels_of(2, 2, 8, 9)
    path = write_set(tmp_path, pixels, companion=True)[0]
    (tmp_path / "set.companion.ome").unlink()
    with open_image(path) as reader:
        assert np.array_equal(reader.read_plane(), pixels[0, 0])
        assert "set.companion.ome" in what_is_missing(reader.metadata)
    assert len(scan_inputs([tmp_path]).images) == 4


def test_every_image_of_an_ome_tiff_is_found(tmp_path: Path) -> None:
    path = tmp_path / "fields.ome.tif"
    fields = [pixels_of(10 + number, 12) for number in range(5)]
    with tifffile.TiffWriter(path, ome=True) as writer:
        for number, field in enumerate(fields):
            writer.write(field, metadata={"axes": "YX", "Name": f"field {number}"})
    assert [scene.name for scene in list_scenes(path)] == [f"field {number}" for number in range(5)]
    with open_file(path) as file:
        for scene, field in zip(file.scenes, fields, strict=True):
            reader = file.image(scene.index)
            assert np.array_equal(reader.read_plane(), field)
            m = reader.metadata
            assert (m.scene, m.n_scenes, m.scene_name) == (scene.index, 5, scene.name)
    with open_image(path, scene=3) as reader:
        assert np.array_equal(reader.read_plane(), fields[3])
    with pytest.raises(InvalidParameterError, match=r"no scene 6.*holds 5"):
        open_image(path, scene=5)


def test_scale_and_names_are_those_of_the_image(tmp_path: Path) -> None:
    path = tmp_path / "two.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        for size, name in ((0.5, "a"), (0.25, "b")):
            writer.write(
                pixels_of(2, 3, 8, 9),
                photometric="minisblack",
                metadata={
                    "axes": "CZYX",
                    "Name": name,
                    "PhysicalSizeX": size,
                    "PhysicalSizeY": size,
                    "PhysicalSizeZ": 4 * size,
                    "Channel": {"Name": [f"{name}1", f"{name}2"]},
                },
            )
    for scene, (size, names) in enumerate([(0.5, ("a1", "a2")), (0.25, ("b1", "b2"))]):
        m = read_metadata(path, scene=scene)
        assert (m.pixel_size_um, m.z_step_um, m.channel_names) == (size, 4 * size, names)
        assert m.depth_um(2) == 8 * size


def test_planes_of_a_stopped_acquisition_are_those_that_exist(tmp_path: Path) -> None:
    path = tmp_path / "stopped.ome.tif"
    pixels = pixels_of(3, 8, 9)
    tifffile.imwrite(path, pixels, metadata={"axes": "TYX"}, photometric="minisblack")
    text = str(tifffile.tiffcomment(path)).replace('SizeT="3"', 'SizeT="5"')
    parts = "".join(f'<TiffData FirstT="{t}" IFD="{ifd}" PlaneCount="1"/>' for ifd, t in enumerate((0, 1, 3)))
    tifffile.tiffcomment(path, re.sub(r"<TiffData[^>]*/>", parts, text).encode())
    with open_image(path) as reader:
        m = reader.metadata
        assert what_is_missing(m) == "times 2 and 4 were announced and never written"
        planes = list(select_planes(reader))
        assert [plane.address.suffix for plane in planes] == ["_t0000", "_t0001", "_t0003"]
        assert count_planes(m, PlaneChoice(), ChannelChoice()) == 3
        for plane, expected in zip(planes, pixels, strict=True):
            assert np.array_equal(plane.pixels, expected)
        (largest,) = select_planes(reader, PlaneChoice(t="max"))
        assert np.array_equal(largest.pixels, pixels.max(0))
        with pytest.raises(UnreadableFileError, match="none of the chosen planes is there: times 2 and 4"):
            next(select_planes(reader, PlaneChoice(t=2)))


def test_a_preview_before_the_image_is_left_out_and_named(tmp_path: Path) -> None:
    image, preview = pixels_of(160, 192), pixels_of(40, 48)
    path = tmp_path / "thumbnail_first.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(preview, subfiletype=1)
        writer.write(image)
    with open_file(path) as file:
        assert len(file.scenes) == 1
        assert file.left_out == file.metadata().left_out == ("a preview of 40 x 48 pixels",)
        assert np.array_equal(file.image().read_plane(), image)


def test_label_and_macro_of_a_slide_are_left_out_and_named(tmp_path: Path) -> None:
    path = tmp_path / "slide.svs"
    slide = RNG.integers(0, 255, (512, 768, 3), np.uint8)
    said = "Aperio Image Library v12\r\n{} |AppMag = 20|MPP = 0.4990"
    with tifffile.TiffWriter(path) as writer:
        writer.write(
            slide,
            tile=(256, 256),
            photometric="rgb",
            description=said.format("768x512 (256x256)"),
            metadata=None,
        )
        writer.write(slide[::4, ::4], photometric="rgb", description=said.format("192x128"), metadata=None)
        for kind, n_flag in (("label", 1), ("macro", 9)):
            writer.write(
                slide[:50, :60],
                photometric="rgb",
                subfiletype=n_flag,
                description=f"Aperio Image Library v12\r\n{kind} 60x50",
                metadata=None,
            )
    with open_file(path) as file:
        assert len(file.scenes) == 1
        assert {"label", "macro"} <= set(file.left_out)
        reader = file.image()
        assert (reader.metadata.height, reader.metadata.width, reader.metadata.is_rgb) == (512, 768, True)
        assert reader.metadata.pixel_size_um == 0.499
        assert np.array_equal(reader.read_plane(c=1), slide[..., 1])


@pytest.mark.parametrize("version", VERSIONS)
def test_the_series_of_bioformats2raw_are_images(tmp_path: Path, version: str) -> None:
    path, images = tmp_path / "two.zarr", [pixels_of(20, 30), pixels_of(24, 28)]
    words = {"zarr_format": 2 if version == "0.4" else 3} if ZARR_3 else {}
    layout = {"bioformats2raw.layout": 3}
    root = zarr.open_group(str(path), mode="w", **words)
    root.attrs.update(layout if version == "0.4" else {"ome": {"version": "0.5", **layout}})
    for number, image in enumerate(images):
        write_image(path / str(number), image, "yx", version=version, scale=[0.325, 0.325], unit="micrometer")
    (path / "OME").mkdir()
    (path / "OME" / "METADATA.ome.xml").write_text(
        "<OME>" + "".join(f'<Image Name="{n}"><Pixels/></Image>' for n in ("left", "right")) + "</OME>"
    )
    assert scan_inputs([tmp_path]).images == (path,)
    assert [scene.name for scene in list_scenes(path)] == ["left", "right"]
    for number, image in enumerate(images):
        with open_image(path, scene=number) as reader:
            assert np.array_equal(reader.read_plane(), image)
            assert reader.metadata.pixel_size_um == 0.325


@pytest.mark.parametrize("version", VERSIONS)
def test_fields_of_a_plate_are_images_with_their_wells(tmp_path: Path, version: str) -> None:
    path = tmp_path / "plate.zarr"
    words = {"zarr_format": 2 if version == "0.4" else 3} if ZARR_3 else {}

    def say(place: Path, content: dict[str, Any]) -> None:
        group = zarr.open_group(str(place), mode="a", **words)
        group.attrs.update(content if version == "0.4" else {"ome": {"version": "0.5", **content}})

    wells = [("B", "3"), ("C", "11")]
    say(path, {"plate": {"wells": [{"path": f"{row}/{column}"} for row, column in wells]}})
    fields = {}
    for row, column in wells:
        say(path / row / column, {"well": {"images": [{"path": "0"}, {"path": "1"}]}})
        for number in range(2):
            field = path / row / column / str(number)
            fields[field] = pixels_of(8, 9)
            write_image(field, fields[field], "yx", version=version)
    assert scan_inputs([tmp_path]).images == tuple(fields)
    for field, pixels in fields.items():
        with open_image(field) as reader:
            assert np.array_equal(reader.read_plane(), pixels)
            assert reader.metadata.well == Well(field.parent.parent.name, field.parent.name)
    with pytest.raises(UnreadableFileError, match=r"plate.*images inside"):
        open_image(path)


def test_a_plate_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    write_image(tmp_path / "elsewhere.zarr" / "0", pixels_of(8, 9), "yx")
    plate = zarr.open_group(str(tmp_path / "p.zarr"), mode="w")
    plate.attrs["plate"] = {"wells": [{"path": "../elsewhere.zarr"}, {"path": str(tmp_path)}, {"path": ""}]}
    assert scan_inputs([tmp_path / "p.zarr"]).images == (tmp_path / "p.zarr",)
    with pytest.raises(UnreadableFileError, match="is a plate"):
        open_image(tmp_path / "p.zarr")


def test_plain_arrays_are_images(tmp_path: Path) -> None:
    stack, colours = pixels_of(3, 20, 30), RNG.integers(0, 255, (20, 30, 3), np.uint8)
    for name, pixels in (("stack", stack), ("colours", colours)):
        zarr.save_array(str(tmp_path / f"{name}.zarr"), pixels)
    with open_image(tmp_path / "stack.zarr") as reader:
        assert (reader.metadata.n_slices, reader.metadata.height) == (3, 20)
        assert np.array_equal(reader.read_plane(z=2), stack[2])
    with open_image(tmp_path / "colours.zarr") as reader:
        assert reader.metadata.is_rgb
        assert np.array_equal(reader.read_plane(c=2), colours[..., 2])
    group = tmp_path / "group.zarr"
    zarr.save_group(str(group), b=stack[0], a=stack[1], line=stack[0, 0])
    assert [scene.name for scene in list_scenes(group)] == ["a", "b"]
    with open_image(group, scene=1) as reader:
        assert np.array_equal(reader.read_plane(), stack[0])


def test_images_in_groups_are_found_and_labels_are_none(tmp_path: Path) -> None:
    root = tmp_path / "project.zarr"
    for place in ("", "day1", "day1/labels"):
        zarr.open_group(str(root / place), mode="a")
    for place in ("day1/a", "day1/b", "day1/labels/cells"):
        write_image(root / place, pixels_of(8, 9), "yx")
    assert scan_inputs([root]).images == (root / "day1" / "a", root / "day1" / "b")


def test_axes_of_a_plain_array_are_named_by_xarray(tmp_path: Path) -> None:
    path, pixels = tmp_path / "x.zarr", pixels_of(20, 30, 2)
    array = zarr.open_array(str(path), mode="w", shape=pixels.shape, dtype=pixels.dtype)
    array[...] = pixels
    array.attrs["_ARRAY_DIMENSIONS"] = ["y", "x", "channel"]
    with open_image(path) as reader:
        assert (reader.metadata.n_channels, reader.metadata.height, reader.metadata.width) == (2, 20, 30)
        assert np.array_equal(reader.read_plane(c=1), pixels[..., 1])
        assert np.array_equal(reader.read_rows(3, 7, c=1), pixels[3:7, :, 1])


def test_damaged_attributes_are_told_when_the_folder_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "x.zarr"
    path.mkdir()
    (path / ".zgroup").write_text(json.dumps({"zarr_format": 2}))
    (path / ".zattrs").write_text("{")
    assert scan_inputs([path]).images == (path,)
    with pytest.raises(UnreadableFileError, match="holds no image"):
        open_image(path)


def write_micro_manager(
    path: Path, frames: dict[tuple[int, int, int, int], np.ndarray[Any, Any]], summary: dict[str, Any]
) -> None:
    """Planes by (channel, slice, time, position), as Micro-Manager writes them, with an index at the end."""
    said = json.dumps(summary).encode()
    content = bytearray(b"II*\0" + bytes(36)) + said
    plane = len(content)
    content += b'{"PlaneOf": 1}  '
    index = b""
    link = 4
    for place, pixels in frames.items():
        content += bytes(-len(content) % 4)
        start = len(content)
        index += struct.pack("<5I", *place, start)
        struct.pack_into("<I", content, link, start)
        height, width = pixels.shape
        entries = [(254, 4, 1, 0), (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 16), (259, 3, 1, 1)]
        entries += [(262, 3, 1, 1), (273, 4, 1, start + 162), (277, 3, 1, 1), (278, 4, 1, height)]
        entries += [(279, 4, 1, pixels.nbytes), (284, 3, 1, 1), (296, 3, 1, 3), (51123, 2, 16, plane)]
        content += struct.pack("<H", 13) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
        link = len(content)
        content += bytes(4) + pixels.astype("<u2").tobytes()
    struct.pack_into("<8I", content, 8, 54773648, len(content), 483765892, 0, 99384722, 0, 2355492, len(said))
    content += struct.pack("<2I", 3453623, len(frames)) + index
    path.write_bytes(bytes(content))


@pytest.mark.skipif(
    not hasattr(tifffile.TiffFile, "is_mmstack"), reason="tifffile 2023.3 and newer read them"
)
def test_positions_of_micro_manager_are_images_wherever_they_lie(tmp_path: Path) -> None:
    planes = pixels_of(2, 3, 2, 20, 30)  # position, time, channel
    summary = {
        "MicroManagerVersion": "2.0",
        "Frames": 3,
        "Channels": 2,
        "Slices": 1,
        "Positions": 2,
        "ChNames": ["DAPI", "GFP"],
        "PixelSize_um": 0.325,
        "Interval_ms": 5000,
        "InitialPositionList": [{"Label": "A1"}, {"Label": "B2"}],
        "Prefix": "run",
    }
    for position in range(2):
        frames = {
            (c, 0, t, position): planes[position, t, c]
            for t, c in np.ndindex(3, 2)
            if (position, t, c) != (1, 2, 1)  # stopped before the last plane
        }
        write_micro_manager(tmp_path / f"run_MMStack_Pos{position}.ome.tif", frames, summary)
    assert scan_inputs([tmp_path]).images == (tmp_path / "run_MMStack_Pos0.ome.tif",)
    for member in range(2):
        with open_file(tmp_path / f"run_MMStack_Pos{member}.ome.tif") as file:
            assert [scene.name for scene in file.scenes] == ["A1", "B2"]
            for position in range(2):
                reader = file.image(position)
                m = reader.metadata
                assert (m.channel_names, m.pixel_size_um) == (NAMES, 0.325)
                assert m.times_s == (0, 5, 10)
                assert m.missing == ({(2, 0, 1)} if position else frozenset())
                for t, c in np.ndindex(3, 2):
                    if (t, 0, c) not in m.missing:
                        assert np.array_equal(reader.read_plane(t, 0, c), planes[position, t, c])
