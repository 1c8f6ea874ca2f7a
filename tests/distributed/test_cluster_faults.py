"""What is wrong with a cluster is said in one sentence."""

from __future__ import annotations

import gc
import socket
import ssl
import sys
from contextlib import ExitStack
from urllib.error import HTTPError
from urllib.request import urlopen

import psutil
import pytest
from distributed import Client
from distributed.scheduler import KilledWorker
from distributed.security import Security

import dinocell_app
from dinocell_app.base.errors import InvalidParameterError, MissingDependencyError, UserFacingError
from dinocell_app.cli import main
from dinocell_app.distributed import connecting, handing_out, worker_group
from dinocell_app.distributed.cluster_errors import ClusterError, UnfitWorkerError
from dinocell_app.distributed.cluster_job import segment_on_cluster
from dinocell_app.distributed.connecting import LOCAL_HOST, connected
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


@pytest.fixture(scope="module")
def own_processes():
    """A client of the processes that `--dask local:1` starts."""
    with connected("local:1") as client:
        yield client


@pytest.mark.parametrize("who", ["no certificate", "a certificate of its own", "no encryption"])
@pytest.mark.parametrize("port", ["scheduler", "worker"])
def test_another_identity_of_this_computer_is_refused(own_processes, who, port):
    addresses = {"scheduler": own_processes.scheduler.address, "worker": next(iter(own_processes.nthreads()))}
    address = addresses[port]
    name, number = address.removeprefix("tls://").split(":")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if who == "a certificate of its own":
        context = Security.temporary().get_connection_args("client")["ssl_context"]
        context.verify_mode = ssl.CERT_NONE
    got = []
    try:
        with socket.create_connection((name, int(number)), timeout=60) as plain, ExitStack() as ends:
            talk = plain if who == "no encryption" else ends.enter_context(context.wrap_socket(plain))
            talk.sendall(bytes(8))
            got.append(talk.recv(1))
    except (ssl.SSLError, ConnectionError):
        got.append(b"")
    assert got == [b""]
    assert own_processes.submit(int, "7").result() == 7


def test_a_client_with_the_run_s_own_identity_is_let_in(own_processes):
    with Client(own_processes.scheduler.address, security=own_processes.security) as second:
        assert second.submit(int, "7").result() == 7


def listening() -> list[tuple[str, int]]:
    ports = [each.laddr for each in psutil.Process().net_connections() if each.status == psutil.CONN_LISTEN]
    return [(each.ip, each.port) for each in ports]


def test_processes_of_this_computer_have_no_door_to_the_network_and_no_web_pages(own_processes):
    def at_worker():
        return listening()

    doors = [*listening(), *(door for found in own_processes.run(at_worker).values() for door in found)]
    assert len(doors) >= 4
    assert {address for address, _ in doors} == {LOCAL_HOST}
    for page in ("info/main/workers.html", "status", "json/identity.json", "metrics"):
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"http://{LOCAL_HOST}:{own_processes.scheduler_info()['services']['dashboard']}/{page}")


def test_without_cryptography_it_says_how_to_install_it(job, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(MissingDependencyError, match=r'in private.*pip install "dinocell-app\[cluster\]"'):
        next(segment_on_cluster(job.model_copy(update={"dask": "local:1"}), Wishes()))


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
    assert segment_image(run, image) == Answer((), Outcome((), (), stopped=True))
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
