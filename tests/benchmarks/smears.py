"""How many blood cells are found: recall of labelled boxes at IoU 0.5, by type, in grey and in colour.

    python tests/benchmarks/smears.py --data ../shared/data --channel colour

Red cells are often half hidden and not all of them are boxed, so that nothing is said about cells too many;
of white cells, where all are boxed, a second object in one box is counted too: a nucleus or a granule found
beside its cell.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from accuracy import spread

from dinocell_app.imaging.planes import ChannelChoice, select_planes
from dinocell_app.imaging.reading import open_image
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.model_folder import load_model
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segment_image

SETS = ("cbc_blood_boxes", "draaslan_blood_boxes")
TYPES = ("RBC", "WBC")
LEAST_IOU = 0.5

Boxes = NDArray[np.float64]  # (n, 4): first row, first column, and those after the last


def read_boxes(path: Path) -> dict[str, Boxes]:
    """Boxes of an image by type."""
    found: dict[str, list[list[float]]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["type"]].append([float(row[name]) for name in ("ymin", "xmin", "ymax", "xmax")])
    return {kind: np.array(boxes) for kind, boxes in found.items()}


def boxes_of(labels: NDArray[np.integer]) -> Boxes:
    """Boxes of the cells of a label image."""
    slices = [each for each in find_objects(labels.astype(np.int32)) if each is not None]
    corners = [[rows.start, columns.start, rows.stop, columns.stop] for rows, columns in slices]
    return np.array(corners, np.float64).reshape(-1, 4)


def box_iou(first: Boxes, second: Boxes) -> NDArray[np.float64]:
    """IoU of every box of one list with every box of another."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.maximum(high - low, 0).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (first, second)]
    return shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-9)


def inside(found: Boxes, box: NDArray[np.float64]) -> int:
    """Number of found boxes whose middle lies in a box."""
    middle = (found[:, :2] + found[:, 2:]) / 2
    return int(((middle >= box[:2]) & (middle < box[2:])).all(axis=1).sum())


def images(folder: Path, at_most: int | None) -> Iterator[tuple[Path, dict[str, Boxes]]]:
    """Images of a set with their boxes."""
    for path in spread(sorted((folder / "images").iterdir()), at_most):
        yield path, read_boxes(folder / "boxes" / f"{path.stem}.csv")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the data sets")
    parser.add_argument("--model", default="dinocell-s8", help="name or folder of a model")
    parser.add_argument("--channel", choices=("colour", "grey"), default="colour")
    parser.add_argument("--precision", choices=("auto", "fp32", "bf16"), default="fp32")
    parser.add_argument("--at-most", type=int, metavar="N", help="images of each set, all when left out")
    options = parser.parse_args(arguments)
    model = load_model(find_model(options.model), "cpu")
    print(
        "| images | n | channel | RBC recall | WBC recall | objects in a WBC box |\n|---|---|---|---|---|---|"
    )
    for name in SETS:
        recalled: dict[str, list[bool]] = {kind: [] for kind in TYPES}
        objects: list[int] = []
        count = 0
        for path, boxes in images(options.data / name / "unlabelled", options.at_most):
            with open_image(path) as reader:
                pixels = next(select_planes(reader, channel=ChannelChoice.parse(options.channel))).pixels
            parameters = SegmentationParameters(precision=options.precision)
            found = boxes_of(segment_image(pixels, model, parameters).labels)
            for kind in TYPES:
                wanted = boxes.get(kind, np.empty((0, 4)))
                recalled[kind] += list((box_iou(wanted, found) >= LEAST_IOU).any(axis=1))
            objects += [inside(found, box) for box in boxes.get("WBC", ())]
            count += 1
        shares = " | ".join(f"{np.mean(recalled[kind]):.3f}" for kind in TYPES)
        print(f"| {name} | {count} | {options.channel} | {shares} | {np.mean(objects):.2f} |", flush=True)


if __name__ == "__main__":
    main()
