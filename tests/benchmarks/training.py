"""Training on this machine: images per second, and how much of the time the device waits for them.

    python tests/benchmarks/training.py                    # aim: the device waits under 10 % of the time
    python tests/benchmarks/training.py --device cuda --steps 20 --workers 0 4 8 --precision bf16
    python tests/benchmarks/training.py --data FOLDER --model none --config dinocell-b8

Without `--data`, pictures of 512 x 512 pixels with drawn cells are made. One line a phase and number of
loader processes; the first step is left out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tifffile

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dinocell_training.domain_adaptation import DomainAdaptation
from dinocell_training.estimates import time_steps
from dinocell_training.fine_tuning import FineTuning
from dinocell_training.fine_tuning_data import crops, read_data
from dinocell_training.processes import training_device
from dinocell_training.self_distillation.pictures import Picture, find_pictures
from dinocell_training.starting_point import starting_point
from dinocell_training.synthetic import random_scene_parameters, render_scene

from dinocell_app.jobs.job_kinds import FineTuneJob
from dinocell_app.jobs.training_settings import AdaptationSettings, TrainingSettings
from dinocell_app.model.objectives import objective_by_name

N_PICTURES = 8
EDGE = 512


class Measured(NamedTuple):
    """How fast a phase is."""

    words: str
    device: str
    n_images: int
    seconds: float
    loading_share: float


def drawn_pictures(folder: Path) -> Path:
    folder.mkdir()
    for number in range(N_PICTURES):
        rng = np.random.default_rng(number)
        scene = render_scene(random_scene_parameters(rng, EDGE, EDGE, diameter_px=30))
        pixels = (scene.pixels * 60_000).clip(0, 65_535).astype(np.uint16)
        tifffile.imwrite(folder / f"{number}.tif", pixels)
        tifffile.imwrite(folder / f"{number}_masks.tif", scene.labels.astype(np.uint16))
    return folder


def fine_tuning(data: Path, options: argparse.Namespace, workers: int) -> Measured:
    plan = TrainingSettings(batch_size=options.batch_size, workers=workers, precision=options.precision)
    job = FineTuneJob(
        data=(data,),
        output=data / "never-written",
        base_model=None if options.model == "none" else options.model,
        config=options.config,
        device=options.device,
        crop_size=options.crop_size,
        training=plan,
    )
    device = training_device(job.device)
    network, manifest = starting_point(job)
    objective = objective_by_name(manifest.objective)
    examples = crops(job, read_data(job), objective, manifest)
    run = FineTuning(network, objective, examples, plan, device)
    seconds, share = time_steps(run, lambda: run.loading_seconds, options.steps)
    words = (
        f"fine-tuning on {device}, {plan.batch_size} crops of {job.crop_size}, {workers} loader processes: "
        f"{plan.batch_size / seconds:.1f} images a second, waiting for them {share:.1%} of the time"
    )
    return Measured(words, str(device), plan.batch_size, seconds, share)


def adaptation(data: Path, options: argparse.Namespace, workers: int) -> Measured:
    settings = AdaptationSettings(
        batch_size=options.batch_size,
        global_size=options.view_size,
        local_size=options.view_size // 2,
        n_prototypes=1024,
        workers=workers,
        precision=options.precision,
    )
    device = training_device(options.device)
    base = None if options.model == "none" else options.model
    start = FineTuneJob(data=(data,), output=data / "never", base_model=base, config=options.config)
    network, _ = starting_point(start)
    pictures = [found for found in find_pictures([data], recursive=True) if isinstance(found, Picture)]
    run = DomainAdaptation(network.backbone, pictures, settings, device)
    seconds, share = time_steps(run, lambda: run.loading_seconds, options.steps)
    words = (
        f"adaptation on {device}, {settings.batch_size} pictures as views of {settings.global_size} and "
        f"{settings.local_size}, {workers} loader processes: {settings.batch_size / seconds:.1f} images a "
        f"second, waiting for them {share:.1%} of the time"
    )
    return Measured(words, str(device), settings.batch_size, seconds, share)


PHASES = {"finetune": fine_tuning, "adapt": adaptation}


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of labelled images")
    parser.add_argument("--model", default="dinocell-s8", help="to start from; none for a new network")
    parser.add_argument("--config", default="dinocell-s8", help="of a new network")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--crop-size", type=int, default=256)
    parser.add_argument("--view-size", type=int, default=224, help="of the large views of an adaptation")
    parser.add_argument("--phases", nargs="+", choices=PHASES, default=list(PHASES))
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--workers", type=int, nargs="+", default=[0])
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    options = make_parser().parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        data = options.data or drawn_pictures(Path(folder) / "drawn")
        for workers in options.workers:
            for phase in options.phases:
                print(PHASES[phase](data, options, workers).words, flush=True)


if __name__ == "__main__":
    main()
