"""What it costs not to know the size of cells: scores and time with the size measured and with it given.

Images of the train splits and drawn ones are resized, so that cells from 8 to 150 pixels occur, and cut to
the window with most cells:

    python tests/benchmarks/scale.py --data ../shared/data --images 2 --resized 0.4 1 2.5 --out scale.json

A line for each set: median of the true and of the measured diameter in pixels of the resized images, share of
images whose measured diameter is wrong by more than a factor of 1.5, AP at IoU 0.5 and processor time with
the true diameter given and with it measured. Test splits are only looked at with `--split test`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dinocell_training.datasets import labelled_pairs
from dinocell_training.decoded_scores import average_precision
from dinocell_training.sample_prediction import busiest_window
from dinocell_training.synthetic.drawings import DRAWINGS

from dinocell_app.base.files import write_json
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.model_folder import SegmentationModel, load_model
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segment_image
from dinocell_app.segmentation.scale import resample_image, typical_diameter

SETS = (
    ("usiigaci_phase", ""),
    ("qpi_vicar_dense", "qpi_dense"),
    ("yeastvision_phase", ""),
    ("nelson_phase", ""),
    ("cellphe_qpi", ""),
    ("bbbc039_u2os_nuclei", ""),
    ("hubmap_codex_cells", ""),
    ("published_hek", ""),
    ("deepcell_nuclei", ""),
    ("dsb2018_nuclei", "fluo"),
    ("dsb2018_nuclei", "HE"),
    ("dsb2018_nuclei", "stain"),
    ("dsb2018_nuclei", "brightfield"),
    ("cart_brightfield", ""),
)
WINDOW_IN_DIAMETERS = 18
"""Edge of the window of an image: with cells of 32 pixels in the network's image, some tiles."""

DRAWN_SIZE, DRAWN_DIAMETER = 640, 48.0
WRONG_FACTOR = 1.5


@dataclass(frozen=True)
class Line:
    """One image at one size, with the size given and with it measured."""

    true: float
    measured: float
    scores: tuple[float, float]
    seconds: tuple[float, float]

    @property
    def is_wrong(self) -> bool:
        ratio = self.measured / self.true
        return not 1 / WRONG_FACTOR <= ratio <= WRONG_FACTOR


def real_images(
    data: Path, split: str, count: int
) -> Iterator[tuple[str, NDArray[np.generic], NDArray[np.integer]]]:
    for name, beginning in SETS:
        folder = data / name / split
        if not folder.is_dir():
            continue
        pairs = [p for p in labelled_pairs(folder).pairs if p.image_path.name.startswith(beginning)]
        title = f"{name} ({beginning})" if beginning else name
        for number in np.unique(np.linspace(0, len(pairs) - 1, min(count, len(pairs))).round().astype(int)):
            yield title, *pairs[number].read()


def drawn_images(count: int) -> Iterator[tuple[str, NDArray[np.generic], NDArray[np.integer]]]:
    for kind, draw in DRAWINGS.items():
        for seed in range(count):
            pixels, labels = draw(np.random.default_rng(seed), DRAWN_SIZE, DRAWN_DIAMETER)
            yield f"drawn {kind}", pixels if pixels.ndim == 2 else pixels.mean(axis=2), labels


def compare(
    pixels: NDArray[np.generic], labels: NDArray[np.integer], resized: float, model: SegmentationModel
) -> Line | None:
    diameter = typical_diameter(labels)
    if diameter is None:
        return None
    window = busiest_window(labels, round(WINDOW_IN_DIAMETERS * diameter))
    shown = resample_image(np.asarray(pixels[window], np.float32), resized)
    size = (shown.shape[1], shown.shape[0])
    cells = cv2.resize(labels[window].astype(np.float64), size, interpolation=cv2.INTER_NEAREST).astype(int)
    true, ignored = diameter * resized, np.zeros(cells.shape, np.bool_)
    results, seconds = [], []
    for given in (true, None):
        started = time.process_time()
        results.append(segment_image(shown, model, SegmentationParameters(diameter_px=given)))
        seconds.append(time.process_time() - started)
    first, second = (average_precision(result.labels.astype(int), cells, ignored) for result in results)
    return Line(true, results[1].scale.diameter_px or float("nan"), (first, second), (seconds[0], seconds[1]))


def table_row(title: str, lines: Sequence[Line]) -> dict[str, str | float]:
    scores, seconds = (np.array([getattr(line, name) for line in lines]) for name in ("scores", "seconds"))
    return {
        "images": title,
        "n": len(lines),
        "true px": round(float(np.median([line.true for line in lines])), 1),
        "measured px": round(float(np.nanmedian([line.measured for line in lines])), 1),
        "wrong": round(float(np.mean([line.is_wrong for line in lines])), 3),
        "AP50 given": round(float(scores[:, 0].mean()), 3),
        "AP50 measured": round(float(scores[:, 1].mean()), 3),
        "time measured / given": round(float(seconds[:, 1].sum() / seconds[:, 0].sum()), 2),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the data sets")
    parser.add_argument("--split", choices=("train", "test"), default="train")
    parser.add_argument("--model", default="dinocell-s8", help="name or folder of a model")
    parser.add_argument("--images", type=int, default=2, help="of each set, and of each kind of drawing")
    parser.add_argument("--resized", type=float, nargs="*", default=[0.4, 1.0, 2.5])
    parser.add_argument("--out", type=Path, help="JSON file for the table")
    options = parser.parse_args(arguments)

    model = load_model(find_model(options.model), "cpu")
    found: dict[str, list[Line]] = {}
    images = [*real_images(options.data, options.split, options.images)]
    if options.split == "train":
        images += drawn_images(options.images)
    rows: list[dict[str, str | float]] = []
    for place, (title, pixels, labels) in enumerate(images):
        for resized in options.resized:
            line = compare(pixels, labels, resized, model)
            if line is not None:
                found.setdefault(title, []).append(line)
        last = place + 1 == len(images) or images[place + 1][0] != title
        if last and title in found:
            rows.append(table_row(title, found[title]))
            if len(rows) == 1:
                print("| " + " | ".join(rows[0]) + " |\n" + "|---" * len(rows[0]) + "|")
            print("| " + " | ".join(str(value) for value in rows[-1].values()) + " |", flush=True)
    rows.append(table_row("all", [line for lines in found.values() for line in lines]))
    print("| " + " | ".join(str(value) for value in rows[-1].values()) + " |")
    if options.out:
        write_json(options.out, rows)


if __name__ == "__main__":
    main()
