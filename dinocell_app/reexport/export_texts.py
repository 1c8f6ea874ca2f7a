"""Sentences about an export, before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dinocell_app.reexport.export_plan import ExportPlan
from dinocell_app.reexport.export_writing import FileExported


def plan_sentence(plan: ExportPlan) -> str:
    """Say what an export would do."""
    if not plan.files:
        return "Nothing is ticked."
    sentence = f"{_files(plan.n_written)} will be written to {plan.choice.folder}."
    if not plan.n_existing:
        return sentence
    fate = "will be replaced" if plan.choice.existing == "replace" else "will be kept as they are"
    return f"{sentence} {plan.n_existing:,} of {len(plan.files):,} exist and {fate}."


def done_sentence(outcomes: Sequence[FileExported]) -> str:
    """Say what an export did."""
    counts = Counter(outcome.outcome for outcome in outcomes)
    parts = [f"{_files(counts['written'])} written"]
    if counts["kept"]:
        parts.append(f"{counts['kept']:,} kept as they were")
    if counts["failed"]:
        parts.append(f"{counts['failed']:,} failed: point at one in the list to see why")
    return ", ".join(parts) + "."


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"
