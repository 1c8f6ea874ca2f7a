"""How long a person waits for scores after pointing at a cell: described cells, the shipped head and a clock.

Cells of three types are drawn; references of each are given one after the other, as in the window. Printed is
the time until scores are shown (those without training, where the head needs more than one answer) and until
they are the head's.

python tests/benchmarks/reference_scores.py [number of cells] [--threads N]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict

import numpy as np
import torch
from numpy.typing import NDArray

from dinocell_app.engine.compared_cells import ComparedCells, DescribedCells
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.model_folder import load_model
from dinocell_app.references.types import KeptReferences, ReferenceExample, ReferenceType
from dinocell_app.segmentation.reference.percs_file import reference_head

WIDTH, N_LOOKS, N_TYPES, N_EXAMPLES = 384, 3, 3, 5


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("n_cells", nargs="?", type=int, default=1000)
    arguments.add_argument("--threads", type=int, default=torch.get_num_threads())
    chosen = arguments.parse_args()
    torch.set_num_threads(chosen.threads)
    random = np.random.default_rng(0)
    kinds = random.integers(0, N_TYPES, chosen.n_cells)
    vectors = drawn(random, kinds)
    head = reference_head(load_model(find_model("dinocell-s8"), torch.device("cpu")))
    compared = ComparedCells()
    compared.remember(1, DescribedCells(np.arange(len(kinds)), vectors, "benchmark", "0", head))
    waited: dict[str, list[tuple[float, float]]] = defaultdict(list)
    positives: list[list[int]] = [[] for _ in range(N_TYPES)]
    negatives: list[list[int]] = [[] for _ in range(N_TYPES)]
    for _ in range(N_EXAMPLES):
        for kind in range(N_TYPES):
            for what, rows, wanted in (
                ("positive", positives, kinds == kind),
                ("negative", negatives, kinds != kind),
            ):
                rows[kind].append(int(random.choice(np.flatnonzero(wanted))))
                waited[what].append(ask(compared, vectors, positives, negatives))
    print(
        f"{chosen.n_cells:,} cells, {chosen.threads} threads, {N_TYPES} types, {N_EXAMPLES} of each at last:"
    )
    for what, times in waited.items():
        for name, each in zip(("shown", "final"), zip(*times, strict=True), strict=True):
            print(
                f"  one more {what}, scores {name}: {1000 * statistics.median(each):.0f} ms (median), "
                f"{1000 * max(each):.0f} ms at most"
            )


def drawn(random: np.random.Generator, kinds: NDArray[np.integer]) -> NDArray[np.float32]:
    """Describe cells of some types: directions around the type's own, and looks."""
    centres = random.normal(size=(N_TYPES, WIDTH))
    vectors = centres[kinds] + random.normal(size=(len(kinds), WIDTH))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    looks = kinds[:, None] * 0.1 + random.normal(scale=0.05, size=(len(kinds), N_LOOKS))
    return np.concatenate([vectors, looks], axis=1).astype(np.float32)


def ask(
    compared: ComparedCells,
    vectors: NDArray[np.float32],
    positives: list[list[int]],
    negatives: list[list[int]],
) -> tuple[float, float]:
    """Give the seconds until scores are shown, and until they are final."""

    def examples(rows: list[int]) -> tuple[ReferenceExample, ...]:
        return tuple(ReferenceExample(vectors[row], "a.tif", np.zeros((96, 96), np.uint8)) for row in rows)

    types = [
        ReferenceType(f"type {index}", examples(wanted), examples(unwanted))
        for index, (wanted, unwanted) in enumerate(zip(positives, negatives, strict=True))
        if wanted
    ]
    started = time.perf_counter()
    text = KeptReferences.of("benchmark", "0", types).model_dump_json()
    steps = compared.scoring(1, KeptReferences.model_validate_json(text))
    shown = 0.0
    while True:
        try:
            rough = next(steps)
        except StopIteration:
            final = time.perf_counter() - started
            return shown or final, final
        if rough is not None:
            shown = time.perf_counter() - started


if __name__ == "__main__":
    main()
