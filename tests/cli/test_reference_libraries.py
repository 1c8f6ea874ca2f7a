"""Libraries of reference cells in the shell."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dinocell_app.cli import main
from dinocell_app.export.label_files import read_labels
from dinocell_app.references.library import read_library, write_library
from dinocell_app.references.types import KeptReferences, ReferenceExample, ReferenceType


def cell(value, source="a.tif:1"):
    return ReferenceExample(np.full(8, value, np.float32), source, np.full((5, 6), 9, np.uint8))


def library(path, *types, sha256="0" * 64):
    write_library(path, KeptReferences.of("model", sha256, types))
    return path


@pytest.fixture
def blood(tmp_path):
    red = ReferenceType("red cell", (cell(1), cell(2, "b.tif:4")), (cell(3),), "#aa0000")
    return library(tmp_path / "blood.json", red, ReferenceType("white cell", (cell(4),)))


def test_types_are_listed_and_shown_with_their_pictures(blood, tmp_path, capsys):
    assert main(["references", "list", str(blood)]) == 0
    said = capsys.readouterr().out
    assert "2 types" in said
    assert "red cell: 2 cells like this, 1 not this" in said
    assert main(["references", "list", "--json", str(blood)]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["like_this"] for each in listed] == [2, 1]
    pictures = tmp_path / "pictures"
    assert main(["references", "show", f"{blood}#RED cell", "--pictures", str(pictures)]) == 0
    assert "like this: b.tif:4" in capsys.readouterr().out
    assert len(list(pictures.glob("*.png"))) == 3
    assert main(["references", "show", f"{blood}#green cell"]) == 2
    assert "Choose from red cell, white cell" in capsys.readouterr().err


def test_libraries_are_joined_by_name_and_types_taken_out(blood, tmp_path, capsys):
    other = library(
        tmp_path / "other.json",
        ReferenceType("Red cell", (cell(2), cell(5))),
        ReferenceType("rod", (cell(6),)),
    )
    joined = tmp_path / "joined.json"
    words = ["references", "merge", str(blood), f"{other}#red cell", "-o", str(joined)]
    assert main(words) == 0
    types = {each.name: each for each in read_library(joined).read()}
    assert list(types) == ["red cell", "white cell"]
    assert [float(each.description[0]) for each in types["red cell"].positives] == [1, 2, 5]
    assert main(words) == 2
    assert "exists already" in capsys.readouterr().err
    assert main(["references", "remove", f"{joined}#white cell", f"{joined}#gone"]) == 2
    assert len(read_library(joined).types) == 2
    assert main(["references", "remove", f"{joined}#white cell"]) == 0
    assert [each.name for each in read_library(joined).types] == ["red cell"]
    foreign = library(tmp_path / "foreign.json", ReferenceType("rod", (cell(1),)), sha256="1" * 64)
    assert main(["references", "merge", str(blood), str(foreign), "-o", str(tmp_path / "x.json")]) == 2
    assert not (tmp_path / "x.json").exists()


def test_a_library_is_made_from_pictures_and_scores_as_they_do(
    segment, pictures, tiny_model, tmp_path, capsys
):
    assert segment("--recursive", out=pictures) == 0
    made = tmp_path / "made.json"
    first, second = f"{pictures / 'a.tif'}:1", f"{pictures / 'a.tif'}:2"
    words = [
        "references",
        "make",
        f"{made}#round",
        "--cell",
        first,
        "--not",
        second,
        "--model",
        str(tiny_model),
    ]
    assert main([*words, "--device", "cpu"]) == 0
    (kept,) = read_library(made).read()
    assert [each.source for each in (*kept.positives, *kept.negatives)] == ["a.tif:1", "a.tif:2"]
    assert kept.positives[0].crop.size
    assert main(words) == 2
    assert "named round already" in capsys.readouterr().err
    tables = []
    for name, reference in {
        "picture": ["--reference", first, "--not", second],
        "library": ["--reference", f"{made}#round"],
    }.items():
        assert segment(*reference, out=tmp_path / name, inputs=(pictures / "a.tif",)) == 0
        with (tmp_path / name / "cells.csv").open() as file:
            header, *lines = (line.rstrip("\n").split(",") for line in file)
        column = header.index("reference_score")
        tables.append([float(line[column]) for line in lines])
    assert tables[0] == pytest.approx(tables[1], abs=1e-6)
    labels = read_labels(pictures / "a_labels.tif")
    row, column = np.argwhere(labels == 0)[0]
    box = f"{pictures / 'a.tif'}@{column},{row},6,5"
    assert main(["references", "make", f"{made}#boxed", "--cell", box, "--model", str(tiny_model)]) == 0
    assert [each.name for each in read_library(made).types] == ["round", "boxed"]
