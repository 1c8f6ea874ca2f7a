"""An assay does what its job did, on other images and computers, and nothing else where it is read-only."""

from __future__ import annotations

import json
import shutil
import zipfile

import pandas as pd
import pytest

from dinocell_app.assays.assay import assay_of_job
from dinocell_app.assays.assay_file import read_assay, write_assay
from dinocell_app.base.errors import InvalidParameterError, ModelError, UnreadableFileError
from dinocell_app.cli import main
from dinocell_app.jobs.job_files import read_job
from dinocell_app.jobs.job_kinds import SegmentJob
from dinocell_app.model.model_archive import import_model


def test_an_assay_finds_the_cells_its_settings_find(assay_file, pictures, tmp_path):
    by_hand = tmp_path / "by hand"
    words = ["--model", "tiny", "--device", "cpu", "--flow-threshold", "0", "--diameter", "14px"]
    assert main(["segment", str(pictures), "-o", str(by_hand), *words]) == 0
    out = tmp_path / "out"
    words = ["segment", str(pictures), "-o", str(out), "--assay", str(assay_file), "--device", "cpu"]
    assert main(words) == 0
    assert (out / "a_labels.tif").read_bytes() == (by_hand / "a_labels.tif").read_bytes()
    assert (out / "cells.csv").read_bytes() == (by_hand / "cells.csv").read_bytes()


def test_nothing_of_the_folder_or_computer_stays_in_an_assay(assay_file):
    kept = read_assay(assay_file).settings
    assert (kept["flow_threshold"], kept["diameter"]) == (0.0, {"value": 14.0, "unit": "px"})
    of_a_folder = {"inputs", "output", "roots", "image_pixel_sizes_um", "image_axes", "overwrite", "regions"}
    of_a_computer = {"device", "batch_size", "dask"}
    assert set(kept) == set(SegmentJob.model_fields) - of_a_folder - of_a_computer - {
        "schema_version", "kind", "recursive", "model",
    }  # fmt: skip


def test_limits_make_a_quality_table_and_a_report(assay_file, pictures, tmp_path, capsys):
    (pictures / "empty.tif").write_bytes((pictures / "a.tif").read_bytes()[:40])
    out = tmp_path / "out"
    words = ["segment", str(pictures), "-o", str(out), "--assay", str(assay_file), "--device", "cpu"]
    assert main(words) == 3
    quality = pd.read_csv(out / "quality.csv").set_index("image")
    assert quality["quality"].to_dict() == {"a.tif": "look", "b.tif": "look", "empty.tif": "fail"}
    assert "confluency" in quality["reason"]["a.tif"]
    assert "0 images pass, 2 are to be looked at, 1 fail" in capsys.readouterr().out
    page = (out / "report.html").read_text("utf-8")
    assert "three cells" in page
    assert "weights sha256" in page
    assert page.count("<svg") >= 2
    assert "://" not in page.replace("http://www.w3.org/2000/svg", "")


def test_markup_in_names_stays_text_in_a_report(assay_file, pictures, tmp_path):
    (pictures / "a.tif").rename(pictures / "<img src=x onerror=y>.tif")
    out = tmp_path / "out"
    main(["segment", str(pictures), "-o", str(out), "--assay", str(assay_file), "--device", "cpu"])
    page = (out / "report.html").read_text("utf-8")
    assert "&lt;img src=x" in page
    assert "<img src=x" not in page


def test_a_read_only_assay_takes_no_other_settings(assay_file, pictures, tmp_path, capsys):
    assay = read_assay(assay_file)
    write_assay(assay_file, assay.model_copy(update={"read_only": True}))
    words = ["segment", str(pictures), "-o", str(tmp_path / "out"), "--assay", str(assay_file)]
    assert main([*words, "--diameter", "20px"]) == 2
    assert "read-only and diameter would change it" in capsys.readouterr().err
    assert main([*words, "--device", "cpu", "--overwrite"]) == 0


def test_another_model_of_the_same_name_is_refused(assay_file, installed):
    manifest = installed / "tiny" / "manifest.json"
    content = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**content, "sha256": "1" * 64}))
    with pytest.raises(ModelError, match="another model named tiny"):
        read_assay(assay_file).job((installed,), installed)


def test_an_embedded_model_is_imported_from_the_assay(job_file, installed, tmp_path):
    path = tmp_path / "all in one.dinocell-assay"
    assert main(["assay", "make", str(job_file), "-o", str(path), "--embed-model"]) == 0
    shutil.rmtree(installed / "tiny")
    with pytest.raises(ModelError):
        read_assay(path).job((tmp_path,), tmp_path / "out")
    assert import_model(path) == installed / "tiny"
    assert read_assay(path).job((tmp_path,), tmp_path / "out").model == "tiny"


def test_references_in_files_do_not_travel(job_file, installed, tmp_path):
    job = read_job(job_file).model_copy(update={"references": (f"{tmp_path / 'a.tif'}:3",)})
    with pytest.raises(InvalidParameterError, match="cells of other files"):
        assay_of_job("x", job)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 cut off", b"{}", "zip:{}", "zip:[1]", "zip:no json", "zip:" + "[" * 9999]
)
def test_a_file_that_is_no_assay_is_refused_in_a_sentence(tmp_path, content):
    path = tmp_path / "x.dinocell-assay"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("assay.json", content.removeprefix("zip:"))
    with pytest.raises(UnreadableFileError, match=r"x\.dinocell-assay: is no"):
        read_assay(path)


def test_an_assay_of_the_future_is_told_as_such(assay_file):
    content = read_assay(assay_file).model_dump(mode="json")
    with zipfile.ZipFile(assay_file, "w") as archive:
        archive.writestr("assay.json", json.dumps({**content, "schema_version": 2}))
    with pytest.raises(UnreadableFileError, match="newer version"):
        read_assay(assay_file)


def test_what_is_in_an_assay_can_be_shown(assay_file, capsys):
    assert main(["assay", "show", str(assay_file)]) == 0
    shown = capsys.readouterr().out
    assert "diameter: 14.0 px" in shown
    assert "3 <= n_cells, otherwise fail" in shown
