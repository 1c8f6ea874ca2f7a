"""Jobs: what is written is read back, and nonsense is refused with a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinocell_app.base.errors import InvalidParameterError, UnreadableFileError
from dinocell_app.base.lengths import Area, Length
from dinocell_app.commands import command_line, evaluate, measure, train, train_adapt, train_references
from dinocell_app.commands.options import JobCommand, Option
from dinocell_app.export.formats import DEFAULT_FORMATS, FORMATS
from dinocell_app.jobs.common_fields import FORMAT_NAMES
from dinocell_app.jobs.job_files import job_from_json, job_to_json, make_job, read_job
from dinocell_app.jobs.job_kinds import (
    AdaptJob,
    EvaluateJob,
    FineTuneJob,
    Job,
    MeasureJob,
    ReferenceTrainingJob,
    SegmentJob,
)
from dinocell_app.jobs.setting import Declared, shown, value_of

ROOT = Path("/data").absolute()

lengths = st.builds(Length, value=st.floats(1e-3, 1e6), unit=st.sampled_from(["px", "um"]))
areas = st.builds(Area, value=st.floats(0, 1e9), unit=st.sampled_from(["px", "um2"]))
names = st.text("abcé µ'\"-", min_size=1, max_size=8)
segment_jobs = st.builds(
    SegmentJob,
    inputs=st.lists(names.map(lambda name: ROOT / f"x{name}"), min_size=1, max_size=3).map(tuple),
    output=st.just(ROOT / "out"),
    diameter=st.none() | lengths,
    min_size=st.none() | areas,
    pixel_size_um=st.none() | st.floats(1e-3, 1e3),
    cell_probability_threshold=st.floats(0, 1),
    formats=st.sets(st.sampled_from(sorted(FORMATS)), min_size=1).map(
        lambda f: tuple(n for n in FORMATS if n in f)
    ),
    recursive=st.booleans(),
    overwrite=st.booleans(),
    channel=st.sampled_from(["grey", "mean", "2", "DAPI 405"]),
)


@settings(max_examples=30)
@given(segment_jobs)
def test_a_job_survives_the_file(job):
    assert job_from_json(job_to_json(job)) == job


CELL = f"{(ROOT / 'a.tif').as_posix()}:17"
COMMANDS: tuple[tuple[JobCommand, Job], ...] = (
    (command_line.COMMAND, SegmentJob(inputs=(ROOT / "a",), output=ROOT / "o", references=(CELL,))),
    (measure.COMMAND, MeasureJob(images=ROOT / "a", labels=ROOT / "b", output=ROOT / "c")),
    (evaluate.COMMAND, EvaluateJob(predicted=ROOT / "a", reference=ROOT / "b", output=ROOT / "c")),
    (train.COMMAND, FineTuneJob(data=(ROOT / "a",), output=ROOT / "m")),
    (train_adapt.COMMAND, AdaptJob(inputs=(ROOT / "a",), output=ROOT / "m", preset="own")),
    (train_references.COMMAND, ReferenceTrainingJob(data=(ROOT / "a",), output=ROOT / "m")),
)
"""With a job of each kind that has no setting but those it needs."""

OTHERS = {
    "device": "cpu", "axes": "YX", "formats": ("roi",), "references": (CELL.replace("17", "18"),),
    "not_references": (CELL,), "patterns": ("a, b*",), "drawings": {"yeast": 2.0},
    "augmentation.diameter_range": (15.0, 72.0), "augmentation.brightness": (0.5, 2.0),
    "adaptation.mask_share": (0.25, 0.75), "iou_thresholds": (0.5, 0.6),
}  # fmt: skip
"""Other values of fields whose types are not enough to choose one."""


def other(each: Declared, now: object) -> object:
    """Choose another value for a field."""
    _, highest = each.limits
    number = 0.5 if highest is not None else 300.0
    by_type = {int: (301,), float: (number / 2, number), str: ("x y",), Path: (ROOT / "x, y",)}
    by_type |= {Length: (Length.parse("9.5um"),), Area: (Area.parse("7um2"),), bool: (not now,)}
    values = each.choices or by_type[each.item]
    value = next(value for value in values if value != now)
    if get_origin(each.kind) is dict:
        return {"a": value}
    return (value,) if each.several else value


@pytest.mark.parametrize(
    ("command", "plain", "option"),
    [(command, plain, option) for command, plain in COMMANDS for option in command.options],
    ids=lambda it: it.declared.name if isinstance(it, Option) else getattr(it, "kind", None),
)
def test_every_option_says_what_it_does_and_survives_the_command_line_and_the_file(command, plain, option):
    name = option.declared.name
    value = OTHERS[name] if name in OTHERS else other(option.declared, value_of(plain, name))
    content = plain.model_dump()
    above, _, last = name.rpartition(".")
    (content[above] if above else content)[last] = value
    job = make_job(content)
    assert value_of(job, name) != value_of(plain, name)
    assert job_from_json(job_to_json(job)) == job
    assert _parsed(command, job) == job
    assert len(option.help) > 10
    if option.declared.default and not (option.required or option.switch):
        assert shown(option.declared.default) in option.help


@settings(max_examples=30)
@given(segment_jobs)
def test_the_command_line_of_a_job_makes_the_same_job(job):
    assert _parsed(command_line.COMMAND, job) == job


def _parsed(command: JobCommand, job):
    import argparse

    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    words = command.command_line(job)
    assert words[: 1 + len(command.words)] == ["dinocell-app", *command.words]
    return command.job(parser.parse_args(words[1 + len(command.words) :]))


@pytest.mark.parametrize(
    ("fields_given", "said"),
    [
        ({"cell_probability": 2}, "cell_probability"),
        ({"formats": ["labels", "word"]}, "word is no output format"),
        ({"device": "tpu"}, "device"),
        ({"colour": 1}, "colour"),
        ({"pixel_size_um": -1}, "pixel_size_um"),
        ({"inputs": []}, "inputs"),
    ],
)
def test_wrong_fields_are_named(fields_given, said):
    with pytest.raises(InvalidParameterError, match=said):
        make_job({"kind": "segment", "inputs": ["a"], "output": "b", **fields_given})


@pytest.mark.parametrize("text", ["", "[]", "{", '{"kind": "segment", "schema_version": 2}'])
def test_what_is_no_job_of_this_version_is_refused(text, tmp_path):
    path = tmp_path / "job.json"
    path.write_text(text)
    with pytest.raises(UnreadableFileError, match=r"job\.json"):
        read_job(path)


def test_unknown_kinds_are_refused():
    with pytest.raises(InvalidParameterError):
        job_from_json(json.dumps({"kind": "dance"}))


@given(lengths)
def test_lengths_are_read_as_written(length):
    assert Length.parse(str(length)).value == length.value
    assert Length.parse(str(length)).unit == length.unit


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [("18um", 18, "um"), ("40 px", 40, "px"), ("40", 40, "px"), ("18,5 µm", 18.5, "um"), (".5um", 0.5, "um")],
)
def test_lengths_as_people_write_them(text, value, unit):
    assert Length.parse(text) == Length(value=value, unit=unit)


@pytest.mark.parametrize("text", ["", "um", "0px", "-3um", "3 miles", "3um2", "nan"])
def test_what_is_no_length_is_refused(text):
    with pytest.raises(InvalidParameterError, match="not a length"):
        Length.parse(text)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [("15", 15, "px"), ("15px2", 15, "px"), ("20um2", 20, "um2"), ("20 µm²", 20, "um2")],
)
def test_areas_as_people_write_them(text, value, unit):
    assert Area.parse(text) == Area(value=value, unit=unit)


def test_a_length_is_no_area():
    with pytest.raises(InvalidParameterError, match="not an area"):
        Area.parse("15um")


def test_micrometres_become_pixels_only_with_a_pixel_size():
    assert Length.parse("18um").in_px(0.5) == 36
    assert Area.parse("20um2").in_px(0.5) == 80
    with pytest.raises(InvalidParameterError, match="--pixel-size"):
        Length.parse("18um").in_px(None)


def test_formats_of_a_job_are_those_of_the_export():
    assert SegmentJob(inputs=(ROOT,), output=ROOT).formats == DEFAULT_FORMATS
    assert set(FORMAT_NAMES) == set(FORMATS)
