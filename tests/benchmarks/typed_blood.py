"""Typed label images of blood smears that have boxes only: the shipped reference head learned from them.

    python tests/benchmarks/typed_blood.py BOXED TO

BOXED holds `images/` and `boxes/` (CSV files, one box a line with its type). Cells are those that the shipped
model finds at a diameter of 60 pixels; a cell has the type of the box that its centre lies in. TO gets
`images/`, `masks/` and the types beside each mask.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import tifffile

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from dinocell_training.reference_training.typed_pictures import TYPES_ENDING
from reference_cells import BLOOD_CELL_PX, segmented, types_of_boxes

from dinocell_app.export.labelled_image import label_ids
from dinocell_app.imaging.planes import select_planes
from dinocell_app.imaging.reading import open_image
from dinocell_app.jobs.common_fields import DEFAULT_MODEL
from dinocell_app.model.catalogue import find_model
from dinocell_app.model.model_folder import load_model
from dinocell_app.segmentation.parameters import SegmentationParameters


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what is asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("boxed", type=Path)
    parser.add_argument("to", type=Path)
    options = parser.parse_args(arguments)
    model = load_model(find_model(DEFAULT_MODEL))
    for folder in ("images", "masks"):
        (options.to / folder).mkdir(parents=True, exist_ok=True)
    for path in sorted((options.boxed / "images").iterdir()):
        with open_image(path) as reader:
            pixels = next(select_planes(reader)).pixels
        labels = segmented(pixels, model, SegmentationParameters(diameter_px=BLOOD_CELL_PX)).labels
        ids = label_ids(labels)
        types = list(types_of_boxes(labels, ids, options.boxed / "boxes" / f"{path.stem}.csv"))
        shutil.copyfile(path, options.to / "images" / path.name)
        tifffile.imwrite(options.to / "masks" / f"{path.stem}.tif", labels)
        named = {str(number): f"blood {name}" for number, name in zip(ids, types, strict=True) if name}
        (options.to / "masks" / f"{path.stem}{TYPES_ENDING}").write_text(json.dumps(named), encoding="utf-8")
        print(path.name, dict(Counter(named.values())), flush=True)


if __name__ == "__main__":
    main()
