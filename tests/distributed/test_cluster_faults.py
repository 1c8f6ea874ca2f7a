"""What is wrong with a cluster is said in one sentence."""

from __future__ import annotations

import gc
import sys

import pytest
from distributed.scheduler import KilledWorker

import dinocell_app
from dinocell_app.base.errors import InvalidParameterError, MissingDependencyError, UserFacingError
from dinocell_app.cli import main
from dinocell_app.distributed import connecting, handing_out, worker_group
from dinocell_app.distributed.cluster_errors import ClusterError, UnfitWorkerError
from dinocell_app.distributed.cluster_job import segment_on_cluster
from dinocell_app.distributed.connecting import connected
from dinocell_app.distributed.handing_out import HandingOut, Wishes
from dinocell_app.distributed.worker_group import WorkerGroup
from dinocell_app.distributed.worker_images import Answer, ClusterRun, ask, forget, prepare, segment_image
from dinocell_app.jobs.events import ImageFailed, ImageSegmented, Notice
from dinocell_app.jobs.job_files import job_to_json
from dinocell_app.jobs.job_kinds import MeasureJob, SegmentJob
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.model.manifest import read_manifest
from dinocell_app.pipeline.inputs import plan_images
from dinocell_app.pipeline.isolation import Outcome


@pytest.fixture
def job(plate, tiny_model, tmp_path):
    return SegmentJob(inputs=(plate,), output=tmp_path / "out", model=str(tiny_model), device="cpu")


@pytest.fixture
def run(job, tiny_model):
    job.output.mkdir()
    token = job.output / "token"
    token.write_text("here")
    sha256 = read_manifest(tiny_model).sha256
    made = ClusterRun("here", job_to_json(job), dinocell_app.__version__, sha256, (job.inputs[0],), token)
    yield made
    forget(made.key)


def changed(run, **fields):
    return ClusterRun(**{**vars(run), **fields})


