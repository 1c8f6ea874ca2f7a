"""Scores of a classical segmentation, fairly tuned: what a network has to beat.

Gaussian smoothing, a foreground from an Otsu, an adaptive or a local-variance threshold of either
polarity, and a watershed of the distance transform from its h-maxima. Parameters are chosen per
data set on at most 8 images of its **train** split (for sets without one, of the set of the nearest
modality, see `TEST_SETS`) by AP at IoU 0.5: first the foreground, then splitting and growth. The test
split chooses nothing in a run; the grid itself, however, was widened after seeing test scores and
pictures of yeastvision_phase and usiigaci_phase, which can only favour the baseline.

    python tests/benchmarks/classical_baseline.py --data ../shared/data --out scores.json

Scores are means over test images.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu
from skimage.measure import label as connected_components
from skimage.morphology import reconstruction
from skimage.segmentation import expand_labels, watershed

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dinocell_training.datasets import LabelledPair, labelled_pairs
from dinocell_training.evaluation import ImageScores, evaluate_labels, summarise

from dinocell_app.base.files import write_json
from dinocell_app.imaging.planes import ChannelChoice

N_TUNING_IMAGES = 8
TUNING_SIDE = 400
COLUMNS = ("ap_0.5", "ap_0.75", "seg", "det", "mma")


@dataclass(frozen=True)
class ScoredSet:
    """Test images that share one choice of parameters.

    Parameters
    ----------
    name : str
        Folder below the data folder.
    tuned_on : str
        Folder whose train split the parameters are chosen on.
    beginning, tuned_beginning : str
        Only test (tuning) images whose name begins so.
    channel : str
        Of the images, as `ChannelChoice` reads it.
    unlabelled_border : int
        Pixels along the border in which cells were left without an outline; nothing is counted there.
    """

    name: str
    tuned_on: str
    beginning: str = ""
    tuned_beginning: str = ""
    channel: str = "grey"
    unlabelled_border: int = 0

    @property
    def title(self) -> str:
        part = f" ({self.beginning.rstrip('_')})" if self.beginning else ""
        return self.name + part

    def ignored(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Where nothing is counted."""
        border = self.unlabelled_border
        ignored = np.ones(shape, np.bool_)
        ignored[border : shape[0] - border, border : shape[1] - border] = False
        return ignored


TEST_SETS = (
    ScoredSet("usiigaci_phase", "usiigaci_phase"),
    ScoredSet("dsb2018_nuclei", "dsb2018_nuclei"),
    ScoredSet("qpi_vicar_dense", "qpi_vicar_dense"),
    ScoredSet("yeastvision_phase", "yeastvision_phase"),
    ScoredSet("deepcell_nuclei", "deepcell_nuclei"),
    # Sets without a train split borrow the parameters of the nearest modality.
    ScoredSet("vicar_labelfree_examples", "usiigaci_phase", beginning="DIC"),
    ScoredSet("vicar_labelfree_examples", "usiigaci_phase", beginning="PC"),
    ScoredSet("vicar_labelfree_examples", "qpi_vicar_dense", beginning="QPI"),
    ScoredSet("pannuke_3patches", "dsb2018_nuclei", tuned_beginning="HE_"),
    ScoredSet("published_hek", "published_hek"),
    ScoredSet("nelson_phase", "nelson_phase"),
    # Outlines are those of the instrument, which leaves cells at the border out.
    ScoredSet("cellphe_qpi", "cellphe_qpi", unlabelled_border=25),
    ScoredSet("hubmap_codex_cells", "hubmap_codex_cells", channel="mean"),
)


