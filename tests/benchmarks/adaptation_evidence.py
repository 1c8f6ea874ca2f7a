"""Whether domain adaptation helps: the table of the DINOCell paper's section 4.2 on your own images.

    python tests/benchmarks/adaptation_evidence.py OUT --backbone-weights FILE --unlabelled FOLDER... \\
        --labelled FOLDER... --test FOLDER... --minutes 70 --seeds 3
    python tests/benchmarks/adaptation_evidence.py OUT ... --only adapt       # adaptation alone

Adapts a ViT-S from DINOv2 weights to the unlabelled images, then teaches a segmentation network from random,
DINOv2 and adapted weights with the same small budget and scores each on the test folders. Everything is kept
in OUT: the same command goes on where it was broken off.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dinocell_training.datasets import LabelledPair, labelled_pairs
from dinocell_training.evaluation import evaluate_labels, summarise

from dinocell_app.base.files import replacing, write_json
from dinocell_app.commands.console import EXIT_OK
from dinocell_app.commands.execution import execute_run
from dinocell_app.jobs.job_kinds import AdaptJob, FineTuneJob, Job
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.jobs.training_settings import TrainingSettings
from dinocell_app.model.model_folder import SegmentationModel, load_model
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segment_image
from dinocell_app.segmentation.scale import typical_diameter

STARTS = ("random", "DINOv2", "DINOv2, adapted")
METRICS = ("ap_0.5", "seg", "mma")
_BACKBONE = "backbone."


def do(job: Job, folder: Path) -> None:
    """Do a job, or go on with it; end the program when it is stopped."""
    run = RunFolder.create(folder, job)
    if not run.finished() and (execute_run(run, json_lines=False) != EXIT_OK or not run.finished()):
        sys.exit("Stopped; the same command goes on from here")


def adapt(options: argparse.Namespace) -> Path:
    """Adapt the transformer and give its weights as a file of their own."""
    job = AdaptJob(
        inputs=tuple(options.unlabelled),
        recursive=True,
        output=options.out / "adapted",
        base_model=None,
        backbone_weights=options.backbone_weights,
        minutes=options.minutes,
        device=options.device,
    )
    do(job, options.out / "adapted-run")
    path: Path = options.out / "adapted_backbone.safetensors"
    weights = load_file(job.output / "weights.safetensors")
    backbone = {
        name.removeprefix(_BACKBONE): value for name, value in weights.items() if name.startswith(_BACKBONE)
    }
    with replacing(path) as beside:
        save_file(backbone, beside)
    return path


def scores(options: argparse.Namespace, weights: Path | None, name: str, seed: int) -> dict[str, float]:
    """Teach a network and score it on every test folder; what was scored before is read."""
    folder: Path = options.out / f"{name.replace(', ', '_')}-{seed}"
    written = folder / "scores.json"
    if not written.exists():
        job = FineTuneJob(
            data=tuple(options.labelled),
            output=folder / "model",
            base_model=None,
            backbone_weights=weights,
            validation_share=0.0,
            device=options.device,
            crop_size=options.crop_size,
            training=TrainingSettings(
                epochs=options.epochs,
                steps_per_epoch=options.steps,
                batch_size=options.batch_size,
                learning_rate=options.learning_rate,
                encoder_learning_rate=options.learning_rate / 10,
                warmup_epochs=1,
                seed=seed,
            ),
        )
        do(job, folder / "run")
        model = load_model(job.output)
        found = {
            f"{number} {metric}": value
            for number, test in enumerate(options.test)
            for metric, value in means(model, labelled_pairs(test).pairs).items()
        }
        write_json(written, found)
    content: dict[str, float] = json.loads(written.read_text())
    return content


def means(model: SegmentationModel, pairs: Sequence[LabelledPair]) -> dict[str, float]:
    """Score at the true median diameter: a network that finds nothing cannot measure it."""
    found = []
    for pair in pairs:
        pixels, labels = pair.read()
        parameters = SegmentationParameters(diameter_px=typical_diameter(labels), precision="fp32")
        result = segment_image(pixels, model, parameters)
        found.append(evaluate_labels(result.labels.astype(np.int64), labels))
    return dict(summarise(found).mean)


def table(options: argparse.Namespace, found: dict[str, list[dict[str, float]]]) -> str:
    """Lay the means and standard deviations over the seeds out as Markdown."""
    lines = [
        "| test images | metric | " + " | ".join(found) + " |",
        "|---|---|" + "---|" * len(found),
    ]
    for number, test in enumerate(options.test):
        for metric in METRICS:
            cells = []
            for runs in found.values():
                values = [run[f"{number} {metric}"] for run in runs]
                spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
                cells.append(f"{statistics.mean(values):.3f}{spread}")
            lines.append(f"| {test.parent.name}/{test.name} | {metric} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what is asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    folder = {"type": Path, "nargs": "+", "metavar": "FOLDER"}
    parser.add_argument("out", type=Path)
    parser.add_argument("--backbone-weights", type=Path, required=True)
    parser.add_argument("--unlabelled", required=True, **folder)
    parser.add_argument("--labelled", default=[], **folder)
    parser.add_argument("--test", default=[], **folder)
    parser.add_argument("--only", choices=("adapt",))
    parser.add_argument("--minutes", type=float, default=70)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--crop-size", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=5e-4, help="a tenth for the encoder")
    options = parser.parse_args(arguments)
    options.out = options.out.absolute()
    options.out.mkdir(parents=True, exist_ok=True)
    adapted = adapt(options)
    if options.only == "adapt":
        return
    starts = dict(zip(STARTS, (None, options.backbone_weights, adapted), strict=True))
    found: dict[str, list[dict[str, float]]] = {name: [] for name in STARTS}
    for seed in range(options.seeds):
        for name, weights in starts.items():
            found[name].append(scores(options, weights, name, seed))
        print(f"\nAfter {seed + 1} of {options.seeds} seeds:\n\n{table(options, found)}\n", flush=True)


if __name__ == "__main__":
    main()
