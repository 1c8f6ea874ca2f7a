"""The copied command line, read back by the shell's own parser."""

from __future__ import annotations

from pathlib import Path

import pytest

from dinocell_app.cli import make_parser
from dinocell_app.commands.segment import COMMAND
from dinocell_app.errors import InvalidParameterError
from dinocell_app.jobs import SegmentJob
from dinocell_app.segment_settings import SegmentSettings
from dinocell_app.ui.segment.command_line import ShellInputs, command_line, common_pixel_size, shell_job

PLACE = ShellInputs((Path("/pictures/day 1"), Path("/pictures/b.tif")), Path("/out put"))


def read_back(words):
    return COMMAND.job(make_parser().parse_args(words[1:]), SegmentJob)


@pytest.mark.parametrize(
    "settings",
    [
        SegmentSettings(),
        SegmentSettings(diameter="18.5um", min_size="20um2", channel="Bright field", plane="z=max,t=3"),
        SegmentSettings(model="mine", device="cuda:1", cell_probability=0.35, flow_threshold=0.4),
        SegmentSettings(min_size="15px", formats=("labels", "csv", "roi"), texture=True),
    ],
)
@pytest.mark.parametrize("inputs", [PLACE, ShellInputs((Path("/a"),), Path("/o"), True, 0.65)])
def test_the_shell_reads_the_same_job(settings, inputs):
    job = shell_job(inputs, settings)
    assert read_back(command_line(job)) == job


def test_the_words_are_those_of_the_shell():
    settings = SegmentSettings(diameter="18um", formats=("labels", "csv"), device="cpu")
    job = shell_job(PLACE, settings)
    assert sorted(command_line(job)) == sorted(COMMAND.command_line(job))


def test_every_setting_of_the_window_can_be_said_in_the_shell():
    fields = set(SegmentSettings.__dataclass_fields__)
    assert fields <= {option.field for option in COMMAND.options}


def test_pixel_sizes_that_differ_are_not_said_in_one_line():
    assert common_pixel_size([0.5, 0.5]) == 0.5
    assert common_pixel_size([None, None]) is None
    with pytest.raises(InvalidParameterError, match="different pixel sizes"):
        common_pixel_size([0.5, None])
