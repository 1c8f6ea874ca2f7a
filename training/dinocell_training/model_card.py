"""The card of a fine-tuned model: what it is for, what it was taught, how well it does, how to repeat it."""

from __future__ import annotations

from dinocell_app.jobs.job_files import job_to_json
from dinocell_app.jobs.job_kinds import FineTuneJob
from dinocell_app.model.manifest import Manifest
from dinocell_training.verdict import Verdict

CARD_NAME = "card.md"


def model_card(manifest: Manifest, job: FineTuneJob, verdict: Verdict | None = None) -> str:
    """Write the card.

    Parameters
    ----------
    manifest : Manifest
        Of the finished model.
    job : FineTuneJob
        That made it.
    verdict : Verdict, optional
        On it and the model it was made from.

    Returns
    -------
    str
        Markdown.
    """
    low, high = manifest.cell_diameter_range_px
    made_from = " -> ".join(manifest.lineage) or "random weights"
    return "\n".join(
        [
            f"# {manifest.name}",
            "",
            f"Made from {made_from} on {manifest.created[:10]}. For cells of {low:.0f} to {high:.0f} pixels, "
            f"best about {manifest.cell_diameter_px:.0f}; other images are resampled.",
            "",
            "## Training data",
            "",
            "| set | use | licence |",
            "|---|---|---|",
            *(f"| {each.name} | {each.use} | {each.licence} |" for each in manifest.training_data),
            "",
            "## Scores",
            "",
            *_scores(manifest),
            "",
            *(("## Better than the model it was made from?", "", verdict.sentence, "") if verdict else ()),
            "## How to make it again",
            "",
            "Save this as `job.json` and run `dinocell-app train finetune --job job.json`:",
            "",
            "```json",
            job_to_json(job).rstrip(),
            "```",
            "",
        ]
    )


def _scores(manifest: Manifest) -> list[str]:
    if not manifest.scores:
        return ["No image was held out, so nothing is known about how well it does."]
    return [
        "Means over images it was not taught, with measured cell diameters. Models made from this one "
        "are not taught them either: `held_out.json` tells which they are.",
        "",
        "| images | metric | value |",
        "|---|---|---|",
        *(f"| {score.data_set} | {score.metric} | {score.value:.3f} |" for score in manifest.scores),
    ]
