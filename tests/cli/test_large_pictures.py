"""Images above the limit are segmented in blocks: the same files, the same cells, bounded memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
import pandas as pd
import pytest
import tifffile

from dinocell_app.export import large_labels
from dinocell_app.export.label_files import read_labels
from dinocell_app.imaging.reading import open_image
from dinocell_app.pipeline import large_pictures, large_results, picture_plan
from dinocell_app.regions.region import Region
from dinocell_app.regions.region_files import write_regions
from dinocell_app.segmentation import label_store
from dinocell_app.segmentation.blocks import BlockSize

ALL_BUT_CELLPOSE = "labels,overlay,csv,roi,geojson,coco,ome-zarr,parquet"


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_plan, "LARGEST_WHOLE_PX", 10_000)
    monkeypatch.setattr(large_pictures, "BLOCK_SIZE", BlockSize(60, 90, 24, 240))
    monkeypatch.setattr(label_store, "CHUNK", 64)


def many_blobs(height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(5)
    image = np.zeros((height, width))
    rows, columns = np.mgrid[:height, :width]
    for row in range(8, height, 24):
        for column in range(8, width, 24):
            y, x = row + rng.uniform(-4, 4), column + rng.uniform(-4, 4)
            image += rng.uniform(0.7, 1) * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 32)
    return image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A grey image and one of three named channels, both larger than a block."""
    folder = tmp_path / "large"
    folder.mkdir()
    grey = (many_blobs(211, 253) * 30_000).astype(np.uint16)
    tifffile.imwrite(folder / "grey.tif", grey, tile=(64, 64), compression="zlib")
    channels = np.stack([grey, grey[::-1], np.random.default_rng(0).integers(0, 9, grey.shape)])
    tifffile.imwrite(
        folder / "channels.ome.tif",
        channels.astype(np.uint16),
        metadata={
            "axes": "CYX",
            "PhysicalSizeX": 0.5,
            "PhysicalSizeY": 0.5,
            "Channel": {"Name": ["a", "b", "c"]},
        },
    )
    return folder


def table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path)


def assert_same_files(whole: Path, blocks: Path, name: str) -> None:
    expected, found = read_labels(whole / f"{name}_labels.tif"), read_labels(blocks / f"{name}_labels.tif")
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype
    assert found.max() > 20
    cells = table(blocks / f"{name}_cells.csv")
    touching = cells.pop("touches_seam")
    assert 0 < touching.sum() < len(cells)
    pd.testing.assert_frame_equal(cells, table(whole / f"{name}_cells.csv"), rtol=1e-9)


