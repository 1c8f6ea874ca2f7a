"""A night in miniature: projects, queues, pauses, corrections and kills for hours; nothing is lost.

    python tests/faults/soak.py                                           # 5,000 images, two hours of kills
    python tests/faults/soak.py --images 60 --minutes 5 --kill-every 5    # to see that it works

Workers and runs of several projects are killed, paused and resumed at random while this process, as the
window does, takes over what they report and journals corrections. Then the runs are left alone until they
end, unless `--finish-minutes` pass first. Labels are compared with those of an undisturbed run, journals with
what was written, and the memory, files and threads of this process and the memory of runs with what they were
an hour before. Prints one JSON object; exit code 1 if anything was lost.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
import psutil
import tifffile

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

from large import make_model

from dinocell_app.editing.journal import JOURNAL_NAME, Entry, JournalWriter, now, read_journal
from dinocell_app.jobs.segment_settings import SegmentSettings
from dinocell_app.pipeline.segmentation_job import segment_images
from dinocell_app.project.adding import find_images
from dinocell_app.project.project import Project
from dinocell_app.project.records import FoundImage
from dinocell_app.project.run_events import apply_new_events
from dinocell_app.project.segment_jobs import segment_job
from dinocell_app.run_queue import intents
from dinocell_app.run_queue.processes import start_worker
from dinocell_app.run_queue.worker import working_on

KINDS = 12
"""Images that differ; the others have the same pixels as one of these."""
SAMPLE_S = 5.0
POLL_S = 0.2


def pixels(kind: int, side: int) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    return (100 + 90 * np.sin((rows + 5 * kind) / 6) * np.sin(columns / 6)).astype(np.uint8)


def digest(path: Path) -> str:
    return sha256(tifffile.imread(path).tobytes()).hexdigest()


@dataclass
class Samples:
    """What is held, over time."""

    seconds: list[float] = field(default_factory=list)
    window_mib: list[float] = field(default_factory=list)
    files: list[float] = field(default_factory=list)
    threads: list[float] = field(default_factory=list)
    runs_mib: list[float] = field(default_factory=list)
    """The largest process of a run; each starts anew after a kill, so its growth would say nothing."""

    def take(self, started: float, folders: Sequence[Path]) -> None:
        me = psutil.Process()
        self.seconds.append(time.monotonic() - started)
        self.window_mib.append(me.memory_info().rss / 2**20)
        self.files.append(len(me.open_files()))
        self.threads.append(threading.active_count())
        sizes = [process.memory_info().rss / 2**20 for process in living(folders, "run")]
        self.runs_mib.append(max(sizes, default=float("nan")))

    def slopes(self) -> dict[str, float]:
        """Growth by the hour, the first quarter, in which caches fill, left out."""
        told = {}
        for name in ("window_mib", "files", "threads"):
            hours, values = np.asarray(self.seconds) / 3600, np.asarray(getattr(self, name))
            good = np.isfinite(values) & (np.arange(len(values)) >= len(values) // 4)
            told[f"{name}_an_hour"] = (
                float(np.polyfit(hours[good], values[good], 1)[0]) if good.sum() > 2 else 0.0
            )
            told[name] = float(statistics.median(values[good])) if good.any() else 0.0
        told["largest_run_mib"] = float(np.nanmax(self.runs_mib)) if self.runs_mib else 0.0
        return told


def living(folders: Sequence[Path], word: str) -> list[psutil.Process]:
    """Processes of the application that work in one of the folders."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if word in words and any(str(folder) in each for folder in folders for each in words):
            found.append(process)
    return found


