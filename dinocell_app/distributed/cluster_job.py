"""Segment the images of a job on dask workers: the files, tables and events of a plain run."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack

import dinocell_app
from dinocell_app.base.errors import Cancelled, UserFacingError
from dinocell_app.base.files import write_text
from dinocell_app.base.plain_text import printable
from dinocell_app.distributed.connecting import connected
from dinocell_app.distributed.handing_out import HandingOut, Wishes
from dinocell_app.distributed.worker_group import WorkerGroup
from dinocell_app.distributed.worker_images import ClusterRun
from dinocell_app.jobs.events import Event, InputLeftOut, JobFinished, JobStarted
from dinocell_app.jobs.job_files import job_to_json
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.manifest import read_manifest
from dinocell_app.pipeline.inputs import Plan, plan_images
from dinocell_app.pipeline.run_ending import end_run, results_standing
from dinocell_app.pipeline.run_tables import write_run_tables

TOKEN_PREFIX = ".dinocell-app-run-"
_MOST_LOOKED_FOR = 20


def segment_on_cluster(job: SegmentJob, wishes: Wishes) -> Iterator[Event]:
    """Segment the images of a job on the workers of its cluster.

    Images finished before are skipped, as in a plain run; a worker that ends gives its image to another.

    Parameters
    ----------
    job : SegmentJob
        With `dask`, the address of the cluster.

    Yields
    ------
    Event
        As `pipeline.segmentation_job.segment_images`, but images end in any order.

    Raises
    ------
    UserFacingError
        If there is no image, or the model, the cluster or one of its workers cannot be used.
    """
    started = time.monotonic()
    try:
        plan = plan_images(
            job.inputs,
            job.output,
            recursive=job.recursive,
            roots=job.roots,
            should_stop=wishes.should_stop,
        )
    except Cancelled:
        yield JobFinished(0, 0, time.monotonic() - started, stopped=True)
        return
    model = find_model(job.model)
    manifest = read_manifest(model)
    manifest.require_taught(model)
    with ExitStack() as held:
        held.enter_context(results_standing(job.output))
        client = held.enter_context(connected(job.dask))
        run = _cluster_run(job, plan, manifest.sha256)
        held.callback(run.token.unlink, missing_ok=True)
        workers = WorkerGroup(client, run)
        held.callback(workers.forget)
        workers.require_same_version()
        devices = workers.prepare()
        yield JobStarted("segment", len(plan.images), 0, devices)
        for left in plan.left_out:
            yield InputLeftOut(printable(str(left.path)), left.reason)
        handing = HandingOut(workers, plan.images, wishes)
        try:
            outcome = yield from handing.events()
        except UserFacingError:
            # The next attempt may be days away, and what is finished is wanted now.
            write_run_tables(job.output, job.formats, handing.failed)
            raise
        yield from end_run(job.output, job.formats, outcome, started)


def _cluster_run(job: SegmentJob, plan: Plan, model_sha256: str) -> ClusterRun:
    """Describe a run for workers, and leave the token in the output folder that they look for."""
    key = uuid.uuid4().hex
    images = [image.path for image in plan.images]
    looked_for = [*job.inputs[:_MOST_LOOKED_FOR], *job.roots, *images[:1]]
    run = ClusterRun(
        key=key,
        job=job_to_json(job),
        version=dinocell_app.__version__,
        model_sha256=model_sha256,
        # An image that is missing here, too, fails by itself.
        seen=tuple(path for path in dict.fromkeys(looked_for) if path.exists()),
        token=job.output / f"{TOKEN_PREFIX}{key}",
    )
    write_text(run.token, key)
    return run
