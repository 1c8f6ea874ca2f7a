import dataclasses
import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.export.methods_text import methods_paragraph
from dinocell_app.export.provenance import (
    Provenance,
    file_sha256,
    library_versions,
    read_sidecar,
    write_sidecar,
)

RECORD = Provenance(
    model_id="dinocell-s8",
    model_sha256="ab" * 32,
    parameters={"cell_probability_threshold": 0.5, "min_size": 15},
    input_path="in/µ.tif",
    input_sha256="cd" * 32,
    device="cpu",
    precision="float32",
    seed=3,
    pixel_size_um=0.325,
    pixel_size_source="file",
    diameter_px=41.5,
    diameter_source="measured",
    n_cells=12,
    outputs={"labels": "µ_labels.tif"},
)


def test_a_record_comes_back_unchanged(tmp_path):
    write_sidecar(tmp_path / "x.json", RECORD)
    assert read_sidecar(tmp_path / "x.json", Provenance) == RECORD
    content = json.loads((tmp_path / "x.json").read_text("utf-8"))
    assert content["schema_version"] == 1
    assert content["application"] == "DINOCell app"


def test_a_record_knows_when_and_with_what_it_was_made():
    made = datetime.fromisoformat(RECORD.created)
    assert made.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - made) < timedelta(hours=1)
    assert {"numpy", "torch"} <= set(library_versions())


def test_unknown_keys_of_later_additions_are_left_out(tmp_path):
    write_sidecar(tmp_path / "x.json", RECORD)
    content = json.loads((tmp_path / "x.json").read_text("utf-8")) | {"mood": "good"}
    (tmp_path / "x.json").write_text(json.dumps(content), "utf-8")
    assert read_sidecar(tmp_path / "x.json", Provenance) == RECORD


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"schema_version": 1}', '{"schema_version": 99}', '{"schema_version": "1"}']
)
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(UnreadableFileError, match=r"x\.json") as caught:
        read_sidecar(tmp_path / "x.json", Provenance)
    assert caught.value.remedy
    with pytest.raises(UnreadableFileError):
        read_sidecar(tmp_path / "absent.json", Provenance)


def test_what_json_cannot_say_is_refused(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_sidecar(tmp_path / "x.json", dataclasses.replace(RECORD, diameter_px=float("nan")))
    assert not list(tmp_path.iterdir())


def test_checksums(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    assert file_sha256(tmp_path / "a") == hashlib.sha256(b"x" * 3_000_000).hexdigest()
    folder = tmp_path / "f"
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "0").write_bytes(b"a")
    before = file_sha256(folder)
    (folder / "1" / "0").rename(folder / "1" / "1")
    assert file_sha256(folder) != before


def test_a_paragraph_for_one_image():
    text = methods_paragraph([RECORD])
    for words in (
        "One image was segmented with DINOCell app",
        "dinocell-s8 (weights sha256 abababababab)",
        "12 cells",
        "41.5 px (measured)",
        "cell probability threshold 0.5, min size 15",
        "0.325 µm (read from the image files)",
        "cpu in float32 precision with random seed 3",
        "numpy ",
    ):
        assert words in text


def test_a_paragraph_for_images_that_differ():
    other = dataclasses.replace(
        RECORD, pixel_size_um=None, pixel_size_source="unknown", diameter_px=30, n_cells=0, seed=None
    )
    text = methods_paragraph([RECORD, other])
    for words in ("2 images were", "12 cells", "30 to 41.5 px", "unknown for 1 of the images"):
        assert words in text
    assert "in pixels" in methods_paragraph([other])
    assert methods_paragraph([]) == ""
