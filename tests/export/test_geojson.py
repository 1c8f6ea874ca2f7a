import json
import uuid

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.measure import points_in_poly

from dinocell_app.export.geojson import feature_collection, write_geojson
from dinocell_app.export.labelled_image import LabelledImage

LABEL_IMAGES = arrays(
    np.uint16,
    array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9),
    elements=st.sampled_from([0, 0, 1, 2, 9]),
)


def drawn(geometry, shape):
    """Mask of a geometry: exteriors minus holes."""
    is_multi = geometry["type"] == "MultiPolygon"
    polygons = geometry["coordinates"] if is_multi else [geometry["coordinates"]]
    assert is_multi == (len(polygons) > 1)
    rows, columns = np.indices(shape) + 0.5
    points = np.column_stack([columns.ravel(), rows.ravel()])
    mask = np.zeros(shape, int)
    for exterior, *holes in polygons:
        mask += points_in_poly(points, exterior).reshape(shape)
        for hole in holes:
            mask -= points_in_poly(points, hole).reshape(shape)
    return mask


@settings(max_examples=40, deadline=None)
@given(LABEL_IMAGES)
def test_geometries_cover_the_masks(labels):
    features = feature_collection(LabelledImage(labels, "x"))["features"]
    assert [feature["properties"]["label"] for feature in features] == [
        int(i) for i in np.unique(labels) if i
    ]
    for feature in features:
        mask = labels == feature["properties"]["label"]
        assert np.array_equal(drawn(feature["geometry"], labels.shape), mask.astype(int))


def test_the_file_has_what_qupath_looks_for(tmp_path):
    labels = np.zeros((4, 5), np.uint16)
    labels[1:3, 2:5] = 6
    table = pd.DataFrame(
        {"label": [6], "area_px": [6], "feret_px": [np.nan], "touches_border": [True], "name": ["é"]}
    )
    write_geojson(tmp_path / "x.geojson", LabelledImage(labels, "sub/x.tif", table=table))
    content = json.loads((tmp_path / "x.geojson").read_text(encoding="utf-8"))
    assert content["type"] == "FeatureCollection"
    (feature,) = content["features"]
    assert feature["type"] == "Feature"
    assert feature["properties"]["objectType"] == "detection"
    assert feature["properties"]["name"] == "6"
    assert feature["properties"]["measurements"] == {"area_px": 6.0, "touches_border": 1.0}
    assert feature["geometry"] == {
        "type": "Polygon",
        "coordinates": [[[2, 1], [5, 1], [5, 3], [2, 3], [2, 1]]],
    }
    assert str(uuid.UUID(feature["id"])) == feature["id"]


def test_ids_depend_on_image_and_label_alone():
    def ids(labels, name):
        return [feature["id"] for feature in feature_collection(LabelledImage(labels, name))["features"]]

    labels = np.array([[1, 0, 4]])
    assert ids(labels, "a") == ids(np.array([[1], [1], [4]]), "a")
    assert len({*ids(labels, "a"), *ids(labels, "b")}) == 4


@pytest.mark.parametrize("labels", [np.zeros((3, 3), int), np.zeros((0, 0), int)])
def test_no_cell_gives_a_collection_without_features(tmp_path, labels):
    write_geojson(tmp_path / "x.geojson", LabelledImage(labels, "x"))
    assert json.loads((tmp_path / "x.geojson").read_bytes()) == {"type": "FeatureCollection", "features": []}
