"""What napari is given: plain tuples, tested without it; where it is installed, layers made of them."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import tifffile

import dinocell_app
from dinocell_app import api
from dinocell_app.cli import main
from dinocell_app.napari_plugin.layers import get_reader, image_layers, result_layers

MANIFEST = Path(dinocell_app.__file__).parent / "napari_plugin" / "napari.yaml"
PROJECT_FILE = Path(__file__).parents[2] / "pyproject.toml"


@pytest.fixture
def cells() -> np.ndarray:
    """Two bright spots on black, uint8, (40, 56)."""
    rows, columns = np.mgrid[:40, :56]
    spots = [np.exp(-((rows - 20) ** 2 + (columns - at) ** 2) / 32.0) for at in (14, 40)]
    return (sum(spots) * 200).astype(np.uint8)


@pytest.fixture
def segment(tiny_model, tmp_path):
    """Segment an array written as an ImageJ TIFF; gives the record of a plane."""

    def run(array: np.ndarray, axes: str, plane: str = "", **settings) -> Path:
        tifffile.imwrite(tmp_path / "cells.tif", array, imagej=True, metadata={"axes": axes})
        fixed = {"model": tiny_model, "diameter": 14, "flow_threshold": 0, "device": "cpu"}
        result = api.segment(tmp_path / "cells.tif", **fixed | settings)
        result.save(tmp_path / "out", ["labels", "csv"])
        return tmp_path / "out" / f"cells{plane}_segmentation.json"

    return run


def test_a_result_is_its_image_and_its_labels_with_the_table(segment, cells):
    record = segment(cells, "YX", pixel_size_um=0.5)
    (image, image_keywords, kind), (labels, keywords, labels_kind) = get_reader(str(record))(str(record))
    assert (kind, labels_kind) == ("image", "labels")
    np.testing.assert_array_equal(image, cells)
    assert labels.max() == 2
    for given in (image_keywords, keywords):
        assert given["scale"] == (0.5, 0.5)
        assert given["units"] == ("um", "um")
    assert image_keywords["name"] == "cells.tif"
    features = keywords["features"]
    assert features["index"].tolist() == features["label"].tolist() == [1, 2]
    assert features["area_um2"].gt(0).all()
    assert keywords["metadata"]["units"]["area_um2"] == "um2"
    assert keywords["metadata"]["model"] == "tiny"


def test_without_a_pixel_size_there_is_no_scale(segment, cells):
    assert all("scale" not in keywords for _, keywords, _ in result_layers(segment(cells, "YX")))


def test_the_plane_and_the_channel_that_were_segmented_are_shown(segment, cells):
    stack = np.stack([[cells * 0, cells], [cells * 0 + 7, cells[::-1]]])  # z, c
    record = segment(stack, "ZCYX", "_z001", channel=1)
    first, second, labels = result_layers(record)
    np.testing.assert_array_equal(first[0], stack[1, 0])
    np.testing.assert_array_equal(second[0], stack[1, 1])
    assert (first[1]["visible"], second[1]["visible"]) == (False, True)
    assert first[1]["name"] != second[1]["name"]
    assert labels[1]["name"] == "cells.tif_z001 cells"


def test_a_colour_image_is_one_layer(segment, cells):
    record = segment(np.dstack([cells, cells // 2, cells // 3]), "YXS")
    (pixels, keywords, _), _ = result_layers(record)
    assert pixels.shape == (40, 56, 3)
    assert keywords["rgb"]
    assert keywords["visible"]


def test_labels_open_also_when_the_image_is_gone(segment, cells, tmp_path):
    record = segment(cells, "YX")
    (tmp_path / "cells.tif").unlink()
    ((labels, _, kind),) = result_layers(record)
    assert kind == "labels"
    assert labels.max() == 2


def test_what_is_no_result_is_left_to_others(segment, cells, tmp_path):
    record = segment(cells, "YX")
    (tmp_path / "other_segmentation.json").write_text('{"schema_version": 1}')
    for path in ("cells.tif", "other_segmentation.json", "nowhere_segmentation.json"):
        assert get_reader(str(tmp_path / path)) is None
    assert get_reader([]) is None
    assert get_reader([str(record), str(tmp_path / "cells.tif")]) is None
    assert len(get_reader([str(record)] * 2)([str(record)] * 2)) == 4


def test_an_image_without_result_has_its_pixel_size_from_the_file_or_as_told(cells, tmp_path):
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, cells, imagej=True, resolution=(4, 4), metadata={"unit": "um"})
    ((pixels, keywords, kind),) = image_layers(path)
    assert kind == "image"
    np.testing.assert_array_equal(pixels, cells)
    assert keywords["scale"] == pytest.approx((0.25, 0.25))
    assert next(image_layers(path, pixel_size_um=2.0))[1]["scale"] == (2.0, 2.0)


def test_planes_of_a_stack_are_read_when_they_are_looked_at(cells, tmp_path):
    pytest.importorskip("dask.array")
    stack = np.stack([[cells, cells[::-1]], [cells * 0, cells // 2], [cells // 3, cells]])
    tifffile.imwrite(tmp_path / "x.tif", stack, imagej=True, metadata={"axes": "ZCYX"})
    layers = list(image_layers(tmp_path / "x.tif", pixel_size_um=0.5))
    assert [keywords["scale"] for _, keywords, _ in layers] == [(1.0, 0.5, 0.5)] * 2
    for channel, (pixels, _, _) in enumerate(layers):
        assert pixels.chunks[0] == (1, 1, 1)
        np.testing.assert_array_equal(pixels.compute(), stack[:, channel])
    ((pixels, _, _),) = image_layers(tmp_path / "x.tif", axes="TZYX")
    assert pixels.shape == (3, 2, 40, 56)


def test_the_manifest_names_a_function_there_is():
    from importlib import import_module

    text = MANIFEST.read_text(encoding="utf-8")
    module, name = text.split("python_name: ")[1].split("\n")[0].split(":")
    assert getattr(import_module(module), name) is get_reader
    assert 'filename_patterns: ["*_segmentation.json"]' in text
    if PROJECT_FILE.is_file():
        project = tomllib.loads(PROJECT_FILE.read_text(encoding="utf-8"))["project"]
        package, file = project["entry-points"]["napari.manifest"]["dinocell-app"].split(":")
        assert import_module(package).__file__ == str(MANIFEST.with_name("__init__.py"))
        assert file == MANIFEST.name
        assert text.startswith(f"name: {project['name']}\n")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of napari's own dependencies
def test_the_manifest_is_valid():
    npe2 = pytest.importorskip("npe2", reason="npe2 is not installed (extra: napari)")
    manifest = npe2.PluginManifest.from_file(MANIFEST)
    manifest.validate_imports()
    assert manifest.contributions.readers[0].filename_patterns == ["*_segmentation.json"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of napari's own dependencies
def test_napari_makes_layers_of_them(segment, cells):
    pytest.importorskip("napari", reason="napari is not installed (extra: napari)")
    from napari.components import ViewerModel
    from napari.layers import Layer

    viewer = ViewerModel()
    for data in result_layers(segment(cells, "YX", pixel_size_um=0.5)):
        viewer.add_layer(Layer.create(*data))
    image, labels = viewer.layers
    assert tuple(image.scale) == tuple(labels.scale) == (0.5, 0.5)
    assert {str(unit) for unit in labels.units} == {"micrometer"}
    assert labels.features["area_px2"].gt(0).all()
    status = labels.get_status((20, 14), view_direction=None, dims_displayed=[0, 1])
    assert "area_px2" in status["coordinates"]


def test_the_command_says_what_is_missing(segment, cells, tmp_path, monkeypatch, capsys):
    record = segment(cells, "YX")
    monkeypatch.setitem(sys.modules, "napari", None)
    assert main(["napari", str(record)]) == 2
    assert "dinocell-app[napari]" in capsys.readouterr().err
    assert main(["napari", str(tmp_path / "nowhere.tif")]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_reading_takes_neither_torch_nor_qt(segment, cells):
    record = segment(cells, "YX")
    code = (
        "import sys; from dinocell_app.napari_plugin.layers import get_reader;"
        f"get_reader({str(record)!r})({str(record)!r});"
        "print([name for name in ('torch', 'timm', 'PySide6', 'napari') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