def test_without_dask_it_says_how_to_install_it(job, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "dinocell-app\[cluster\]"'):
        next(segment_on_cluster(job.model_copy(update={"dask": "tcp://head:8786"}), Wishes()))


@pytest.mark.parametrize("address", ["local:", "local:0", "local:-1", "local:two", "local:²"])
def test_a_local_cluster_needs_a_number(address):
    with pytest.raises(InvalidParameterError, match="local:4"), connected(address):
        pass


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x:1", "tcp://", "gone.json"])
def test_an_address_where_nobody_answers_is_named(address, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 0.4)
    with pytest.raises(ClusterError, match="No dask scheduler answers at " + address), connected(address):
        pass


def test_a_cluster_without_workers_is_not_waited_for_without_end(own_cluster, monkeypatch):
    monkeypatch.setattr(connecting, "WORKERS_SECONDS", 0.3)
    with pytest.raises(ClusterError, match="has no workers"), connected(str(own_cluster.file)):
        pass


def test_a_worker_with_another_version_is_named(job, own_cluster, tmp_path):
    package = tmp_path / "old" / "dinocell_app"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "0.0.1"\n')
    own_cluster.add_worker(PYTHONPATH=str(tmp_path / "old"))
    said = f"The worker tcp://.* has version 0.0.1 .* this is version {dinocell_app.__version__}"
    with pytest.raises(ClusterError, match=said):
        next(segment_on_cluster(job.model_copy(update={"dask": str(own_cluster.file)}), Wishes()))
    assert list(job.output.iterdir()) == []


def test_a_worker_that_fits_says_its_device(run):
    assert prepare(run) == "cpu"


def test_a_worker_says_what_it_lacks(run, tmp_path):
    for fields, said in (
        ({"version": "0.0.1"}, "and this is 0.0.1"),
        ({"seen": (tmp_path / "plate", tmp_path / "elsewhere")}, f"does not see {tmp_path / 'elsewhere'}"),
        ({"token": tmp_path / "elsewhere" / "token"}, "does not see the output folder"),
        ({"key": "another run"}, "does not see the output folder"),
        ({"model_sha256": "0" * 64}, "has another model by the name of"),
        ({"job": run.job.replace('"cpu"', '"cuda:77"')}, "cannot do the job"),
    ):
        with pytest.raises(UnfitWorkerError, match=said):
            prepare(changed(run, **fields))


def test_an_image_asked_to_begin_nothing_is_not_begun(run, job):
    image = plan_images(job.inputs, job.output, recursive=False).images[0]
    ask(run.key, begin_nothing=True)
    assert segment_image(run, image) == Answer((), Outcome(0, (), stopped=True))
    ask(run.key)
    (done,) = segment_image(run, image).events
    assert isinstance(done, ImageSegmented)


def test_only_segmentations_go_to_a_cluster(tmp_path, capsys):
    job = MeasureJob(images=tmp_path / "a", labels=tmp_path / "b", output=tmp_path / "c")
    run = RunFolder.create(tmp_path / "run", job)
    assert main(["run", str(run.path), "--dask", "local:1"]) == 2
    assert "dask workers only segment" in capsys.readouterr().err


class Ended:
    """A future that ended with an error."""

    status = "error"

    def __init__(self, error):
        self.error = error

    def exception(self):
        return self.error

    def add_done_callback(self, call):
        call(self)

    def cancel(self):
        """It ended before."""


class Workers:
    """Workers without a cluster, of which each image ends with an error."""

    def __init__(self, run, error, counts=()):
        self.run, self.error, self.client = run, error, self
        self.counts = list(counts)

    def addresses(self):
        return ("one",) * (self.counts.pop(0) if self.counts else 1)

    def submit(self, name, work, image):
        return Ended(self.error)

    def require_scheduler(self):
        """It is there."""

    def subscribe_topic(self, topic, handler):
        """Nobody reports."""

    def unsubscribe_topic(self, topic):
        """Nobody reported."""


def test_an_image_that_ends_every_worker_fails_alone(run, job):
    images = plan_images(job.inputs, job.output, recursive=False).images
    handing = HandingOut(Workers(run, KilledWorker("key", "worker", 3)), images, Wishes())
    events = list(handing.events())
    assert [type(event) for event in events] == [ImageFailed] * len(images)
    assert "want of memory" in events[0].reason
    assert [image.path for image in handing.failed] == [image.path for image in images]


def test_a_worker_that_joins_unfit_ends_the_run_with_a_sentence(run, job):
    images = plan_images(job.inputs, job.output, recursive=False).images
    unfit = UnfitWorkerError("has another model", remedy="Import the same")
    with pytest.raises(ClusterError, match=r"joined last has another model\. Import the same\."):
        list(HandingOut(Workers(run, unfit), images, Wishes()).events())
    with pytest.raises(UserFacingError, match=r"could not do 0\.tif \(ValueError: odd\)"):
        list(HandingOut(Workers(run, ValueError("odd")), images, Wishes()).events())


def test_a_run_whose_workers_are_all_gone_says_that_it_waits(run, job, monkeypatch):
    monkeypatch.setattr(handing_out, "LONELY_SECONDS", 0.0)
    monkeypatch.setattr(handing_out, "POLL_SECONDS", 0.01)
    images = plan_images(job.inputs, job.output, recursive=False).images
    workers = Workers(run, KilledWorker("key", "worker", 3), counts=[0, 0, 0, 0])
    events = list(HandingOut(workers, images, Wishes()).events())
    assert [type(event) for event in events] == [Notice, *[ImageFailed] * len(images)]


class LeavingClient:
    """A cluster of two workers, of which the first ends while it prepares."""

    status = "running"

    def __init__(self):
        self.asked = 0

    def nthreads(self):
        self.asked += 1
        return {"first": 1, "second": 1} if self.asked < 3 else {"second": 1}

    def submit(self, work, packed, *, key, workers, pure):
        class Task:
            def done(self):
                return workers == ["second"]

            def result(self):
                return "cpu"

        return Task()


def test_a_worker_that_ends_while_it_prepares_is_not_waited_for(run, monkeypatch):
    monkeypatch.setattr(worker_group, "COUNTING_SECONDS", 0.0)
    monkeypatch.setattr(worker_group, "POLL_SECONDS", 0.001)
    assert WorkerGroup(LeavingClient(), run).prepare() == "1 dask worker (cpu)"


def test_nothing_is_collected_while_a_client_starts(monkeypatch):
    """A client that was given up, ending itself just then, would wait for the lock that the start holds."""
    seen = []

    def start(*_, **__):
        seen.append(gc.isenabled())
        raise OSError("nobody")

    monkeypatch.setattr("distributed.Client", start)
    with pytest.raises(ClusterError, match="nobody"), connected("tcp://127.0.0.1:1"):
        pass
    assert seen == [False]
    assert gc.isenabled()