@dataclass(frozen=True)
class Recipe:
    """Parameters of the classical segmentation.

    Parameters
    ----------
    feature : str
        "otsu" or "adaptive" (threshold of intensity) or "texture" (of the local standard deviation).
    polarity : str
        "bright" or "dark" cells, or "minority": whichever covers less of the picture.
    smoothing : float
        Standard deviation of the Gaussian in pixels.
    window : int
        Side of the neighbourhood of the adaptive mean or local deviation in pixels.
    level : float
        Factor on the Otsu threshold (counted from the background's side for "otsu"), or the
        adaptive threshold in standard deviations of the picture.
    h : float
        Height of a maximum of the distance transform in pixels below which cells are not split.
    min_area : int
        Smallest cell in pixels.
    growth : int
        Pixels by which cells are enlarged at the end, because a threshold often lies inside the rim.
    """

    feature: str
    polarity: str
    smoothing: float
    window: int
    level: float
    h: float = 1.0
    min_area: int = 15
    growth: int = 0


def foreground_candidates(diameter: float) -> list[Recipe]:
    """Every foreground that is tried, for cells of a typical diameter in pixels."""
    recipes = [
        Recipe("otsu", polarity, smoothing, 0, level)
        for polarity, smoothing, level in product(
            ("bright", "dark", "minority"), (1.0, 2.0), (0.5, 0.75, 1.0)
        )
    ]
    recipes += [
        Recipe("adaptive", polarity, smoothing, odd(share * diameter), level)
        for polarity, smoothing, share, level in product(
            ("bright", "dark"), (1.0, 2.0), (1.5, 4.0), (0.0, 0.2, 0.4)
        )
    ]
    recipes += [
        Recipe("texture", "bright", smoothing, odd(share * diameter), level)
        for smoothing, share, level in product((1.0, 2.0), (0.15, 0.4), (0.4, 0.6, 0.8))
    ]
    return recipes


def odd(side: float) -> int:
    return max(3, 2 * round(side / 2) + 1)


