"""What is told of an image that is not whole or not alone in its file, and what is done with it."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest
import tifffile

from dinocell_app.cli import main
from tests.imaging.test_scenes import write_set

RNG = np.random.default_rng(2)


def segment(folder: Path, model: Path) -> None:
    words = ["segment", str(folder), "-o", str(folder / "out"), "--model", str(model), "--device", "cpu"]
    assert main([*words, "--diameter", "12px", "--formats", "labels"]) == 0


def test_a_stopped_acquisition_is_segmented_as_far_as_it_went(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "stopped.ome.tif"
    tifffile.imwrite(
        path,
        RNG.integers(0, 255, (2, 40, 40)).astype(np.uint8),
        metadata={"axes": "TYX"},
        photometric="minisblack",
    )
    text = str(tifffile.tiffcomment(path)).replace('SizeT="2"', 'SizeT="3"')
    parts = '<TiffData FirstT="0" IFD="0" PlaneCount="1"/><TiffData FirstT="2" IFD="1" PlaneCount="1"/>'
    tifffile.tiffcomment(path, re.sub(r"<TiffData[^>]*/>", parts, text).encode())
    segment(tmp_path, tiny_model)
    said = capsys.readouterr()
    assert (said.out + said.err).count("time 1 was announced and never written") == 1
    found = sorted(made.name for made in (tmp_path / "out").glob("*_labels.tif"))
    assert found == ["stopped_t0000_labels.tif", "stopped_t0002_labels.tif"]


def test_cells_of_a_set_have_no_values_of_the_channel_that_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pixels = RNG.integers(0, 4000, (2, 2, 20, 30)).astype(np.uint16)
    image = write_set(tmp_path, pixels)[0]
    (tmp_path / "set_C1_T1.ome.tif").unlink()
    labels = np.zeros((20, 30), np.uint16)
    labels[4:12, 5:15] = 7
    tifffile.imwrite(tmp_path / "cells.tif", labels)
    out = tmp_path / "out"
    for time, is_whole in ((0, True), (1, False)):
        words = [str(image), str(tmp_path / "cells.tif"), "-o", str(out / str(time)), "--plane", f"t={time}"]
        assert main(["measure", *words]) == 0
        with (out / str(time) / "cells.csv").open(newline="", encoding="utf-8") as lines:
            (cell,) = csv.DictReader(lines)
        assert float(cell["intensity_mean_DAPI"]) == pytest.approx(
            pixels[time, 0][labels > 0].mean(), rel=1e-6
        )
        assert bool(cell["intensity_mean_GFP"]) == is_whole
    said = capsys.readouterr()
    assert "missing of its set of files set_C1_T1.ome.tif" in said.out + said.err


def test_what_lies_beside_an_image_is_named(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with tifffile.TiffWriter(tmp_path / "slide.tif") as writer:
        writer.write(RNG.integers(0, 255, (10, 12)).astype(np.uint8), subfiletype=1)
        writer.write(RNG.integers(0, 255, (40, 48)).astype(np.uint8))
    segment(tmp_path, tiny_model)
    said = capsys.readouterr()
    assert "slide.tif: left out beside the image: a preview of 10 x 12 pixels" in said.out + said.err
    assert tifffile.imread(tmp_path / "out" / "slide_labels.tif").shape == (40, 48)
