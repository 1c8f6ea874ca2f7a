import os
import zipfile
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
import pytest

from dinocell_app.base.errors import InvalidParameterError, UserFacingError
from dinocell_app.export.formats import DEFAULT_FORMATS, FORMATS, parse_formats, write_formats
from dinocell_app.export.label_files import read_labels
from dinocell_app.export.labelled_image import LabelledImage
from dinocell_app.export.names import SUFFIXES

LABELS = np.array([[0, 1, 1], [4, 0, 1]], np.uint16)


def measured(labels):
    ids = np.unique(labels[labels > 0])
    return LabelledImage(
        labels, "d/x.tif", 0.5, pixels=labels, table=pd.DataFrame({"label": ids, "area_px": 1.0 * ids})
    )


@pytest.mark.parametrize(
    "labels", [LABELS, LABELS * 0, LABELS[:1, :1] * 0 + 1], ids=["cells", "none", "one pixel"]
)
def test_every_format_is_written_under_its_name(tmp_path, labels):
    written = write_formats(measured(labels), tmp_path, PurePosixPath("d/x"), "_t0001", FORMATS)
    assert list(written) == list(FORMATS)
    names = {path.relative_to(tmp_path).as_posix() for path in written.values()}
    assert names == {f"d/x_t0001{SUFFIXES[name]}" for name in FORMATS}
    assert {path.name for path in (tmp_path / "d").iterdir()} == {path.name for path in written.values()}
    assert np.array_equal(read_labels(written["labels"]), labels)
    assert zipfile.is_zipfile(written["roi"])


def test_combined_files_are_made_from_the_files_of_a_run(tmp_path):
    for name, form in FORMATS.items():
        assert (form.combine is None) == (form.combined_name == "")
        if form.combine is not None:
            path = write_formats(measured(LABELS), tmp_path, PurePosixPath("x"), "", [name])[name]
            form.combine(tmp_path / form.combined_name, [("x.tif", path), ("y.tif", path)])
            assert (tmp_path / form.combined_name).stat().st_size > path.stat().st_size


def test_lists_of_formats():
    assert parse_formats(" CSV,labels,,csv") == ("labels", "csv")
    assert parse_formats("all") == tuple(FORMATS)
    assert parse_formats(",".join(DEFAULT_FORMATS)) == DEFAULT_FORMATS


@pytest.mark.parametrize("text", ["", " ,", "labels,jpeg"])
def test_unknown_formats_are_refused_with_the_choice(text):
    with pytest.raises(InvalidParameterError, match="ome-zarr"):
        parse_formats(text)


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_file_in_the_place_of_the_folder_is_one_sentence(tmp_path, name):
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(UserFacingError) as caught:
        write_formats(measured(LABELS), tmp_path / "out" / "deeper", PurePosixPath("x"), "", [name])
    assert caught.value.path is not None
    assert caught.value.remedy
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind this user"
)
def test_a_folder_without_permission_is_one_sentence(tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    with pytest.raises(UserFacingError, match="not permitted"):
        write_formats(measured(LABELS), folder, PurePosixPath("x"), "", ["labels"])
