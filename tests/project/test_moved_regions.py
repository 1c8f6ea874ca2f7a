"""Runs with regions of interest go on after images or the project were moved."""

from __future__ import annotations

import shutil

import numpy as np
import tifffile

from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.project.adding import found_image
from dinocell_app.project.moved_jobs import bring_up_to_date, job_of_today
from dinocell_app.project.project import Project
from dinocell_app.project.segment_jobs import segment_job
from dinocell_app.regions.region import Region
from dinocell_app.regions.region_files import read_regions, regions_of

WOUND = Region("wound", ((1, 2), (9, 2), (9, 11)))


def test_regions_of_a_run_follow_the_images_and_the_project(tmp_path):
    home = tmp_path / "here"
    (home / "plate").mkdir(parents=True)
    for name in "ab":
        tifffile.imwrite(home / "plate" / f"{name}.tif", np.zeros((20, 20), np.uint16))
    with Project.create(home / "study.dinocell") as project:
        images = project.images.add([found_image(home / "plate" / f"{n}.tif", home / "plate") for n in "ab"])
        ids = [image.id for image in images]
        project.regions.put(ids[0], (WOUND,))
        job = segment_job(project, ids, SegmentSettings(), "cells")
        run = project.runs.add("cells", job, ids)
        assert job_of_today(project, run.id).regions == job.regions
        # What was drawn after the run was asked for is no part of it.
        project.regions.put(ids[0], (WOUND, Region("later", WOUND.corners)))
        run_id = run.id
    shutil.move(home, tmp_path / "there")
    with Project.open(tmp_path / "there" / "study.dinocell") as project:
        bring_up_to_date(project, run_id)
        job = job_of_today(project, run_id)
        assert job.regions is not None
        assert job.regions.is_relative_to(tmp_path / "there")
        found = read_regions(job.regions)
        places = project.images.paths()
        assert all(path.is_relative_to(tmp_path / "there") for path in places.values())
        assert regions_of(found, places[ids[0]]) == (WOUND,)
        assert regions_of(found, places[ids[1]]) == ()
