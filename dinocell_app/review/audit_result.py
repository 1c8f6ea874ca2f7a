"""What an audit proves: precision and recall with their intervals, as numbers and as sentences."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from dinocell_app.review.intervals import Estimate, wilson
from dinocell_app.review.recall import ASSUMPTIONS, Ground, estimate_recall
from dinocell_app.review.verdicts import AuditCounts


@dataclass(frozen=True)
class AuditResult:
    """An audit as far as it was judged.

    Parameters
    ----------
    ground : Ground
        What was drawn from.
    seed : int
        That cells and places were drawn with.
    reviewer : str
        Who judged.
    """

    counts: AuditCounts
    ground: Ground
    seed: int
    reviewer: str = ""

    @property
    def precision(self) -> Estimate:
        """Share of the masks that are right."""
        return wilson(self.counts.right, self.counts.n_cells)

    @property
    def recall(self) -> Estimate:
        """Share of the cells that were found."""
        return estimate_recall(self.counts, self.ground)

    def sentences(self) -> str:
        """Say the result to people.

        Returns
        -------
        str
            Empty while nothing was judged.
        """
        counts, said = self.counts, []
        if counts.n_cells:
            verb = "was" if counts.right == 1 else "were"
            said.append(
                f"Of {_number(counts.n_cells, 'cell')} shown {counts.right} {verb} right: precision "
                f"{_with_interval(self.precision)}."
            )
        if counts.n_places:
            recall = self.recall
            result = f": recall {_with_interval(recall)}" if recall.is_known else ""
            in_missed = f"{counts.missed} lay in a missed cell"
            said.append(f"Of {_number(counts.n_places, 'empty place')} shown {in_missed}{result}.")
        return " ".join(said)

    def methods_sentence(self) -> str:
        """Say the result in a paper's methods section.

        Returns
        -------
        str
            Empty while nothing was judged.
        """
        counts = self.counts
        if not counts.n_cells:
            return ""
        shown = f"{_number(counts.n_cells, 'random cell')} of {self.ground.n_cells}"
        faults = ", ".join(
            f"{number} {name}"
            for name, number in (("wrong", counts.wrong), ("split", counts.split), ("merged", counts.merged))
            if number
        )
        sentence = (
            f"By eye, {counts.right} of {shown} were right{f' ({faults})' if faults else ''}: precision "
            f"{_with_interval(self.precision, 'Wilson 95 % interval')}"
        )
        if counts.n_places and self.recall.is_known:
            sentence += (
                f"; {counts.missed} of {_number(counts.n_places, 'random place')} outside the masks lay in a "
                f"missed cell: recall {_with_interval(self.recall)}, taking missed cells to be of mean size"
            )
        return f"{sentence} (random seed {self.seed})."

    def to_record(self) -> dict[str, Any]:
        """Collect everything for a file.

        Returns
        -------
        dict
            Plain JSON values; a number that is not known is None.
        """
        return {
            "reviewer": self.reviewer,
            "seed": self.seed,
            "counts": asdict(self.counts),
            "drawn_from": asdict(self.ground),
            "precision": _record(self.precision),
            "recall": _record(self.recall),
            "interval": "95 %: precision by Wilson's score, recall by 20,000 draws with Jeffreys' prior",
            "assumptions": ASSUMPTIONS,
            "sentence": self.sentences(),
        }


def _with_interval(estimate: Estimate, name: str = "95 % interval") -> str:
    return f"{estimate.value:.2f} ({name} {estimate.low:.2f} to {estimate.high:.2f})"


def _record(estimate: Estimate) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in asdict(estimate).items()}


def _number(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