class Study:
    """One project with its run."""

    def __init__(self, root: Path, number: int, n_images: int, settings: SegmentSettings, side: int) -> None:
        images = root / f"plate {number}"
        images.mkdir()
        for image in range(n_images):
            tifffile.imwrite(images / f"{image:05d}_{image % KINDS:02d}.tif", pixels(image % KINDS, side))
        self.project = Project.create(root / f"study {number}")
        found = find_images([images], recursive=True)
        self.project.images.add([each for each in found if isinstance(each, FoundImage)])
        ids = [image.id for image in self.project.images.all()]
        self.n_images = len(ids)
        self.run = self.project.runs.add("night", segment_job(self.project, ids, settings, "night"), ids)
        self.folder = self.project.runs_folder / str(self.run.id)
        self.journal_path = self.project.folder / "edits" / "night" / "1" / JOURNAL_NAME
        self.journal = JournalWriter(self.journal_path, 0)
        self.n_edits = 0
        self.worker = None

    def state(self) -> str:
        while apply_new_events(self.project, self.run.id):
            pass
        return self.project.runs.get(self.run.id).state

    def go_on(self) -> None:
        """Ask for the run again where it was interrupted, as a person would."""
        if self.state() == "finished":
            return
        runs = self.project.runs_folder
        if self.worker is not None:
            self.worker.poll()
        intents.resume(self.folder)
        if working_on(runs) is None and (self.worker is None or self.worker.poll() is not None):
            self.worker = start_worker(runs)

    def edit(self) -> None:
        self.n_edits += 1
        cells = (self.n_edits % 7 + 1,)
        self.journal.append([Entry(self.n_edits, "edit", now(), "night", "brush", cells, (), 99)])

    def lost(self, expected: dict[int, str]) -> list[str]:
        """Say what is not as it should be."""
        record = self.project.runs.get(self.run.id)
        wrong = []
        if record.state == "finished" and (record.n_finished, record.n_failed) != (self.n_images, 0):
            wrong.append(f"{record.n_finished} finished and {record.n_failed} failed of {self.n_images}")
        output = self.project.results_folder / "night"
        latest = self.project.results.latest()
        for result in latest.values():
            for name in result.files:
                path = self.project.folder / name
                if not path.exists():
                    wrong.append(f"{name} is gone")
                elif name.endswith("_labels.tif"):
                    kind = int(path.name.removesuffix("_labels.tif").rpartition("_")[2])
                    if digest(path) != expected[kind]:
                        wrong.append(f"{name} is another one")
        wrong += [str(path) for path in output.rglob("*.partial*") if not path.name.startswith(".")]
        self.journal.close()
        journal = read_journal(self.journal_path)
        if journal.damage or len(journal.entries) != self.n_edits:
            wrong.append(f"the journal has {len(journal.entries)} of {self.n_edits} edits")
        return wrong


def disturb(studies: Sequence[Study], chance: random.Random, counts: dict[str, int]) -> None:
    study = chance.choice(studies)
    what = chance.choice(("run", "run", "work", "pause"))
    if what == "pause":
        intents.pause(study.folder)
        counts["pauses"] += 1
        return
    for process in living([study.project.folder], what)[:1]:
        try:
            os.kill(process.pid, signal.SIGKILL)
            counts["kills"] += 1
        except ProcessLookupError:
            pass


def night(
    studies: Sequence[Study], options: argparse.Namespace, counts: dict[str, int], held: Samples
) -> None:
    """Disturb the runs for a while, then wait until they have ended."""
    chance = random.Random(options.seed)
    folders = [study.project.folder for study in studies]
    started = disturbed = sampled = time.monotonic()
    end = started + 60 * options.minutes
    last = end + 60 * options.finish_minutes
    while time.monotonic() < last and not all(study.state() == "finished" for study in studies):
        for study in studies:
            study.go_on()
            study.edit()
        at = time.monotonic()
        if at < end and at - disturbed > chance.uniform(0, 2 * options.kill_every):
            disturbed = at
            disturb(studies, chance, counts)
        if at - sampled > SAMPLE_S:
            sampled = at
            held.take(started, folders)
        time.sleep(POLL_S)


def soak(options: argparse.Namespace, root: Path) -> dict[str, object]:
    make_model(root / "model")
    settings = SegmentSettings(model=str(root / "model"), device="cpu", diameter="14px")
    each = -(-options.images // options.projects)
    studies = [Study(root, number, each, settings, options.side) for number in range(options.projects)]
    first = studies[0]
    samples = first.project.images.all()[: min(KINDS, each)]
    job = segment_job(first.project, [image.id for image in samples], settings, "still")
    for _ in segment_images(job.model_copy(update={"output": root / "still"})):
        pass
    expected = {int(p.name.split("_")[1]): digest(p) for p in (root / "still").rglob("*_labels.tif")}
    counts, held = {"kills": 0, "pauses": 0}, Samples()
    folders = [study.project.folder for study in studies]
    started = time.monotonic()
    night(studies, options, counts, held)
    finished = sum(study.state() == "finished" for study in studies)
    for word in ("work", "run"):
        for process in living(folders, word):
            process.kill()
            process.wait(30)
    for study in studies:
        study.state()
    wrong = [f"{study.project.name}: {what}" for study in studies for what in study.lost(expected)]
    done = sum(study.project.runs.get(study.run.id).n_finished for study in studies)
    edits = sum(study.n_edits for study in studies)
    for study in studies:
        study.project.close()
    return {
        "images": each * len(studies),
        "images_done": done,
        "projects_finished": finished,
        **counts,
        "edits": edits,
        "minutes": round((time.monotonic() - started) / 60, 2),
        **{name: round(value, 3) for name, value in held.slopes().items()},
        "lost": wrong,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--projects", type=int, default=3)
    parser.add_argument("--side", type=int, default=96, help="edge of an image in pixels")
    parser.add_argument("--minutes", type=float, default=120, help="of kills and pauses")
    parser.add_argument("--finish-minutes", type=float, default=120, help="left alone afterwards, at most")
    parser.add_argument(
        "--kill-every", type=float, default=4, help="seconds between disturbances, on average"
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        told = soak(options, Path(name))
    sys.stdout.write(json.dumps(told) + "\n")
    return 1 if told["lost"] else 0


if __name__ == "__main__":
    sys.exit(main())
