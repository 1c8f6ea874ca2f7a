"""How often a picture is doubted by `reference_domain`, within a set of pictures and across kinds of them.

    python tests/benchmarks/reference_domain.py --kind tissue=DIR --kind phase=DIR --kind phase=OTHER_DIR

Each folder is one set of pictures; sets of the same kind are neither the same nor another kind to each other.
References are drawn at random from one picture and compared with the cells of every other one.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dinocell_app.export.labelled_image import label_ids
from dinocell_app.imaging.planes import select_planes
from dinocell_app.imaging.reading import open_image
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.model_folder import SegmentationModel, load_model
from dinocell_app.references.likeness import domain_likeness
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import segmenting
from dinocell_app.segmentation.reference.description import describe_cells

EDGE = 384
"""Pixels of the middle of a picture that are looked at."""

THRESHOLDS, COUNTS, DRAWS = (0.5, 0.55, 0.6, 0.65), (1, 2, 4), 4


def described(path: Path, model: SegmentationModel) -> NDArray[np.float32] | None:
    """Describe the cells in the middle of a picture; None with fewer than four."""
    with open_image(path) as reader:
        pixels = next(select_planes(reader)).pixels
    top, left = (max(0, (edge - EDGE) // 2) for edge in pixels.shape)
    pixels = pixels[top : top + EDGE, left : left + EDGE]
    steps = segmenting(pixels, model, SegmentationParameters(), path.name, keep_features=True)
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            found = finished.value
            break
    ids = label_ids(found.labels)
    return describe_cells(found.labels, ids, found.features, pixels) if len(ids) > 3 else None


def main() -> None:
    """Print the share of doubted pictures by threshold and number of references."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", action="append", required=True, metavar="KIND=FOLDER")
    parser.add_argument("--model", default="dinocell-s8")
    parser.add_argument("--most", type=int, default=7, help="pictures of a folder")
    arguments = parser.parse_args()
    model = load_model(find_model(arguments.model), "cpu")
    rng = np.random.default_rng(0)
    pictures = []
    for number, given in enumerate(arguments.kind):
        kind, _, folder = given.partition("=")
        paths = sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in {".tif", ".png"})
        for path in rng.permutation(np.array(paths, object))[: arguments.most]:
            cells = described(path, model)
            if cells is not None:
                pictures.append((kind, number, cells))
    for n in COUNTS:
        same, other = [], []
        for (kind, number, cells), (kind2, number2, cells2) in itertools.permutations(pictures, 2):
            for _ in range(DRAWS):
                drawn = rng.choice(len(cells), min(n, len(cells)), replace=False)
                likeness = domain_likeness(cells2, cells[drawn])
                if number == number2:
                    same.append(likeness)
                elif kind != kind2:
                    other.append(likeness)
        for threshold in THRESHOLDS:
            shares = [np.mean(np.array(each, float) < threshold) for each in (same, other)]
            print(f"{n} references, below {threshold}: same set {shares[0]:.3f}, other kind {shares[1]:.3f}")


if __name__ == "__main__":
    main()
