"""COCO instance masks: polygons where one ring says it all, run lengths where it does not."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.base.json_text import parse_json
from dinocell_app.export.labelled_image import LabelledImage, compact_labels
from dinocell_app.export.polygons import CellOutline, pixels_inside, trace_outlines
from dinocell_app.export.run_lengths import decode_runs, encode_runs
from dinocell_app.export.writing import whole_file, write_bytes

MOST_PIXELS = 1 << 28
"""Of one image, 16,384 x 16,384: a COCO file may declare any size without holding a pixel."""

_MOST_LAYERS = 16
"""How often the masks of an image may cover all of it together."""

CATEGORY: dict[str, Any] = {"id": 1, "name": "cell", "supercategory": "cell"}


@dataclass(frozen=True)
class CocoImage:
    """Masks of one image of a COCO file.

    Parameters
    ----------
    file_name : str
        The image as the file names it.
    labels : ndarray of shape (M, N), uint16 or uint32
        0 is background.
    crowd : ndarray of shape (M, N), bool
        Regions marked `iscrowd`, in which cells are not told apart; to be ignored in training.
    n_boxes_only : int
        Objects that have a box and no outline; they are not in the labels.
    """

    file_name: str
    labels: NDArray[np.uint16] | NDArray[np.uint32]
    crowd: NDArray[np.bool_]
    n_boxes_only: int = 0


def write_coco(path: Path, image: LabelledImage) -> None:
    """Write the cells of one image as a complete COCO file.

    Polygons run along pixel edges. Annotations carry the label as `label` and, here, also as `id`. Types of
    cells are categories of their own; a cell without a type is of the category "cell".

    Parameters
    ----------
    path : Path
        The file to create or replace.
    image : LabelledImage
        The labels are used, and types of cells in the table; the name becomes `file_name`.

    Raises
    ------
    UserFacingError
        If the file cannot be written.
    """
    height, width = image.labels.shape
    types = image.cell_types()
    categories = _categories(types.values())
    ids = {each["name"]: each["id"] for each in categories[1:]}
    annotations = [
        _annotation(outline, image.labels)
        | {"category_id": ids.get(types.get(outline.label), CATEGORY["id"])}
        for outline in trace_outlines(image.labels)
    ]
    entry = {"id": 1, "file_name": image.name, "height": height, "width": width}
    content = {"images": [entry], "annotations": annotations, "categories": categories}
    write_bytes(path, _json(content).encode("utf-8"))


def combine_coco(path: Path, parts: Sequence[tuple[str, Path]]) -> None:
    """Join COCO files of single images into one for the whole run.

    Images and annotations are numbered anew because COCO wants ids that occur once; `label` still is
    the id of the cell in its label image.

    Parameters
    ----------
    path : Path
        The file to create or replace.
    parts : sequence of (str, Path)
        Name and COCO file of each image.

    Raises
    ------
    UnreadableFileError
        If a part is damaged.
    UserFacingError
        If the file cannot be written.
    """
    images: list[dict[str, Any]] = []
    n_annotations = 0
    numbers: dict[str, int] = {CATEGORY["name"]: CATEGORY["id"]}
    with whole_file(path) as beside, beside.open("w", encoding="utf-8", newline="") as target:
        # Annotations go to the file as they come, so a run of any length needs little memory.
        target.write('{"annotations":[')
        for name, part in parts:
            content = _read(part)
            if len(content["images"]) != 1:
                raise _unreadable(part, "it is not of one image")
            entry = content["images"][0]
            images.append(entry | {"id": len(images) + 1, "file_name": name})
            names = {each["id"]: each["name"] for each in content.get("categories", ())}
            for annotation in content["annotations"]:
                n_annotations += 1
                kind = names.get(annotation.get("category_id"), CATEGORY["name"])
                number = numbers.setdefault(kind, len(numbers) + 1)
                new = {"id": n_annotations, "image_id": len(images), "category_id": number}
                renumbered = annotation | new
                target.write("," * (n_annotations > 1) + _json(renumbered))
        target.write(f'],"images":{_json(images)},"categories":{_json(_categories(numbers))}}}')


def read_coco_labels(path: Path) -> Iterator[CocoImage]:
    """Read the masks of a COCO file one image at a time.

    Polygons, plain and compact run lengths are understood. A pixel belongs to a polygon when its centre
    lies inside; the polygons of one annotation are joined. Where cells overlap the smaller one is on top.

    Parameters
    ----------
    path : Path
        A COCO instances file made here or elsewhere.

    Yields
    ------
    CocoImage
        In the order of the file, also for images without cells. Labels are those recorded here, else
        annotations are numbered from 1 in the order of the file.

    Raises
    ------
    UnreadableFileError
        If the file is damaged or lacks what COCO prescribes.
    """
    path = Path(path)
    content = _read(path)
    annotations_of: dict[Any, list[Mapping[str, Any]]] = {}
    try:
        for annotation in content["annotations"]:
            annotations_of.setdefault(annotation["image_id"], []).append(annotation)
    except (KeyError, TypeError) as error:
        raise _unreadable(path, f"an annotation lacks {error}"[:200]) from error
    for image in content["images"]:
        try:
            masks = _read_image(image, annotations_of.get(image["id"], []))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
            raise _unreadable(path, f"the masks of an image are damaged: {error}"[:200]) from error
        yield masks


def _categories(names: Iterable[str]) -> list[dict[str, Any]]:
    """List the category of all cells, then those of types in the order in which they come."""
    types = [name for name in dict.fromkeys(names) if name != CATEGORY["name"]]
    return [
        CATEGORY,
        *(
            {"id": number, "name": name, "supercategory": "cell"}
            for number, name in enumerate(types, start=2)
        ),
    ]


def _annotation(outline: CellOutline, labels: NDArray[np.integer]) -> dict[str, Any]:
    corners = np.vstack([polygon.exterior for polygon in outline.polygons])
    top, left = (int(v) for v in corners.min(axis=0))
    bottom, right = (int(v) for v in corners.max(axis=0))
    mask = labels[top:bottom, left:right] == outline.label
    height, width = labels.shape
    segmentation: Any
    if outline.is_simple:
        segmentation = [outline.polygons[0].exterior[:, ::-1].ravel().tolist()]
    else:
        counts = encode_runs(mask, (top, left), (height, width))
        segmentation = {"size": [height, width], "counts": counts}
    return {
        "id": outline.label,
        "label": outline.label,
        "image_id": 1,
        "category_id": CATEGORY["id"],
        "segmentation": segmentation,
        "area": int(np.count_nonzero(mask)),
        "bbox": [left, top, right - left, bottom - top],
        "iscrowd": 0,
    }


def _json(content: object) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _read(path: Path) -> dict[str, list[Any]]:
    try:
        content = parse_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _unreadable(path, str(error)) from error
    if not isinstance(content, dict) or not all(
        isinstance(content.get(key), list) for key in ("images", "annotations")
    ):
        raise _unreadable(path, "it has no lists of images and annotations")
    return content


def _unreadable(path: Path, reason: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"the COCO file cannot be read ({reason})", path=path, remedy="Export it again as COCO instances"
    )


def _read_image(image: Mapping[str, Any], annotations: Sequence[Mapping[str, Any]]) -> CocoImage:
    shape = (int(image["height"]), int(image["width"]))
    if min(shape) < 0 or math.prod(shape) > MOST_PIXELS:
        raise ValueError(f"an image of {shape[0]} x {shape[1]} pixels")
    crowd = np.zeros(shape, np.bool_)
    for annotation in annotations:
        if annotation.get("iscrowd"):
            crowd.flat[_pixels(annotation["segmentation"], shape)] = True
    cells = [annotation for annotation in annotations if not annotation.get("iscrowd")]
    pixels = []
    n_left = math.prod(shape) * _MOST_LAYERS
    for annotation in cells:
        pixels.append(_pixels(annotation.get("segmentation"), shape))
        n_left -= pixels[-1].size
        if n_left < 0:
            raise ValueError(f"masks cover an image more than {_MOST_LAYERS} times")
    labels = np.zeros(shape, np.uint32)
    numbers = _labels(cells)
    for index in sorted(range(len(cells)), key=lambda i: -pixels[i].size):
        labels.flat[pixels[index]] = numbers[index]
    boxes_only = sum(not annotation.get("segmentation") for annotation in cells)
    return CocoImage(str(image["file_name"]), compact_labels(labels), crowd, boxes_only)


def _labels(annotations: Sequence[Mapping[str, Any]]) -> Sequence[int]:
    recorded = [annotation.get("label") for annotation in annotations]
    numbers = [n for n in recorded if isinstance(n, int) and 0 < n < 2**32]
    if len(numbers) == len(set(numbers)) == len(annotations):
        return numbers
    return range(1, len(annotations) + 1)


def _pixels(segmentation: Any, shape: tuple[int, int]) -> NDArray[np.int64]:  # noqa: ANN401 - list or dict
    if not segmentation:
        return np.empty(0, np.int64)
    if isinstance(segmentation, Mapping):
        size = (int(segmentation["size"][0]), int(segmentation["size"][1]))
        if size != shape:
            raise ValueError(f"a mask of {size} in an image of {shape}")
        return decode_runs(segmentation["counts"], shape)
    rings = [np.asarray(polygon, np.float64).reshape(-1, 2)[:, ::-1] for polygon in segmentation]
    return np.concatenate([np.empty(0, np.int64), *(pixels_inside([ring], shape) for ring in rings)])
