"""The scripts on the page about clusters do what it says, with stand-ins for Slurm's own programs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dinocell_app.base.lengths import Length
from dinocell_app.base.resource_files import resource_path
from dinocell_app.cli import main, make_parser
from dinocell_app.export.names import IMAGES_CSV
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.jobs.run_folder import RunFolder

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or shutil.which("bash") is None, reason="Slurm runs on Linux"
)

PAGE = resource_path("docs", "cluster.md")


def script(name: str, folder: Path) -> Path:
    """Write the script of the page that a comment calls by a name."""
    found = [
        text
        for text in re.findall(r"```bash\n(.*?)```", PAGE.read_text(), re.DOTALL)
        if f"# sbatch {name} " in text
    ]
    assert len(found) == 1
    path = folder / name
    path.write_text(found[0])
    return path


@pytest.fixture
def programs(tmp_path):
    """A folder of programs that come first: those of this checkout, and stand-ins for Slurm's."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def add(name: str, text: str) -> None:
        path = folder / name
        path.write_text("#!/bin/bash\n" + text + "\n")
        path.chmod(0o755)

    add("dinocell-app", f'env > {tmp_path}/environment\nexec {sys.executable} -m dinocell_app "$@"')
    add("dask", f'exec {sys.executable} -m dask "$@"')
    add("srun", '"$@" & first=$!\n"$@" & second=$!\ntrap "kill $first $second" TERM EXIT\nwait')
    add("torchrun", f'printf "%s\\n" "$@" > {tmp_path}/words')
    return folder


def run_script(path: Path, *words: object, programs: Path, **environment: str) -> subprocess.CompletedProcess:
    paths = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
    }
    return subprocess.run(
        ["bash", str(path), *map(str, words)],
        env=os.environ | paths | environment,
        cwd=path.parent,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the script makes its key with openssl")
def test_the_dask_script_does_a_run_folder(plate, tiny_model, programs, tmp_path):
    (plate / "bad.tif").unlink()
    job = SegmentJob(
        inputs=(plate,),
        output=tmp_path / "out",
        model=str(tiny_model),
        device="cpu",
        diameter=Length(value=14),
    )
    run = RunFolder.create(tmp_path / "run", job)
    done = run_script(script("segment_dask.sh", tmp_path), run.path, programs=programs, HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    # With this setting dask connects to what is encrypted alone.
    assert "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION=true" in (tmp_path / "environment").read_text()
    assert not list(tmp_path.glob(".dask-tls*"))
    assert run.finished()
    assert len(list(job.output.glob("*_labels.tif"))) == 6


def test_the_tasks_of_the_array_share_the_images(plate, tiny_model, programs, tmp_path):
    (plate / "bad.tif").unlink()
    (plate / "inner").mkdir()
    (plate / "5.tif").rename(plate / "inner" / "5 b.tif")
    results = tmp_path / "results"
    first = ["segment", str(plate / "0.tif"), "-o", str(results), "--root", str(plate)]
    save = ["--save-job", str(results / "job.json")]
    assert main([*first, "--model", str(tiny_model), "--device", "cpu", "--diameter", "14px", *save]) == 0
    path = script("segment_array.sh", tmp_path)
    for task in ("0", "1", "2"):
        share = {"SLURM_ARRAY_TASK_ID": task, "SLURM_ARRAY_TASK_COUNT": "3"}
        done = run_script(path, plate, results, programs=programs, **share)
        assert done.returncode == 0, done.stderr
    made = {record.relative_to(results).as_posix() for record in results.rglob("*_labels.tif")}
    assert made == {f"plate/{n}_labels.tif" for n in range(5)} | {"plate/inner/5 b_labels.tif"}
    all_of_them = ["segment", str(plate), "-o", str(results), "--root", str(plate), "--recursive"]
    before = {path: path.stat().st_mtime_ns for path in results.rglob("*_labels.tif")}
    assert main([*all_of_them, "--job", str(results / "job.json")]) == 0
    assert {path: path.stat().st_mtime_ns for path in results.rglob("*_labels.tif")} == before
    assert (results / IMAGES_CSV).read_text().count("plate/") >= 6


@pytest.mark.parametrize("moved", [(), ("/home/me=/scratch/me",)])
def test_the_training_script_starts_a_run_on_every_card(programs, tmp_path, moved):
    path = script("train.sh", tmp_path)
    done = run_script(path, "my run", *moved, programs=programs, SLURM_GPUS_ON_NODE="4")
    assert done.returncode == 0, done.stderr
    words = (tmp_path / "words").read_text().splitlines()
    assert words[:4] == ["--standalone", "--nproc-per-node=4", "-m", "dinocell_app"]
    arguments = make_parser().parse_args(words[4:])
    assert arguments.run_folder.name == "my run"
    assert arguments.moved == ([("/home/me", "/scratch/me")] if moved else [])
