"""Types and reference cells of a project: written at once, undone one by one, to and from a library."""

from __future__ import annotations

import numpy as np
import pytest

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.project.project import Project
from dinocell_app.project.reference_edits import ReferenceEdits
from dinocell_app.project.references import ReferenceCell, kept_references
from dinocell_app.references.library import read_library
from dinocell_app.references.types import ReferenceExample
from dinocell_app.ui.references.library_choice import save_type


@pytest.fixture
def project(tmp_path):
    made = Project.create(tmp_path / "study")
    yield made
    made.close()


def cell(type_id, source="a.tif@3,4", *, positive=True, sha256="0" * 64, value=1.0):
    example = ReferenceExample(np.full(8, value, np.float32), source, np.zeros((5, 4), np.uint8))
    return ReferenceCell(0, type_id, positive, example, "model", sha256)


def test_types_get_names_and_colours_of_their_own(project):
    edits = ReferenceEdits(project)
    first, second = edits.add_type(), edits.add_type()
    assert (first.name, second.name) == ("Type 1", "Type 2")
    assert first.colour != second.colour
    with pytest.raises(InvalidParameterError, match="called type 1 already"):
        edits.add_type("type 1")


def test_every_change_is_in_the_project_and_can_be_undone(project):
    edits = ReferenceEdits(project)
    kind = edits.add_type("ring")
    edits.add(cell(kind.id))
    edits.rename(edits.now.cells[0].id, "the best one")
    edits.remove_type(kind.id)
    assert not project.references.all().cells
    names = []
    while edits.can_undo:
        edits.undo()
        names.append([c.example.name for c in project.references.all().cells])
    assert names == [["the best one"], [""], [], []]
    assert not project.references.all().types


def test_a_second_answer_about_a_cell_takes_the_place_of_the_first(project):
    edits = ReferenceEdits(project)
    kind = edits.add_type()
    edits.add(cell(kind.id))
    edits.add(cell(kind.id, positive=False))
    assert [c.positive for c in edits.now.cells] == [False]
    assert kept_references(edits.now) is None


def test_cells_of_another_model_are_refused(project):
    edits = ReferenceEdits(project)
    kind = edits.add_type()
    edits.add(cell(kind.id))
    with pytest.raises(InvalidParameterError, match="with the model model"):
        edits.add(cell(kind.id, "b.tif@1,1", sha256="1" * 64))


def test_a_library_takes_types_of_several_projects_and_gives_them_back(project, tmp_path):
    edits, path = ReferenceEdits(project), tmp_path / "cells.json"
    ring, rod = edits.add_type("ring"), edits.add_type("rod")
    with pytest.raises(InvalidParameterError, match="no example of ring"):
        save_type(edits, ring, path)
    edits.add(cell(ring.id))
    edits.add(cell(rod.id, "b.tif@1,1", value=2.0))
    edits.add(cell(rod.id, "b.tif@9,9", positive=False))
    save_type(edits, ring, path)
    save_type(edits, rod, path)
    other = Project.create(tmp_path / "other")
    taken = ReferenceEdits(other)
    taken.add_from_library(read_library(path), ["rod"])
    assert [(each.name, each.colour) for each in taken.now.types] == [("rod", rod.colour)]
    assert [c.positive for c in taken.now.cells] == [True, False]
    with pytest.raises(InvalidParameterError, match="called rod already"):
        taken.add_from_library(read_library(path), ["rod"])
    other.close()
