"""Which label file belongs to which image, by the naming conventions in use.

| convention | image | labels |
|---|---|---|
| beside the image | `x.tif` | `x_masks.tif`, `x_mask.png`, `x_cp_masks.png`, `x_labels.tif`, `x_label.tif` |
| marked image | `x_img.tif` | `x_masks.tif` or another of the suffixes above |
| Cellpose | `x.tif` | `x_seg.npy` |
| ImageJ | `x.tif` | `x_rois.zip`, `x_RoiSet.zip`; `RoiSet.zip` beside a single image |
| two folders | `images/x.tif` | `masks/x.tif` or `labels/x.tif`, also below or above other folders |
| COCO | any name listed in it | a `.json` with `images` and `annotations` |
| QuPath, labelme | `x.tif` | `x.geojson`, `x.json` |

Only names are looked at here (and the list of images inside a JSON); contents are read later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePath

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.base.file_names import composed
from dinocell_app.base.json_text import parse_json
from dinocell_app.base.odd_files import why_unusable
from dinocell_app.export.outline_files import holds_outlines
from dinocell_app.imaging.file_formats import FORMAT_OF_SUFFIX

IMAGE_SUFFIXES = frozenset(FORMAT_OF_SUFFIX) - {".zarr"}  # a Zarr image is a folder
LABEL_IMAGE_SUFFIXES = frozenset({".tif", ".tiff", ".png", ".bmp", ".npy"})
IMAGE_FOLDERS = frozenset({"images", "image", "imgs", "img"})
LABEL_FOLDERS = frozenset({"masks", "mask", "labels", "label", "annotations"})
IMAGE_ENDINGS = ("_img", "_image")
LABEL_ENDINGS = ("_masks", "_mask", "_labels", "_label", "_cp_masks")
ROI_ENDINGS = ("_rois", "_roiset")
DERIVED_ENDINGS = ("_flows", "_outlines", "_output", "_overlay", "_cellprob", "_probability", "_ignore")
"""What programs write beside an image, and painted ignore regions; neither an image nor labels."""

Key = tuple[tuple[str, ...], str]
"""What an image and its labels have in common: folders and name in lower case, markers removed."""


class LabelFormat(StrEnum):
    """How labels are stored."""

    LABEL_IMAGE = "label image"
    CELLPOSE = "Cellpose _seg.npy"
    IMAGEJ_ROIS = "ImageJ ROI zip"
    OUTLINES = "GeoJSON or labelme outlines"
    COCO = "COCO JSON"


@dataclass(frozen=True)
class LabelSource:
    """Where the labels of one image are stored.

    Parameters
    ----------
    path : Path
        The file.
    format : LabelFormat
        How to read it.
    image_name : str
        The name by which a COCO file lists the image; empty for the other formats.
    """

    path: Path
    format: LabelFormat
    image_name: str = ""


@dataclass(frozen=True)
class FoundPair:
    """One image and where its labels may be read from.

    Parameters
    ----------
    image_path : Path
        The image.
    labels : LabelSource
        The source to use: label images first, then Cellpose, ImageJ and COCO files.
    other_labels : tuple of LabelSource
        Further sources that fit by name and are not used.
    """

    image_path: Path
    labels: LabelSource
    other_labels: tuple[LabelSource, ...] = ()


@dataclass(frozen=True)
class Unpaired:
    """A file that could not be used.

    Parameters
    ----------
    path : Path
        The file.
    reason : str
        Why, as a sentence without the full stop.
    """

    path: Path
    reason: str


@dataclass(frozen=True)
class PairSearch:
    """What a folder holds.

    Parameters
    ----------
    pairs : tuple of FoundPair
        In the order of their paths.
    unpaired : tuple of Unpaired
        Images without labels and labels without image.
    """

    pairs: tuple[FoundPair, ...]
    unpaired: tuple[Unpaired, ...]


_LONE_ROI_SET = "roiset"
_ENDINGS = {
    LabelFormat.LABEL_IMAGE: LABEL_ENDINGS,
    LabelFormat.CELLPOSE: ("_seg",),
    LabelFormat.IMAGEJ_ROIS: ROI_ENDINGS,
    LabelFormat.OUTLINES: LABEL_ENDINGS,
}
_PREFERENCE = list(LabelFormat)


def find_pairs(folder: Path | str) -> PairSearch:
    """Search a folder and everything below it for images with labels.

    Parameters
    ----------
    folder : Path or str
        The folder; a folder of images itself (`.../images`) also finds the labels beside it.

    Returns
    -------
    PairSearch
        Pairs and what was left over.

    Raises
    ------
    UnreadableFileError
        If the folder does not exist or is a file.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UnreadableFileError(
            "There is no such folder", path=folder, remedy="Choose a folder that holds images and labels"
        )
    images: list[tuple[Path, Key]] = []
    sources: dict[Key, list[LabelSource]] = {}
    listings: list[tuple[Path, PurePath]] = []
    for path, relative in _files_to_pair(folder):
        kind = _kind(relative)
        if kind == "image":
            images.append((path, _key(relative, IMAGE_ENDINGS)))
        elif kind is LabelFormat.COCO:
            listings.append((path, relative))
        elif isinstance(kind, LabelFormat):
            sources.setdefault(_key(relative, _ENDINGS[kind]), []).append(LabelSource(path, kind))
    coco: list[tuple[Path, object]] = []
    unreadable = list(_sort_listings(listings, sources, coco))
    by_path: dict[Path, list[LabelSource]] = {path: list(sources.get(key, ())) for path, key in images}
    n_images_in = Counter(folders for _, (folders, _) in images)
    for path, key in images:
        if n_images_in[key[0]] == 1:
            by_path[path].extend(sources.get((key[0], _LONE_ROI_SET), ()))
    for listing, content in coco:
        _add_listed(listing, content, by_path)
    return _search_result(by_path, sources, unreadable)


