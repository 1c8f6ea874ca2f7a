"""Runs that compare cells: the references travel in the job, with a set of results of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dinocell_app.base.errors import InvalidParameterError, ModelError
from dinocell_app.commands.command_line import shell_command
from dinocell_app.jobs.common_fields import DEFAULT_MODEL
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.manifest import read_manifest
from dinocell_app.project.project import Project
from dinocell_app.project.references import ReferenceCell
from dinocell_app.references.types import ReferenceExample
from dinocell_app.segmentation_plan.compared_jobs import (
    ALL_CELLS,
    ONLY_LIKE,
    WITH_TYPE,
    compared_job,
    name_of_same,
)


@pytest.fixture
def project(tmp_path):
    made = Project.create(tmp_path / "study")
    yield made
    made.close()


def add_reference(project, sha256):
    kind = project.references.add_type("ring", "#e69f00")
    example = ReferenceExample(np.ones(8, np.float32), "a.tif@3,4", np.zeros((5, 4), np.uint8))
    project.references.add(ReferenceCell(0, kind.id, True, example, DEFAULT_MODEL, sha256))


def job(project):
    return SegmentJob(inputs=(Path("/pictures/a.tif"),), output=project.results_folder / "x")


def test_references_travel_in_the_job_and_the_threshold_leaves_cells_out(project, tmp_path):
    add_reference(project, read_manifest(find_model(DEFAULT_MODEL)).sha256)
    project.references.set_least_score(0.7)
    only = compared_job(project, job(project), ONLY_LIKE)
    assert only.min_score == 0.7
    assert [each.name for each in only.kept_references.types] == ["ring"]
    typed = compared_job(project, job(project), WITH_TYPE)
    assert (typed.min_score, typed.type_score) == (None, 0.7)
    assert compared_job(project, job(project), ALL_CELLS) == job(project)
    assert shell_command(only, tmp_path / "job.json").job_file == tmp_path / "job.json"


def test_without_references_or_with_another_model_there_is_no_run(project):
    with pytest.raises(InvalidParameterError, match="no reference cell"):
        compared_job(project, job(project), ONLY_LIKE)
    add_reference(project, "0" * 64)
    with pytest.raises(ModelError, match="cannot be compared"):
        compared_job(project, job(project), WITH_TYPE)


def test_the_same_references_join_a_set_and_others_do_not(project):
    add_reference(project, read_manifest(find_model(DEFAULT_MODEL)).sha256)
    first = compared_job(project, job(project), WITH_TYPE)
    assert name_of_same(project, first, "cells, with") == ""
    project.runs.add("cells, with type and score", first, [])
    more = first.model_copy(update={"inputs": (Path("/pictures/b.tif"),), "device": "cpu"})
    assert name_of_same(project, more, "cells, with") == "cells, with type and score"
    assert name_of_same(project, more, "other cells") == ""
    assert name_of_same(project, more.model_copy(update={"flow_threshold": 0.9}), "cells, with") == ""
    project.references.set_least_score(0.9)
    assert name_of_same(project, compared_job(project, job(project), WITH_TYPE), "cells, with") == ""
    project.references.set_least_score(0.5)
    project.references.add_type("rod", "#56b4e9")
    assert name_of_same(project, compared_job(project, job(project), WITH_TYPE), "cells, with") != ""
    kind = project.references.all().types[0]
    negative = ReferenceExample(np.zeros(8, np.float32), "a.tif@9,9", np.zeros((5, 4), np.uint8))
    sha256 = read_manifest(find_model(DEFAULT_MODEL)).sha256
    project.references.add(ReferenceCell(0, kind.id, False, negative, DEFAULT_MODEL, sha256))
    assert name_of_same(project, compared_job(project, job(project), WITH_TYPE), "cells, with") == ""