def find_foreground(pixels: NDArray[np.float32], recipe: Recipe) -> NDArray[np.bool_]:
    """Foreground of a picture scaled by its percentiles, holes filled."""
    smooth = ndimage.gaussian_filter(pixels, recipe.smoothing)
    if recipe.feature == "texture":
        mean = ndimage.uniform_filter(smooth, recipe.window)
        square = ndimage.uniform_filter(smooth * smooth, recipe.window)
        deviation = np.sqrt(np.maximum(square - mean * mean, 0))
        mask = deviation > recipe.level * threshold_otsu(deviation)
        mask = ndimage.binary_erosion(mask, iterations=recipe.window // 4)  # the window reaches outside
        return ndimage.binary_fill_holes(mask)
    if recipe.feature == "adaptive":
        if recipe.polarity == "dark":
            smooth = -smooth
        excess = smooth - ndimage.uniform_filter(smooth, recipe.window)
        mask = excess > recipe.level * smooth.std()
        return ndimage.binary_fill_holes(mask)
    threshold = threshold_otsu(smooth)
    dark = recipe.polarity == "dark"
    if recipe.polarity == "minority":
        dark = np.count_nonzero(smooth > threshold) * 2 > smooth.size
    if dark:
        smooth, threshold = -smooth, -threshold
    background = float(np.median(smooth[smooth <= threshold]))
    mask = smooth > background + recipe.level * (threshold - background)
    return ndimage.binary_fill_holes(mask)


def split_cells(mask: NDArray[np.bool_], recipe: Recipe) -> NDArray[np.int32]:
    """Cells of a foreground: watershed from the h-maxima of the distance transform."""
    distance = ndimage.distance_transform_edt(mask)
    distance = ndimage.gaussian_filter(distance, 1.0)
    without_peaks = reconstruction(distance - recipe.h, distance)
    seeds = connected_components(distance - without_peaks > recipe.h * (1 - 1e-6), connectivity=2)
    labels = watershed(-distance, seeds, mask=mask)
    areas = np.bincount(labels.ravel())
    small = areas < recipe.min_area
    labels[small[labels]] = 0
    return expand_labels(labels, recipe.growth).astype(np.int32)


def read(pair: LabelledPair) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Picture with percentiles 1 and 99 at 0 and 1, and its reference."""
    pixels, labels = pair.read()
    low, high = np.percentile(pixels, (1, 99))
    scaled = (pixels.astype(np.float32) - low) / max(float(high - low), 1e-6)
    return np.clip(scaled, -0.5, 1.5).astype(np.float32), labels


def chosen_pairs(folder: Path, beginning: str, channel: str = "grey") -> list[LabelledPair]:
    found = labelled_pairs(folder, channel=ChannelChoice.parse(channel)).pairs
    return [pair for pair in found if pair.image_path.name.startswith(beginning)]


@cache
def tune(folder: Path, beginning: str, channel: str = "grey") -> Recipe:
    """Choose the recipe on the middles of images evenly spread over a train split."""
    pairs = chosen_pairs(folder, beginning, channel)
    spread = np.unique(np.linspace(0, len(pairs) - 1, min(N_TUNING_IMAGES, len(pairs))).round().astype(int))
    pictures = [tuple(map(middle, read(pairs[n]))) for n in spread]
    areas = np.concatenate([np.unique(labels[labels > 0], return_counts=True)[1] for _, labels in pictures])
    typical = float(np.median(areas))
    radius = float(np.sqrt(typical / np.pi))

    def average_precision(recipe: Recipe) -> float:
        scores = [
            evaluate_labels(segment(pixels, recipe), labels, iou_thresholds=(0.5,))
            for pixels, labels in pictures
        ]
        return summarise(scores).mean["ap_0.5"]

    usual = [
        replace(recipe, h=round(0.15 * radius, 2), min_area=max(5, round(0.15 * typical)))
        for recipe in foreground_candidates(2 * radius)
    ]
    best_foregrounds = sorted(usual, key=average_precision, reverse=True)[:2]
    candidates = [
        replace(recipe, h=round(h * radius, 2), growth=growth)
        for recipe in best_foregrounds
        for h, growth in product((0.05, 0.2, 0.6), sorted({0, 1, round(0.15 * radius)}))
    ]
    return max(candidates, key=average_precision)


def middle(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """Central part of at most `TUNING_SIDE` pixels a side."""
    top, left = (max(0, (side - TUNING_SIDE) // 2) for side in array.shape)
    return array[top : top + TUNING_SIDE, left : left + TUNING_SIDE]


def segment(pixels: NDArray[np.float32], recipe: Recipe) -> NDArray[np.int32]:
    return split_cells(find_foreground(pixels, recipe), recipe)


def score(test_set: ScoredSet, folder: Path, recipe: Recipe) -> list[ImageScores]:
    """Score a recipe on test images."""
    scores = []
    for pair in chosen_pairs(folder, test_set.beginning, test_set.channel):
        pixels, labels = read(pair)
        ignore = test_set.ignored((labels.shape[0], labels.shape[1]))
        scores.append(evaluate_labels(segment(pixels, recipe), labels, ignore=ignore))
    return scores


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the data sets")
    parser.add_argument("--out", type=Path, help="JSON file for scores and chosen parameters")
    parser.add_argument("--only", nargs="*", help="names of data sets, all when left out")
    options = parser.parse_args(arguments)

    print("| test images | n | tuned on | " + " | ".join(COLUMNS) + " |")
    print("|---|---|---|" + "---|" * len(COLUMNS))
    results = []
    for test_set in TEST_SETS:
        test_folder = options.data / test_set.name / "test"
        if (options.only and test_set.name not in options.only) or not test_folder.is_dir():
            continue
        recipe = tune(options.data / test_set.tuned_on / "train", test_set.tuned_beginning, test_set.channel)
        total = summarise(score(test_set, test_folder, recipe))
        figures = " | ".join(f"{total.mean[column]:.3f}" for column in COLUMNS)
        tuned_on = f"{test_set.tuned_on}/train {test_set.tuned_beginning}".strip()
        print(f"| {test_set.title} | {total.n_images} | {tuned_on} | {figures} |", flush=True)
        results.append(
            {
                "test_set": test_set.title,
                "tuned_on": tuned_on,
                "recipe": asdict(recipe),
                "scores": total.to_rows(),
            }
        )
    if options.out:
        write_json(options.out, results)


if __name__ == "__main__":
    main()
