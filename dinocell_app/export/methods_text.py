"""A paragraph for a paper's methods section, made from the provenance of the results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dinocell_app.export.provenance import APPLICATION, Provenance


def methods_paragraph(provenances: Sequence[Provenance], further: Sequence[str] = ()) -> str:
    """Describe how a set of images was segmented.

    Parameters
    ----------
    provenances : sequence of Provenance
        One an image. What differs between images is given as a range or list.
    further : sequence of str
        Sentences about the results that come last, such as how an audit judged them.

    Returns
    -------
    str
        English sentences on one line; empty without images.
    """
    if not provenances:
        return ""
    return " ".join(
        sentence
        for sentence in (
            _what_was_done(provenances),
            _corrections(provenances),
            _scale(provenances),
            _settings(provenances),
            _pixel_size(provenances),
            _machine(provenances),
            *further,
        )
        if sentence
    )


def _what_was_done(provenances: Sequence[Provenance]) -> str:
    counts = [p.n_cells for p in provenances if p.n_cells is not None]
    images = "One image was" if len(provenances) == 1 else f"{len(provenances)} images were"
    found = f"; {sum(counts)} cells were found" if len(counts) == len(provenances) else ""
    models = _listed(f"{p.model_id} (weights sha256 {p.model_sha256[:12]})" for p in provenances)
    versions = _listed(p.application_version for p in provenances)
    return f"{images} segmented with {APPLICATION} {versions} and the model {models}{found}."


def _corrections(provenances: Sequence[Provenance]) -> str:
    corrected = [p.n_edited for p in provenances if p.n_edited is not None]
    if not corrected:
        return ""
    cells = "one cell was" if sum(corrected) == 1 else f"{sum(corrected)} cells were"
    images = "one image" if len(corrected) == 1 else f"{len(corrected)} images"
    return f"In {images}, {cells} corrected or drawn by hand."


def _scale(provenances: Sequence[Provenance]) -> str:
    diameters = [p.diameter_px for p in provenances if p.diameter_px is not None]
    if len(diameters) < len(provenances):
        return ""
    sources = _listed(p.diameter_source for p in provenances)
    return f"Images were scaled for the network by a cell diameter of {_range(diameters)} px ({sources})."


def _settings(provenances: Sequence[Provenance]) -> str:
    names = dict.fromkeys(name for p in provenances for name in p.parameters)
    settings = [
        f"{name.replace('_', ' ')} {_listed(p.parameters[name] for p in provenances if name in p.parameters)}"
        for name in names
    ]
    return f"Settings were: {', '.join(settings)}." if settings else ""


def _pixel_size(provenances: Sequence[Provenance]) -> str:
    known = [p for p in provenances if p.pixel_size_um is not None]
    if not known:
        return "The pixel size was unknown, so lengths and areas are in pixels."
    sizes = _range([p.pixel_size_um for p in known if p.pixel_size_um is not None])
    taken = {"file": "read from the image files", "given": "entered by the user"}
    sources = _listed(taken.get(p.pixel_size_source, p.pixel_size_source) for p in known)
    missing = len(provenances) - len(known)
    exception = f"; it was unknown for {missing} of the images" if missing else ""
    return f"The pixel size was {sizes} µm ({sources}){exception}."


def _machine(provenances: Sequence[Provenance]) -> str:
    machines = _listed(f"{p.device} in {p.precision} precision" for p in provenances)
    libraries = _listed(
        ", ".join(f"{name} {version}" for name, version in p.library_versions.items()) for p in provenances
    )
    seeds = _listed(str(p.seed) for p in provenances if p.seed is not None)
    seeded = f" with random seed {seeds}" if seeds else ""
    return f"The network ran on {machines}{seeded}" + (f" ({libraries})." if libraries else ".")


def _listed(values: Iterable[object]) -> str:
    return " or ".join(dict.fromkeys(str(value) for value in values))


def _range(values: Sequence[float]) -> str:
    low, high = f"{min(values):.4g}", f"{max(values):.4g}"
    return low if low == high else f"{low} to {high}"
