"""How well scores of reference cells tell types of cells apart, beside a baseline of area and intensity.

References are drawn at random over all pictures of a set; every other cell with a known type is scored in its
own picture, and the scores of all pictures are ranked together:

    python tests/benchmarks/reference_cells.py --data ../shared/data

Blood cells are those the model finds; their type is that of the smallest box around their centre, and cells
in no box are left out. Nuclei are the labelled ones. Drawn cells are of two shapes, of which one was pasted
between the other, and are compared within their picture. Means over draws; AP of a random order is the share.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.stats import rankdata

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dinocell_training.synthetic.parameters import SceneParameters
from dinocell_training.synthetic.scene import render_scene

from dinocell_app.export.label_files import read_labels
from dinocell_app.export.labelled_image import label_ids
from dinocell_app.imaging.planes import select_planes
from dinocell_app.imaging.reading import open_image
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.model_folder import SegmentationModel, load_model
from dinocell_app.segmentation.parameters import SegmentationParameters
from dinocell_app.segmentation.predictor import Segmentation, segmenting
from dinocell_app.segmentation.reference.description import describe_cells
from dinocell_app.segmentation.reference.scoring import TypeReferences, score_cells

BLOOD_CELL_PX = 60.0
"""About the diameter of a red cell in these pictures; saves the pass that measures it."""

MODALITIES = ("phase_contrast", "fluorescence_cytoplasm", "quantitative_phase", "dic", "brightfield")
DRAWN = {
    ("round", "rod"): (24.0, 24.0),
    ("budding", "round"): (24.0, 24.0),
    ("spread", "round"): (40.0, 22.0),
    ("spindle", "spread"): (34.0, 34.0),
}
"""Shapes of cells and their diameters in pixels."""


@dataclass(frozen=True)
class Picture:
    """Cells of a picture: descriptions (K, D), z-scores of area and intensity (K, 2), types ("" unknown)."""

    cells: NDArray[np.float32]
    plain: NDArray[np.float32]
    types: NDArray[np.str_]


def described(path: Path, model: SegmentationModel, source: Path) -> Picture:
    """Describe the cells of a picture of blood (`source` has boxes) or tissue (`source` has labels)."""
    with open_image(path) as reader:
        pixels = next(select_planes(reader)).pixels
    boxed = source.suffix == ".csv"
    parameters = SegmentationParameters(diameter_px=BLOOD_CELL_PX if boxed else None)
    found = segmented(pixels, model, parameters)
    labels = found.labels if boxed else read_labels(source)
    ids = label_ids(labels)
    if boxed:
        types = list(types_of_boxes(labels, ids, source))
    else:
        named = json.loads(source.with_suffix(".types.json").read_text("utf-8"))
        types = [named.get(str(label), "") for label in ids]
    return _picture(pixels, labels, found, types)


def drawn_scene(
    modality: str, shapes: tuple[str, str], sizes: tuple[float, float], seed: int
) -> tuple[Any, ...]:
    """Draw cells of two shapes into one picture: pixels, labels and the shape of each label."""
    scenes = [
        render_scene(SceneParameters(384, 384, modality, shape, size, 0.3, 2 * seed + i, degradation=0.3))
        for i, (shape, size) in enumerate(zip(shapes, sizes, strict=True))
    ]
    pixels = []
    for scene in scenes:
        low, high = np.percentile(scene.pixels, [1, 99])
        pixels.append((scene.pixels - np.median(scene.pixels[scene.labels == 0])) / (high - low))
    picture, labels, types = pixels[0].copy(), scenes[0].labels.copy(), list(scenes[0].types)
    for label in range(1, int(scenes[1].labels.max()) + 1):
        cell = scenes[1].labels == label
        if not (labels[ndimage.binary_dilation(cell, iterations=4)] > 0).any():
            edge = ndimage.gaussian_filter(ndimage.binary_dilation(cell, iterations=2).astype(float), 1.5)
            picture = picture * (1 - edge) + pixels[1] * edge
            types.append(scenes[1].types[label - 1])
            labels[cell] = len(types)
    return picture.astype(np.float32), labels, types


def segmented(
    pixels: NDArray[np.generic], model: SegmentationModel, parameters: SegmentationParameters
) -> Segmentation:
    steps = segmenting(pixels, model, parameters, keep_features=True)
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            return finished.value


def _picture(
    pixels: NDArray[np.generic], labels: NDArray[np.integer], found: Segmentation, types: Sequence[str]
) -> Picture:
    ids = label_ids(labels)
    plain = np.column_stack([np.log(np.bincount(labels.ravel())[ids]), ndimage.mean(pixels, labels, ids)])
    plain = (plain - plain.mean(axis=0)) / np.maximum(plain.std(axis=0), 1e-6)
    cells = describe_cells(labels, ids, found.features, pixels)
    return Picture(cells, plain.astype(np.float32), np.array(types))


def types_of_boxes(labels: NDArray[np.integer], ids: NDArray[np.int64], path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="") as lines:
        boxes = [
            (row["type"], *(int(row[k]) for k in ("xmin", "ymin", "xmax", "ymax")))
            for row in csv.DictReader(lines)
        ]
    boxes.sort(key=lambda box: (box[3] - box[1]) * (box[4] - box[2]))
    for row, column in ndimage.center_of_mass(labels > 0, labels, ids):
        yield next((b[0] for b in boxes if b[1] <= column <= b[3] and b[2] <= row <= b[4]), "")


def average_precision(scores: NDArray[np.floating], wanted: NDArray[np.bool_]) -> float:
    """Mean precision at the rank of each wanted cell; cells of equal score take the worst order."""
    order = np.lexsort((wanted, -scores))
    hits = wanted[order]
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def area_under_curve(scores: NDArray[np.floating], wanted: NDArray[np.bool_]) -> float:
    n = wanted.sum()
    return float((rankdata(scores)[wanted].sum() - n * (n + 1) / 2) / (n * (~wanted).sum()))


def one_draw(
    pictures: Sequence[Picture], name: str, numbers: tuple[int, int], rng: np.random.Generator
) -> dict[str, tuple[float, ...]]:
    """Draw references, score the other cells by features and by area and intensity."""
    known = [(p, i) for p, picture in enumerate(pictures) for i in np.flatnonzero(picture.types != "")]
    groups = [[k for k in known if (pictures[k[0]].types[k[1]] == name) == own] for own in (True, False)]
    drawn = [
        [group[i] for i in rng.choice(len(group), number, replace=False)]
        for group, number in zip(groups, numbers, strict=True)
    ]
    used = {key for group in drawn for key in group}
    columns: list[list[tuple[float, float, bool]]] = []
    vectors = [_taken(pictures, keys, "cells") for keys in drawn]
    plain = [_taken(pictures, keys, "plain") for keys in drawn]
    for p, picture in enumerate(pictures):
        ours = score_cells(picture.cells, TypeReferences(name, vectors[0], vectors[1]))
        distances = [np.linalg.norm(picture.plain[:, None] - v[None], axis=2) for v in plain]
        simple = -distances[0].min(axis=1)
        if numbers[1]:
            simple = simple + distances[1].min(axis=1)
        kept = [i for i in np.flatnonzero(picture.types != "") if (p, i) not in used]
        columns.append([(ours[i], simple[i], picture.types[i] == name) for i in kept])
    table = np.array([row for rows in columns for row in rows], np.float64)
    wanted = table[:, 2] > 0
    judged = table[:, 0] >= 0.5
    right = (judged & wanted).sum()
    return {
        "features": (average_precision(table[:, 0], wanted), area_under_curve(table[:, 0], wanted)),
        "baseline": (average_precision(table[:, 1], wanted), area_under_curve(table[:, 1], wanted)),
        "at 0.5": (right / max(1, judged.sum()), right / wanted.sum()),
        "share": (float(wanted.mean()),),
    }


def _taken(pictures: Sequence[Picture], keys: Sequence[tuple[int, int]], field: str) -> NDArray[np.float32]:
    width = getattr(pictures[0], field).shape[1]
    rows = [getattr(pictures[p], field)[i] for p, i in keys]
    return np.array(rows, np.float32).reshape(len(rows), width)


def report(title: str, pictures: Sequence[Picture], draws: int) -> None:
    """Print a row for each type and number of references."""
    names, counts = np.unique(np.concatenate([picture.types for picture in pictures]), return_counts=True)
    n_cells = dict(zip(names.tolist(), counts.tolist(), strict=True))
    print(f"{title}: {len(pictures)} pictures, cells by type {n_cells}")
    print(
        f"{'type':<14}{'refs':<8}{'share':>6}{'AP':>7}{'AUC':>7}"
        f"{'base AP':>9}{'base AUC':>9}{'P@.5':>7}{'R@.5':>7}"
    )
    for name, count in n_cells.items():
        for numbers in ((1, 0), (3, 0), (5, 0), (1, 1), (3, 3), (5, 5)):
            if not name or count < numbers[0] + 3 or sum(counts) - count < numbers[1] + 3:
                continue
            rng = np.random.default_rng(0)
            found = [one_draw(pictures, name, numbers, rng) for _ in range(draws)]
            means = {key: np.mean([each[key] for each in found], axis=0) for key in found[0]}
            values = [*means["features"], *means["baseline"], *means["at 0.5"]]
            shown = "".join(f"{v:>{w}.3f}" for v, w in zip(values, (7, 7, 9, 9, 7, 7), strict=True))
            print(
                f"{name:<14}{f'+{numbers[0]} -{numbers[1]}':<8}{means['share'][0]:>6.2f}{shown}", flush=True
            )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the data sets")
    parser.add_argument("--model", default="dinocell-s8", help="name or folder of a model")
    parser.add_argument("--draws", type=int, default=20, help="random choices of references")
    parser.add_argument("--pictures", type=int, default=1000, help="of blood, at most")
    given = parser.parse_args(arguments)
    model = load_model(find_model(given.model))
    tissue = given.data / "pannuke_3patches" / "test"
    blood = given.data / "cbc_blood_boxes" / "unlabelled"
    pictures = [described(p, model, tissue / "masks" / p.name) for p in sorted((tissue / "images").iterdir())]
    report("pannuke_3patches, labelled nuclei", pictures, given.draws)
    for seed, (modality, shapes) in enumerate(itertools.product(MODALITIES, DRAWN)):
        pixels, labels, types = drawn_scene(modality, shapes, DRAWN[shapes], seed)
        found = segmented(pixels, model, SegmentationParameters())
        types = [types[label - 1] for label in label_ids(labels)]
        report(f"drawn, {modality}, {' and '.join(shapes)}", [_picture(pixels, labels, found, types)], 4)
    paths = sorted((blood / "images").iterdir())[: given.pictures]
    pictures = [described(p, model, blood / "boxes" / f"{p.stem}.csv") for p in paths]
    report("cbc_blood_boxes, cells found", pictures, given.draws)


if __name__ == "__main__":
    main()
