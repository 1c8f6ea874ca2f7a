"""Label images made elsewhere: which image each file belongs to, by its name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dinocell_app.base.odd_files import why_unusable
from dinocell_app.base.plane_address import ONLY_PLANE, PlaneAddress
from dinocell_app.imaging.scan import image_stem, natural_key

LABEL_SUFFIXES = frozenset({".tif", ".tiff", ".btf", ".png", ".bmp", ".npy", ".zip", ".roi"})
"""Label images, Cellpose's `_seg.npy`, arrays, and the ROI files of ImageJ."""

_ENDING = re.compile(
    r"([ _.-]?(cp|stardist|imagej))?"
    r"[ _.-](labels?|label[ _-]?images?|masks?|seg|segmentation|rois?|roiset|stardist)$",
    re.IGNORECASE,
)
_PLANE = re.compile(r"(_t\d+)?(_z\d+)?$", re.IGNORECASE)
_ORDER = {".tif": 0, ".tiff": 0, ".btf": 0, ".png": 1, ".bmp": 1, ".npy": 2, ".zip": 3, ".roi": 4}
_NOT_LABELS = ("_flows", "_outlines", "_overlay", "_cp_output", "_cellprob", "_dp")


@dataclass(frozen=True)
class LabelMatch:
    """A file of labels, and the image it is for.

    Parameters
    ----------
    image_id : int or None
        None when there is a problem.
    problem : str
        Why it cannot be imported, as a sentence; empty when it can.
    plane : PlaneAddress
        As far as the name of the file says it.
    """

    image_id: int | None
    labels: Path
    problem: str = ""
    plane: PlaneAddress = ONLY_PLANE


def match_labels(images: Sequence[tuple[int, Path]], inputs: Sequence[Path]) -> list[LabelMatch]:
    """Find which label files belong to which images.

    A file belongs to the image that is named like it, with an ending such as `_cp_masks`, `_labels`,
    `_seg` or `_rois` or none. Among images of the same name, folders decide.

    Parameters
    ----------
    images : sequence of (int, Path)
        Images of the project by id.
    inputs : sequence of Path
        Files, and folders that are searched with the folders inside them.

    Returns
    -------
    list of LabelMatch
        One for each label file, in the order of the names.
    """
    known = {path for _, path in images}
    by_stem: dict[str, list[tuple[int, Path]]] = {}
    for image_id, path in images:
        by_stem.setdefault(image_stem(path).casefold(), []).append((image_id, path))
    matches = [_match(path, by_stem) for path in _label_files(inputs) if path not in known]
    return _one_for_each_image(matches)


def _label_files(inputs: Sequence[Path]) -> list[Path]:
    found: dict[Path, None] = {}
    for given in inputs:
        inside = given.rglob("*") if given.is_dir() else [given]
        for path in sorted(inside, key=lambda path: [natural_key(part) for part in path.parts]):
            is_file = path == given or (
                why_unusable(path) is None
                and path.is_file()
                and path.suffix.lower() in LABEL_SUFFIXES
                and not path.name.startswith(".")
                and not image_stem(path).casefold().endswith(_NOT_LABELS)
            )
            if is_file:
                found[path] = None
    return list(found)


def _match(path: Path, by_stem: Mapping[str, list[tuple[int, Path]]]) -> LabelMatch:
    if path.suffix.lower() not in LABEL_SUFFIXES:
        return LabelMatch(None, path, "It is neither a label image nor a file of ROIs.")
    full = image_stem(path)
    bare = _ENDING.sub("", full)
    plane = _PLANE.search(bare)
    ending = plane.group() if plane else ""
    for stem, found_plane in ((bare, ""), (bare.removesuffix(ending), ending.lower()), (full, "")):
        candidates = by_stem.get(stem.casefold(), [])
        if candidates:
            return _nearest(path, candidates, found_plane)
    return LabelMatch(None, path, f"No image of the project is named {bare}.")


def _nearest(path: Path, candidates: Sequence[tuple[int, Path]], suffix: str) -> LabelMatch:
    """Choose among images of the same name by the folders they share with the labels."""
    scores = [(_shared_folders(path, image), image_id) for image_id, image in candidates]
    best = max(score for score, _ in scores)
    chosen = [image_id for score, image_id in scores if score == best]
    if len(chosen) > 1:
        return LabelMatch(
            None, path, f"{len(chosen)} images are named like it; put it into a folder named like theirs."
        )
    return LabelMatch(chosen[0], path, plane=PlaneAddress.of_suffix(suffix))


def _shared_folders(labels: Path, image: Path) -> tuple[int, int, int]:
    return (_common_end(labels, image), _common_start(labels, image), -len(image.parts))


def _common_end(labels: Path, image: Path) -> int:
    count = 0
    for first, second in zip(reversed(labels.parent.parts), reversed(image.parent.parts), strict=False):
        if first.casefold() != second.casefold():
            break
        count += 1
    return count


def _common_start(labels: Path, image: Path) -> int:
    count = 0
    for first, second in zip(labels.parent.parts, image.parent.parts, strict=False):
        if first != second:
            break
        count += 1
    return count


def _one_for_each_image(matches: Sequence[LabelMatch]) -> list[LabelMatch]:
    """Keep one file for each image and plane: label images before arrays before ROI files."""
    best: dict[tuple[int, PlaneAddress], LabelMatch] = {}
    for match in sorted(matches, key=lambda match: _ORDER.get(match.labels.suffix.lower(), 9)):
        if match.image_id is not None:
            best.setdefault((match.image_id, match.plane), match)
    chosen = []
    for match in matches:
        if match.image_id is None or best[match.image_id, match.plane] is match:
            chosen.append(match)
        else:
            taken = best[match.image_id, match.plane].labels.name
            chosen.append(LabelMatch(None, match.labels, f"{taken} is taken for the same image."))
    return chosen
