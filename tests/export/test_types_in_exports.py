"""Types of cells in files for other programs."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from dinocell_app.export.coco import combine_coco, write_coco
from dinocell_app.export.geojson import feature_collection
from dinocell_app.export.labelled_image import LabelledImage

LABELS = np.array([[1, 1, 0, 2], [0, 0, 0, 2], [3, 0, 0, 0]])


def typed(name, *types):
    table = pd.DataFrame({"label": [1, 2, 3], "cell_type": list(types), "reference_score": [0.9, 0.8, 0.1]})
    return LabelledImage(LABELS, name, table=table)


def test_qupath_gets_types_as_classes_and_scores_as_measurements():
    features = feature_collection(typed("a", "ring", "rod", ""))["features"]
    classes = [each["properties"].get("classification") for each in features]
    assert classes == [{"name": "ring"}, {"name": "rod"}, None]
    assert features[1]["properties"]["measurements"] == {"reference_score": 0.8}


def test_types_are_categories_and_keep_their_names_when_images_are_joined(tmp_path):
    parts = []
    for name, types in {"a": ("ring", "rod", ""), "b": ("rod", "", "ring"), "c": ("", "", "")}.items():
        write_coco(tmp_path / f"{name}.json", typed(name, *types))
        parts.append((name, tmp_path / f"{name}.json"))
    combine_coco(tmp_path / "all.json", parts)
    content = json.loads((tmp_path / "all.json").read_bytes())
    names = {each["id"]: each["name"] for each in content["categories"]}
    assert sorted(names.values()) == ["cell", "ring", "rod"]
    found = [names[each["category_id"]] for each in content["annotations"]]
    assert found == ["ring", "rod", "cell", "rod", "cell", "ring", "cell", "cell", "cell"]