def _sort_listings(
    listings: Sequence[tuple[Path, PurePath]],
    sources: dict[Key, list[LabelSource]],
    coco: list[tuple[Path, object]],
) -> Iterator[Unpaired]:
    """Read JSON files: outlines of one image become its sources, lists of many images are kept for later."""
    for listing, relative in listings:
        try:
            content = parse_json(listing.read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            yield Unpaired(listing, f"not readable as JSON ({error})")
            continue
        if holds_outlines(content):
            key = _key(relative, _ENDINGS[LabelFormat.OUTLINES])
            sources.setdefault(key, []).append(LabelSource(listing, LabelFormat.OUTLINES))
        else:
            coco.append((listing, content))


def _files_to_pair(folder: Path) -> Iterator[tuple[Path, PurePath]]:
    """Files below the folder with the path by which conventions judge them; hidden ones left out."""
    roots = [folder]
    if folder.name.lower() in IMAGE_FOLDERS:
        roots += [place for place in folder.parent.iterdir() if place.name.lower() in LABEL_FOLDERS]
    base = folder.parent if len(roots) > 1 else folder
    for root in sorted(roots):
        for path in sorted(root.rglob("*")):
            relative = path.relative_to(base)
            if (
                why_unusable(path) is None
                and path.is_file()
                and not any(part.startswith(".") for part in relative.parts)
            ):
                yield path, relative


def _kind(relative: PurePath) -> LabelFormat | str:
    """Tell by the name what a file is: a label format, "image" or "" for neither."""
    stem, suffix = _stem(relative), relative.suffix.lower()
    if suffix == ".npy" and stem.endswith("_seg"):
        return LabelFormat.CELLPOSE
    if suffix == ".zip" and (stem == _LONE_ROI_SET or stem.endswith(ROI_ENDINGS)):
        return LabelFormat.IMAGEJ_ROIS
    if suffix == ".geojson":
        return LabelFormat.OUTLINES
    if suffix == ".json":
        return LabelFormat.COCO
    if stem.endswith(DERIVED_ENDINGS):
        return ""
    marker = _marker_folder(relative)
    in_label_folder = marker is not None and relative.parts[marker].lower() in LABEL_FOLDERS
    if suffix in LABEL_IMAGE_SUFFIXES and (in_label_folder or stem.endswith(LABEL_ENDINGS)):
        return LabelFormat.LABEL_IMAGE
    return "image" if suffix in IMAGE_SUFFIXES and not in_label_folder else ""


def _stem(relative: PurePath) -> str:
    """Give the name in lower case without suffix, letters composed; `.ome.tif` counts as one suffix."""
    return composed(relative.stem).lower().removesuffix(".ome")


def _marker_folder(relative: PurePath) -> int | None:
    """Position of the innermost folder whose name says images or labels."""
    for position in reversed(range(len(relative.parts) - 1)):
        if relative.parts[position].lower() in IMAGE_FOLDERS | LABEL_FOLDERS:
            return position
    return None


def _key(relative: PurePath, endings: Sequence[str]) -> Key:
    marker = _marker_folder(relative)
    folders = tuple(composed(part).lower() for n, part in enumerate(relative.parts[:-1]) if n != marker)
    stem = _stem(relative)
    for ending in sorted(endings, key=len, reverse=True):  # "_cp_masks" before "_masks"
        if stem.endswith(ending) and stem != ending:
            return folders, stem.removesuffix(ending)
    return folders, stem


def _add_listed(listing: Path, content: object, by_path: dict[Path, list[LabelSource]]) -> None:
    """Add a COCO file as a source to every image it lists; other JSON files add nothing.

    An image is meant when its file name agrees and, should several images bear the name, when the
    folders that the listing gives agree too or the image lies below the folder of the listing.
    """
    if not isinstance(content, dict) or not {"images", "annotations"} <= content.keys():
        return
    by_name: dict[str, list[Path]] = {}
    for path in by_path:
        by_name.setdefault(composed(path.name).lower(), []).append(path)
    entries = content["images"] if isinstance(content["images"], list) else []
    for entry in entries:
        # Whatever else is wrong with the file is said when its labels are read.
        if not isinstance(entry, dict) or "file_name" not in entry:
            continue
        listed = PurePath(str(entry["file_name"]).replace("\\", "/"))
        candidates = by_name.get(composed(listed.name).lower(), [])
        if len(candidates) > 1:
            n_parts = len(listed.parts)
            agreeing = [path for path in candidates if n_parts > 1 and path.parts[-n_parts:] == listed.parts]
            candidates = agreeing or [path for path in candidates if listing.parent in path.parents]
        for path in candidates:
            by_path[path].append(LabelSource(listing, LabelFormat.COCO, str(entry["file_name"])))


def _search_result(
    by_path: Mapping[Path, Sequence[LabelSource]],
    sources: Mapping[Key, Sequence[LabelSource]],
    unreadable: Sequence[Unpaired],
) -> PairSearch:
    pairs: list[FoundPair] = []
    unpaired, used = list(unreadable), set[Path]()
    for path, fitting in by_path.items():
        if not fitting:
            unpaired.append(Unpaired(path, "no labels found by any of the naming conventions"))
            continue
        best_first = sorted(fitting, key=_preference)
        pairs.append(FoundPair(path, best_first[0], tuple(best_first[1:])))
        used.update(source.path for source in fitting)
    unpaired.extend(
        Unpaired(source.path, "no image found that these labels belong to")
        for fitting in sources.values()
        for source in fitting
        if source.path not in used
    )
    return PairSearch(
        tuple(sorted(pairs, key=lambda pair: pair.image_path)),
        tuple(sorted(unpaired, key=lambda left: left.path)),
    )


def _preference(source: LabelSource) -> tuple[int, bool, Path]:
    """Label images first; what Cellpose wrote as a result comes after what somebody named masks."""
    return _PREFERENCE.index(source.format), _stem(source.path).endswith("_cp_masks"), source.path
