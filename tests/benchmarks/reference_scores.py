"""How long scores take when a reference changes: cells that are described, references and a clock.

python tests/benchmarks/reference_scores.py [number of cells]
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np

from dinocell_app.engine.compared_cells import ComparedCells, DescribedCells
from dinocell_app.reference_types import KeptReferences, ReferenceExample, ReferenceType

LENGTH, N_TYPES, N_EXAMPLES, ROUNDS = 384 + 3, 3, 5, 9


def main() -> None:
    n_cells = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    random = np.random.default_rng(0)
    vectors = random.normal(size=(n_cells, LENGTH)).astype(np.float32)
    vectors[:, :-3] /= np.linalg.norm(vectors[:, :-3], axis=1, keepdims=True)
    compared = ComparedCells()
    compared.remember(1, DescribedCells(np.arange(1, n_cells + 1), vectors, "benchmark", "0"))
    seconds = []
    for _ in range(ROUNDS):
        chosen = random.choice(n_cells, (N_TYPES, 2 * N_EXAMPLES))
        examples = [
            [ReferenceExample(vectors[row], "a.tif", np.zeros((96, 96), np.uint8)) for row in some]
            for some in chosen
        ]
        types = [
            ReferenceType(f"type {index}", tuple(some[:N_EXAMPLES]), tuple(some[N_EXAMPLES:]))
            for index, some in enumerate(examples)
        ]
        started = time.perf_counter()
        text = KeptReferences.of("benchmark", "0", types).model_dump_json()
        compared.score(1, KeptReferences.model_validate_json(text))
        seconds.append(time.perf_counter() - started)
    print(
        f"{n_cells:,} cells, {N_TYPES} types with {N_EXAMPLES} positives and {N_EXAMPLES} negatives each: "
        f"{1000 * statistics.median(seconds):.0f} ms (median of {ROUNDS}), "
        f"{1000 * max(seconds):.0f} ms at most"
    )


if __name__ == "__main__":
    main()