@pytest.mark.usefixtures("small_limit")
@pytest.mark.parametrize("words", [(), ("--texture",), ("--diameter", "9px"), ("--min-size", "30px2")])
def test_files_are_those_of_the_image_as_a_whole(
    segment: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    words = (*words, "--channel", "0")
    assert segment(*words, inputs=(folder,), out=tmp_path / "blocks") == 0
    monkeypatch.setattr(picture_plan, "LARGEST_WHOLE_PX", 10**9)
    assert segment(*words, inputs=(folder,), out=tmp_path / "whole") == 0
    for name in ("grey", "channels"):
        assert_same_files(tmp_path / "whole", tmp_path / "blocks", name)
    images = table(tmp_path / "blocks" / "images.csv")
    counts = images.pop("n_cells_touching_seam")
    assert counts.dtype == np.int64
    expected = table(tmp_path / "whole" / "images.csv")
    pd.testing.assert_frame_equal(images.drop(columns="seconds"), expected.drop(columns="seconds"), rtol=1e-9)
    described = set(table(tmp_path / "blocks" / "columns.csv")["name"])
    assert {"touches_seam", "n_cells_touching_seam"} <= described
    assert "touches_seam" not in set(table(tmp_path / "whole" / "columns.csv")["name"])


@pytest.mark.usefixtures("small_limit")
def test_every_format_but_that_for_cellpose_is_written(
    segment: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_results, "OVERLAY_PX", 100)
    inputs = (folder / "grey.tif",)
    assert segment("--format", ALL_BUT_CELLPOSE, inputs=inputs, out=tmp_path / "blocks") == 0
    monkeypatch.setattr(picture_plan, "LARGEST_WHOLE_PX", 10**9)
    assert segment("--format", ALL_BUT_CELLPOSE, inputs=inputs, out=tmp_path / "whole") == 0
    names = {path.name for path in (tmp_path / "whole").iterdir()}
    assert {path.name for path in (tmp_path / "blocks").iterdir()} == names
    coco = [(tmp_path / run / "grey_coco.json").read_bytes() for run in ("blocks", "whole")]
    assert coco[0] == coco[1]
    outlines = [json.loads((tmp_path / run / "grey.geojson").read_bytes()) for run in ("blocks", "whole")]
    assert [each["geometry"] for each in outlines[0]["features"]] == [
        each["geometry"] for each in outlines[1]["features"]
    ]
    with open_image(tmp_path / "blocks" / "grey.ome.zarr") as image:
        np.testing.assert_array_equal(image.read_plane(), tifffile.imread(folder / "grey.tif"))
    assert iio.imread(tmp_path / "blocks" / "grey_overlay.png").shape == (71, 85, 3)


@pytest.mark.usefixtures("small_limit")
def test_regions_count_and_leave_out_as_in_the_image_as_a_whole(
    segment: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = Region("left", ((0.0, 0.0), (120.0, 0.0), (120.0, 211.0), (0.0, 211.0)), "count", "#4477aa")
    leave = Region("top", ((0.0, 0.0), (253.0, 0.0), (253.0, 65.0), (0.0, 65.0)), "exclude", "#aa3377")
    write_regions(tmp_path / "regions.geojson", {"grey.tif": [count, leave]})
    words = ("--regions", str(tmp_path / "regions.geojson"), "--channel", "0")
    assert segment(*words, inputs=(folder / "grey.tif",), out=tmp_path / "blocks") == 0
    monkeypatch.setattr(picture_plan, "LARGEST_WHOLE_PX", 10**9)
    assert segment(*words, inputs=(folder / "grey.tif",), out=tmp_path / "whole") == 0
    assert_same_files(tmp_path / "whole", tmp_path / "blocks", "grey")
    np.testing.assert_array_equal(
        table(tmp_path / "blocks" / "regions.csv"), table(tmp_path / "whole" / "regions.csv")
    )


@pytest.mark.usefixtures("small_limit")
def test_the_memory_is_told_before_the_start_and_results_are_found_again(
    segment: Any, folder: Path, tmp_path: Path, events: Any
) -> None:
    inputs = (folder / "grey.tif",)
    assert segment("--json", inputs=inputs) == 0
    seen = events()
    (notice,) = [event["message"] for event in seen if event["event"] == "Notice"]
    assert notice.startswith("grey.tif has 0 megapixels and is segmented in blocks, which takes about 0.3 GB")
    assert [event["event"] for event in seen].index("Notice") < [event["event"] for event in seen].index(
        "TilesPredicted"
    )
    stamp = (tmp_path / "out" / "grey_labels.tif").stat().st_mtime_ns
    assert segment("--json", inputs=inputs) == 0
    assert [event["event"] for event in events() if "n_cells" in event] == ["ImageSkipped"]
    assert (tmp_path / "out" / "grey_labels.tif").stat().st_mtime_ns == stamp


@pytest.mark.usefixtures("small_limit")
def test_a_machine_with_too_little_memory_refuses_in_a_sentence(
    segment: Any, folder: Path, tmp_path: Path, events: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_plan, "free_memory_bytes", lambda: 200_000_000)
    assert segment("--json", inputs=(folder / "grey.tif",)) == 3
    (failed,) = [event for event in events() if event["event"] == "ImageFailed"]
    assert "would take about 0.3 GB of memory and 0.2 GB are free. Close other programs" in failed["reason"]
    assert list((tmp_path / "out").glob("grey*")) == []


@pytest.mark.usefixtures("small_limit")
def test_flows_for_cellpose_take_the_whole_image_or_are_refused(
    segment: Any, folder: Path, tmp_path: Path, events: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, inputs = ("--format", "labels,csv,cellpose", "--json"), (folder / "grey.tif",)
    assert segment(*words, inputs=inputs) == 0
    assert any("the file for Cellpose needs all of them at once" in str(event) for event in events())
    assert "touches_seam" not in table(tmp_path / "out" / "grey_cells.csv").columns
    monkeypatch.setattr(picture_plan, "free_memory_bytes", lambda: 1_000_000)
    assert segment(*words, inputs=inputs, out=tmp_path / "other") == 3
    assert "Leave that out, so that the image can be segmented in blocks" in str(events())


def test_an_image_below_the_limit_goes_in_blocks_where_memory_is_short(
    segment: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_plan, "WORKING_BYTES", 0)
    monkeypatch.setattr(picture_plan, "WHOLE_BYTES", 1_000)
    monkeypatch.setattr(picture_plan, "free_memory_bytes", lambda: 20_000_000)
    assert segment(inputs=(folder / "grey.tif",)) == 0
    assert "touches_seam" in table(tmp_path / "out" / "grey_cells.csv").columns


@pytest.mark.usefixtures("small_limit")
def test_labels_are_a_pyramid_with_the_pixel_size(
    segment: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_labels, "TILE_PX", 64)
    assert segment("--pixel-size", "0.5", inputs=(folder / "grey.tif",)) == 0
    with tifffile.TiffFile(tmp_path / "out" / "grey_labels.tif") as file:
        levels = [level.asarray() for level in file.series[0].levels]
        assert 'PhysicalSizeX="0.5"' in (file.ome_metadata or "")
        assert file.pages[0].is_tiled
    assert [level.shape for level in levels] == [(211, 253), (106, 127), (53, 64)]
    np.testing.assert_array_equal(levels[1], levels[0][::2, ::2])
    np.testing.assert_array_equal(levels[2], levels[0][::4, ::4])
    np.testing.assert_array_equal(read_labels(tmp_path / "out" / "grey_labels.tif"), levels[0])


@pytest.mark.usefixtures("small_limit")
def test_a_request_to_stop_is_honoured_within_an_image_and_nothing_is_left(
    tiny_model: Path, folder: Path, tmp_path: Path
) -> None:
    from dinocell_app.jobs.events import JobFinished, TilesPredicted
    from dinocell_app.jobs.job_kinds import SegmentJob
    from dinocell_app.pipeline.segmentation_job import segment_images

    job = SegmentJob(
        inputs=(folder / "grey.tif",), output=tmp_path / "out", model=str(tiny_model), device="cpu"
    )
    asked: list[int] = []

    def should_stop() -> bool:
        asked.append(1)
        return len(asked) > 20

    seen = list(segment_images(job, should_stop))
    assert isinstance(seen[-1], JobFinished)
    assert seen[-1].stopped
    assert max(event.done for event in seen if isinstance(event, TilesPredicted)) < 40
    assert list((tmp_path / "out").glob("grey*")) == []
    again = list(segment_images(job))
    assert (again[-1].n_finished, again[-1].stopped) == (1, False)  # type: ignore[attr-defined]
