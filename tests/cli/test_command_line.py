"""The copied command line, read back by the shell's own parser."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from dinocell_app.cli import make_parser
from dinocell_app.commands.command_line import COMMAND, shell_command
from dinocell_app.jobs.job_files import make_job, read_job
from dinocell_app.jobs.segment_settings import SegmentSettings

DEFAULTS = SegmentSettings()
IMAGES = (Path("/pictures/day 1/a.tif"), Path("/pictures/b, c.tif"))


def job_of(settings=DEFAULTS, **more):
    place = {"inputs": IMAGES, "output": Path("/out put"), "roots": (Path("/pictures"),)}
    return make_job(settings.model_dump() | {"kind": "segment"} | place | more)


def read_back(line):
    return COMMAND.job(make_parser().parse_args(shlex.split(line)[1:]))


@pytest.mark.parametrize(
    "settings",
    [
        SegmentSettings(),
        SegmentSettings(diameter="18.5um", min_size="20um2", channel="Bright field", plane="z=max,t=3"),
        SegmentSettings(model="mine", device="cuda:1", cell_probability_threshold=0.35, flow_threshold=0.4),
        SegmentSettings(min_size="15px", formats=("labels", "csv", "roi"), texture=True, min_confidence=0.0),
    ],
)
def test_the_shell_reads_the_same_job(settings, tmp_path):
    command = shell_command(job_of(settings), tmp_path / "job.json")
    assert command.job_file is None
    assert read_back(command.line) == job_of(settings)


def test_one_pixel_size_of_all_images_is_said_in_the_line(tmp_path):
    sizes = {str(path): 0.5 for path in IMAGES}
    command = shell_command(job_of(image_pixel_sizes_um=sizes), tmp_path / "job.json")
    assert command.job_file is None
    assert read_back(command.line) == job_of(pixel_size_um=0.5)


@pytest.mark.parametrize(
    "more",
    [
        {"image_pixel_sizes_um": {str(IMAGES[0]): 0.5}},
        {"inputs": tuple(Path(f"/pictures/{number:05}.tif") for number in range(1000))},
    ],
)
def test_what_a_line_cannot_say_is_read_from_a_file(tmp_path, more):
    job = job_of(**more)
    command = shell_command(job, tmp_path / "new folder" / "cells.job.json")
    assert read_back(command.line) == job
    assert shell_command(job, command.job_file) == command
    other = shell_command(job_of(SegmentSettings(diameter="30px"), **more), command.job_file)
    assert other.job_file != command.job_file
    assert read_job(command.job_file) == job
