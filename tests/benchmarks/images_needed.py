"""How many labelled pictures a model needs, and whether what the application says about it is true.

    python tests/benchmarks/images_needed.py OUT LABELLED TEST [--counts 1 2 5 10 20] [--seeds 3]
        [--known FOLDER...]

Draws pictures of the folder LABELLED at random, the fewer being among the more, teaches a model with them as
the application does by itself (held out or judged in turns, mixed with the base, the base kept where nothing
beats it), and prints the mean AP at IoU 0.5 over the pictures of the folder TEST, at the cell size that each
model measures by itself. With --known the same for sets that the base was made for: what is forgotten. The
row of 0 pictures is the base. The last columns are the share of what was learned that was taken, and the
verdict, which knows nothing of TEST. Name data that the base was not taught with. Everything is kept in OUT:
the same command goes on where it was broken off.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dinocell_training.datasets import LabelledPair, labelled_pairs
from dinocell_training.evaluation import evaluate_labels, summarise
from dinocell_training.verdict import Verdict

from dinocell_app.base.files import write_json
from dinocell_app.commands.console import EXIT_OK
from dinocell_app.commands.execution import execute_run
from dinocell_app.jobs.common_fields import DEFAULT_MODEL
from dinocell_app.jobs.job_kinds import FineTuneJob
from dinocell_app.jobs.run_folder import RunFolder
from dinocell_app.jobs.training_presets import PRESETS
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.manifest import MANIFEST_NAME
from dinocell_app.model.model_folder import load_model
from dinocell_app.pipeline.devices import choose_device
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segment_image


def chosen(pairs: Sequence[LabelledPair], count: int, seed: int) -> list[LabelledPair]:
    """Draw pictures; with the same seed, fewer are among more."""
    order = np.random.default_rng(seed).permutation(len(pairs))
    return [pairs[index] for index in order[:count]]


def copied(pairs: Sequence[LabelledPair], folder: Path) -> int:
    """Make a data set of its own of some pictures, and count their cells."""
    n_cells = 0
    for number, pair in enumerate(pairs):
        _, labels = pair.read()
        n_cells += len(np.unique(labels[labels > 0]))
        for kind in ("images", "masks"):
            (folder / kind).mkdir(parents=True, exist_ok=True)
        stem = f"{number:03d}_{pair.image_path.stem}"
        shutil.copyfile(pair.image_path, folder / "images" / (stem + pair.image_path.suffix))
        tifffile.imwrite(folder / "masks" / f"{stem}.tif", labels.astype(np.uint16))
    return n_cells


def score(model_folder: Path, test: Sequence[LabelledPair], device: str) -> float:
    """Give the mean AP at IoU 0.5 of a model."""
    model = load_model(model_folder, choose_device(device))
    found = []
    for pair in test:
        pixels, labels = pair.read()
        result = segment_image(pixels, model, SegmentationParameters())
        found.append(evaluate_labels(result.labels.astype(np.int64), labels))
    return summarise(found).mean["ap_0.5"]


def taught(
    options: argparse.Namespace, pairs: Sequence[LabelledPair], count: int, seed: int
) -> dict[str, Any]:
    """Teach with some pictures and score; what was done before is read."""
    folder: Path = options.out / f"{count}-pictures-{seed}"
    written = folder / "score.json"
    if not written.exists():
        started = time.monotonic()
        n_cells = copied(chosen(pairs, count, seed), folder / "data")
        fields = PRESETS[options.preset].fields()
        changes = {"seed": seed, "epochs": options.epochs, "steps_per_epoch": options.steps}
        fields["training"] |= {name: value for name, value in changes.items() if value is not None}
        fields["crop_size"] = options.crop_size or fields["crop_size"]
        job = FineTuneJob(
            data=(folder / "data",),
            output=folder / "model",
            base_model=options.base,
            device=options.device,
            **fields,
        )
        run = RunFolder.create(folder / "run", job)
        if not run.finished() and (execute_run(run, json_lines=False) != EXIT_OK or not run.finished()):
            sys.exit("Stopped; the same command goes on from here")
        minutes = (time.monotonic() - started) / 60
        verdict = Verdict.read(run.path)
        # Where no model is offered a person goes on with the base.
        offered = (job.output / MANIFEST_NAME).exists()
        scores = {
            name: score(job.output, those, options.device) if offered else options.before[name]
            for name, those in options.sets.items()
        }
        said = "no verdict" if verdict is None else "keep the base" if verdict.keep_base else verdict.outcome
        share = verdict.share if verdict is not None and offered else float(offered)
        write_json(
            written,
            {
                "cells": n_cells,
                "minutes": round(minutes, 1),
                "ap_0.5": scores,
                "share": share,
                "verdict": said,
            },
        )
    content: dict[str, Any] = json.loads(written.read_text())
    return content


def row(count: int, found: Sequence[dict[str, Any]]) -> str:
    """Lay the scores of a number of pictures out as a row of a Markdown table."""
    columns = []
    for name in found[0]["ap_0.5"]:
        values = [each["ap_0.5"][name] for each in found]
        each = f" ({', '.join(f'{value:.3f}' for value in values)})" if len(values) > 1 else ""
        columns.append(f"{statistics.mean(values):.3f}{each}")
    cells = round(statistics.mean(each["cells"] for each in found))
    minutes = statistics.mean(each["minutes"] for each in found)
    shares = ", ".join(f"{each['share']:g}" for each in found)
    said = ", ".join(each["verdict"] for each in found)
    return f"| {count} | {cells} | {minutes:.0f} | {' | '.join(columns)} | {shares} | {said} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what is asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("labelled", type=Path, help="folder of labelled pictures to teach with")
    parser.add_argument("test", type=Path, help="folder of labelled pictures to score")
    parser.add_argument(
        "--known", type=Path, nargs="+", default=(), help="labelled folders that the base was made for"
    )
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 2, 5, 10, 20])
    parser.add_argument("--seeds", type=int, default=1, help="how often each number is drawn")
    parser.add_argument("--base", default=DEFAULT_MODEL, help="model to start from")
    parser.add_argument("--preset", choices=tuple(PRESETS), default="balanced", help="of the wizard")
    parser.add_argument("--epochs", type=int, help="in place of the preset's")
    parser.add_argument("--steps", type=int, help="of an epoch, in place of the preset's")
    parser.add_argument("--crop-size", type=int, help="pixels, in place of the preset's")
    parser.add_argument("--device", default="auto")
    options = parser.parse_args(arguments)
    options.out = options.out.absolute()
    pairs = labelled_pairs(options.labelled).pairs
    folders = {"AP at IoU 0.5": options.test, **{f"AP on {each.parent.name}": each for each in options.known}}
    options.sets = {name: labelled_pairs(folder).pairs for name, folder in folders.items()}
    n_test = len(options.sets["AP at IoU 0.5"])
    print(f"{len(pairs)} pictures to teach with, {n_test} to score\n", flush=True)
    columns = ("pictures", "cells", "minutes", *options.sets, "share", "verdict")
    print(f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|", flush=True)
    base = find_model(options.base)
    options.before = {name: score(base, those, options.device) for name, those in options.sets.items()}
    untaught = {"cells": 0, "minutes": 0, "ap_0.5": options.before, "share": 0.0, "verdict": ""}
    print(row(0, [untaught]), flush=True)
    for count in sorted({min(count, len(pairs)) for count in options.counts}):
        found = [taught(options, pairs, count, seed) for seed in range(options.seeds)]
        print(row(count, found), flush=True)


if __name__ == "__main__":
    main()
