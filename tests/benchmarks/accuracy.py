"""Scores of a model on the test splits, beside the classical baseline.

Cell size can be given as the true median of each picture, measured by the application, or left alone:

    python tests/benchmarks/accuracy.py --data ../shared/data --diameter true --out scores.json

Scores are means over test images; `--classical` takes the JSON of classical_baseline.py for the table.
`--at-most 3 --precision auto` gives a first impression in minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from classical_baseline import COLUMNS, TEST_SETS, ScoredSet, chosen_pairs
from dinocell_training.datasets import LabelledPair
from dinocell_training.evaluation import ImageScores, evaluate_labels, summarise

from dinocell_app.base.files import write_json
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.model_folder import SegmentationModel, load_model
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segment_image
from dinocell_app.segmentation.scale import typical_diameter

Image = TypeVar("Image")


def spread(pairs: Sequence[Image], at_most: int | None) -> list[Image]:
    """Some of the images, evenly spread over their names."""
    count = len(pairs) if at_most is None else min(at_most, len(pairs))
    return [pairs[int(number * len(pairs) / count)] for number in range(count)]


def score(
    test_set: ScoredSet, pair: LabelledPair, model: SegmentationModel, options: argparse.Namespace
) -> tuple[ImageScores, float, float]:
    """Score one image; also its true diameter and the one that was used, in pixels."""
    pixels, labels = pair.read()
    true = typical_diameter(labels)
    given = true if options.diameter == "true" else None
    parameters = SegmentationParameters(diameter_px=given, precision=options.precision)
    result = segment_image(pixels, model, parameters)
    used = result.scale.diameter_px
    ignore = test_set.ignored((labels.shape[0], labels.shape[1]))
    scores = evaluate_labels(result.labels.astype(np.int64), labels, ignore=ignore)
    return scores, true or np.nan, used or np.nan


def classical_scores(path: Path | None) -> dict[str, dict[str, float]]:
    if path is None:
        return {}
    return {entry["test_set"]: entry["scores"][0] for entry in json.loads(path.read_text("utf-8"))}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the data sets")
    parser.add_argument("--model", default="dinocell-s8", help="name or folder of a model")
    parser.add_argument("--diameter", choices=("true", "measured"), default="true")
    parser.add_argument("--classical", type=Path, help="JSON of classical_baseline.py")
    parser.add_argument("--out", type=Path, help="JSON file for the scores")
    parser.add_argument(
        "--channel",
        choices=("colour", "grey"),
        default="colour",
        help="of colour images; a model that takes no colours sees grey either way",
    )
    parser.add_argument("--precision", choices=("auto", "fp32", "bf16"), default="fp32")
    parser.add_argument("--at-most", type=int, metavar="N", help="images of each set, all when left out")
    parser.add_argument("--only", nargs="*", help="names of data sets, all when left out")
    options = parser.parse_args(arguments)

    model = load_model(find_model(options.model), "cpu")
    classical = classical_scores(options.classical)
    print("| test images | n | method | " + " | ".join(COLUMNS) + " | seconds | diameter true/used |")
    print("|---|---|---|" + "---|" * (len(COLUMNS) + 2))
    results = []
    for test_set in TEST_SETS:
        folder = options.data / test_set.name / "test"
        if (options.only and test_set.name not in options.only) or not folder.is_dir():
            continue
        started = time.perf_counter()
        channel = options.channel if test_set.channel == "grey" else test_set.channel
        pairs = spread(chosen_pairs(folder, test_set.beginning, channel), options.at_most)
        scored = [score(test_set, pair, model, options) for pair in pairs]
        seconds = time.perf_counter() - started
        total = summarise([entry[0] for entry in scored])
        diameters = [float(np.nanmedian([entry[i] for entry in scored])) for i in (1, 2)]
        figures = " | ".join(f"{total.mean[column]:.3f}" for column in COLUMNS)
        print(
            f"| {test_set.title} | {total.n_images} | {model.manifest.id}, {options.diameter} diameter "
            f"| {figures} | {seconds:.0f} | {diameters[0]:.0f} / {diameters[1]:.0f} |",
            flush=True,
        )
        if test_set.title in classical:
            figures = " | ".join(f"{classical[test_set.title][column]:.3f}" for column in COLUMNS)
            print(f"| {test_set.title} | {total.n_images} | classical | {figures} | | |", flush=True)
        results.append(
            {
                "test_set": test_set.title,
                "diameter": options.diameter,
                "scores": total.to_rows(),
                "median_diameters_px": diameters,
            }
        )
    if options.out:
        write_json(options.out, results)


if __name__ == "__main__":
    main()
