"""What a person wants to know about a model before using it, read without loading the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dinocell_app.base.errors import ModelError
from dinocell_app.model.catalogue import CARD_NAME, CatalogueEntry, list_models
from dinocell_app.model.compatibility import compatibility_sentence
from dinocell_app.model.lineage import made_from
from dinocell_app.model.manifest import Manifest, Score

_LARGEST_CARD = 256 << 10
"""Characters; a page that a person reads is far shorter."""


@dataclass(frozen=True)
class ModelCard:
    """A model as the window shows it.

    Parameters
    ----------
    id : str
        What a job calls it.
    name : str
        What people call it.
    origin : str
        "shipped" or "own".
    summary : str
        One sentence about the cells it is for.
    description : str
        What the manifest says.
    page : str
        Markdown: what it was trained on, its scores, where it fails.
    has_flows : bool
        Whether the flow check and the cell probability apply to it.
    """

    id: str
    name: str
    origin: str
    summary: str
    description: str
    page: str
    folder: Path
    has_flows: bool = True

    @property
    def title(self) -> str:
        """Name for a list of models."""
        kind = "comes with the application" if self.origin == "shipped" else "your own"
        return f"{self.name} ({kind})"


@dataclass(frozen=True)
class ModelList:
    """The models at hand.

    Parameters
    ----------
    cards : tuple of ModelCard
        Shipped ones first.
    problems : tuple of ModelError
        Folders that look like models but cannot be used, and why.
    """

    cards: tuple[ModelCard, ...]
    problems: tuple[ModelError, ...] = ()

    def find(self, model: str) -> ModelCard | None:
        """Find a model.

        Parameters
        ----------
        model : str
            Its id.
        """
        return next((card for card in self.cards if card.id == model), None)


def read_model_cards() -> ModelList:
    """Read the cards of all models; small files only, but still for a worker thread."""
    entries, problems = list_models()
    return ModelList(tuple(_card(entry, entries) for entry in entries), tuple(problems))


def recommended_sizes(manifest: Manifest) -> str:
    """Say which cells a model is for.

    Returns
    -------
    str
        One sentence, or two when it names a pixel size; another one for a model that cannot segment yet.
    """
    low, high = manifest.cell_diameter_range_px
    if manifest.needs_teaching:
        return "Learned from images without labels: teach it with labelled ones (Train a model) before use."
    sentence = (
        f"Best for cells about {manifest.cell_diameter_px:g} px across; images with cells below {low:g} px "
        f"or above {high:g} px are resampled for it."
    )
    if manifest.recommended_pixel_size_um is not None:
        sentence += f" Recommended pixel size: {manifest.recommended_pixel_size_um:g} µm."
    return sentence


def _card(entry: CatalogueEntry, entries: Sequence[CatalogueEntry]) -> ModelCard:
    manifest = entry.manifest
    return ModelCard(
        id=manifest.id,
        name=manifest.name,
        origin=entry.origin,
        summary=recommended_sizes(manifest),
        description=manifest.description,
        page=_page(entry, made_from(entry.manifest, entries)),
        folder=entry.folder,
        has_flows=manifest.objective == "flows",
    )


def _page(entry: CatalogueEntry, children: Sequence[CatalogueEntry]) -> str:
    """Give the card beside the model, or one made from its manifest; sizes and lineage come first."""
    own = _own_page(entry.folder / CARD_NAME)
    facts = [f"**{recommended_sizes(entry.manifest)}**", compatibility_sentence(entry.manifest)]
    if entry.manifest.lineage:
        facts.append(f"Made from: {' → '.join((*entry.manifest.lineage, entry.manifest.id))}")
    if children:
        facts.append(f"Made from it: {', '.join(child.manifest.id for child in children)}")
    if own:
        return "\n\n".join([*facts, own])
    return "\n\n".join([f"# {entry.manifest.name}", *facts, *_sections(entry.manifest)])


def _own_page(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")[:_LARGEST_CARD]
    except (OSError, UnicodeDecodeError):
        return ""


def _sections(manifest: Manifest) -> list[str]:
    sections = [manifest.description] if manifest.description else []
    trained = [f"- {data.name} ({data.licence}) {data.use}".rstrip() for data in manifest.training_data]
    sections.append("## Trained on\n\n" + ("\n".join(trained) or "Not stated."))
    if manifest.scores:
        sections.append("## Scores on held-out images\n\n" + _score_table(manifest.scores))
    else:
        sections.append("## Scores on held-out images\n\nNone are recorded.")
    sections.append(f"Licence: {manifest.licence or 'not stated'}")
    return sections


def _score_table(scores: Sequence[Score]) -> str:
    """Lay scores out with a row for each data set and a column for each kind of score."""
    metrics = list(dict.fromkeys(score.metric for score in scores))
    values: dict[tuple[str, str], dict[str, float]] = {}
    for score in scores:
        values.setdefault((score.data_set, score.split), {})[score.metric] = score.value
    lines = ["| data | part | " + " | ".join(metrics) + " |", "|---" * (len(metrics) + 2) + "|"]
    for (data, part), found in values.items():
        shown = [f"{found[metric]:.3f}" if metric in found else "" for metric in metrics]
        lines.append(f"| {data} | {part} | " + " | ".join(shown) + " |")
    return "\n".join(lines)
