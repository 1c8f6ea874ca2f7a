"""The data-set doctor, one folder for every illness."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from dinocell_training.data_set_doctor import ExaminationFinished, examine
from dinocell_training.data_set_findings import Finding, PictureFound

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.cli import main
from dinocell_app.model.manifest import read_manifest

RNG = np.random.default_rng(3)


def labels(n: int = 30, edge: int = 96, side: int = 10) -> np.ndarray:
    made = np.zeros((edge, edge), np.uint16)
    per_row = edge // (side + 6)
    for cell in range(min(n, per_row * per_row)):
        row, column = divmod(cell, per_row)
        top, left = row * (side + 6) + 3, column * (side + 6) + 3
        made[top : top + side, left : left + side] = cell + 1
    return made


def pair(
    folder: Path, name: str, mask: np.ndarray | None, picture: np.ndarray | None = None, **words
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shape = (96, 96) if mask is None else mask.shape[:2]
    pixels = RNG.integers(0, 255, shape).astype(np.uint8) if picture is None else picture
    tifffile.imwrite(folder / f"{name}.tif", pixels, **words)
    if mask is not None:
        tifffile.imwrite(folder / f"{name}_masks.tif", mask)


@pytest.fixture
def healthy(tmp_path: Path) -> Path:
    for number in range(8):
        pair(tmp_path / "data", f"p{number}", labels())
    return tmp_path / "data"


def seen(*folders: Path, **words) -> tuple[list[PictureFound], dict[str, Finding], ExaminationFinished]:
    items = list(examine(folders, **words))
    assert isinstance(items[-1], ExaminationFinished)
    assert sum(isinstance(item, ExaminationFinished) for item in items) == 1
    findings = {item.kind: item for item in items if isinstance(item, Finding)}
    for finding in findings.values():
        assert finding.sentence
        assert finding.remedy, f"{finding.kind} has no remedy"
        assert not finding.sentence.endswith(".")
    return [item for item in items if isinstance(item, PictureFound)], findings, items[-1]


def test_healthy_pictures_have_no_problem(healthy: Path) -> None:
    pictures, findings, end = seen(healthy)
    assert list(findings) == ["judging"]
    assert "3 of 8 images will be kept for judging and 5 taught" in findings["judging"].sentence
    assert (end.n_pictures, end.n_usable, end.n_cells, end.can_train) == (8, 8, 240, True)
    assert {picture.n_cells for picture in pictures} == {30}
    assert pictures[0].diameter_px == pytest.approx(2 * np.sqrt(100 / np.pi))
    assert end.sentence == "8 pictures with 240 cells can be used."


@pytest.mark.parametrize(
    ("mask", "kind", "severity", "usable"),
    [
        (np.pad(labels(), ((0, 4), (0, 0))), "size mismatch", "stops", False),
        ((labels() > 0).astype(np.uint8) * 255, "binary", "warns", True),
        (labels().astype(np.float32), "float", "warns", True),
        (np.zeros((96, 96), np.uint16), "empty", "tells", True),
        (labels(side=3), "tiny", "warns", True),
    ],
)
def test_each_illness_of_a_mask_has_a_name(
    healthy: Path, mask: np.ndarray, kind: str, severity: str, usable: bool
) -> None:
    pair(healthy, "ill", mask, RNG.integers(0, 255, (96, 96)).astype(np.uint8))
    pictures, findings, end = seen(healthy)
    assert findings[kind].severity == severity
    assert findings[kind].images == (healthy / "ill.tif",)
    ill = next(picture for picture in pictures if picture.image.stem == "ill")
    assert ill.usable == usable
    assert ill.is_binary == (kind == "binary")
    assert end.n_usable == 8 + usable
    if kind == "binary":
        assert ill.n_cells == 30, "counted as connected parts"


def test_a_damaged_picture_costs_only_itself(healthy: Path) -> None:
    (healthy / "p3.tif").write_bytes((healthy / "p3.tif").read_bytes()[:200])
    (healthy / "p4_masks.tif").write_bytes(b"nothing")
    _, findings, end = seen(healthy)
    assert findings["unreadable"].severity == "stops"
    assert (end.n_usable, end.can_train) == (6, True)
    assert end.sentence.endswith("2 cannot.")


def test_pictures_without_labels_are_named(healthy: Path) -> None:
    pair(healthy, "alone", None)
    _, findings, end = seen(healthy)
    assert findings["unpaired"].images == (healthy / "alone.tif",)
    assert end.n_pictures == 8


def test_the_same_picture_twice_is_found_under_any_name(healthy: Path, tmp_path: Path) -> None:
    picture = tifffile.imread(healthy / "p0.tif")
    pair(healthy, "copy", labels(), picture, compression="zlib")
    pair(tmp_path / "scoring", "other name", labels(), tifffile.imread(healthy / "p1.tif"))
    _, findings, _ = seen(healthy, held_out=[tmp_path / "scoring"])
    assert {path.name for path in findings["duplicate"].images} == {"copy.tif", "p0.tif"}
    assert {path.name for path in findings["duplicate across the split"].images} == {
        "p1.tif",
        "other name.tif",
    }


def test_few_pictures_and_few_cells_are_said(tmp_path: Path) -> None:
    for number in range(3):
        pair(tmp_path / "data", str(number), labels(4))
    _, findings, end = seen(tmp_path / "data")
    assert "3 different pictures" in findings["few pictures"].sentence
    assert "12 cells" in findings["few cells"].sentence
    assert end.can_train


def test_nothing_to_teach_stops(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    _, findings, end = seen(tmp_path / "empty")
    assert findings["nothing"].severity == "stops"
    assert not end.can_train
    pair(tmp_path / "blank", "a", np.zeros((96, 96), np.uint16))
    assert not seen(tmp_path / "blank")[2].can_train
    with pytest.raises(UnreadableFileError):
        seen(tmp_path / "no such folder")


def test_pixel_sizes_and_cell_sizes_are_compared(healthy: Path, tiny_model: Path) -> None:
    for name, size in (("near", 0.2), ("far", 0.8)):
        words = {"imagej": True, "resolution": (1 / size, 1 / size), "metadata": {"unit": "um"}}
        pair(healthy, name, labels(), **words)
    base = read_manifest(tiny_model).model_copy(update={"cell_diameter_range_px": (40.0, 60.0)})
    _, findings, _ = seen(healthy, base=base)
    assert "0.2 to 0.8 µm" in findings["mixed pixel sizes"].sentence
    assert "are about 11 pixels" in findings["cell size"].sentence
    assert len(findings["cell size"].images) == 10
    assert "cell size" not in seen(healthy, base=read_manifest(tiny_model))[1]


def test_the_shell_prints_sentences_or_lines_of_json(
    healthy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair(healthy, "alone", None)
    assert main(["train", "check", str(healthy)]) == 0
    printed = capsys.readouterr().out
    assert "alone.tif is left out" in printed
    assert printed.rstrip().endswith("8 pictures with 240 cells can be used.")
    assert main(["train", "check", str(healthy), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["item"] for line in lines].count("PictureFound") == 8
    assert lines[-1]["item"] == "ExaminationFinished"
    assert main(["train", "check", str(healthy.parent)]) == 0
    (healthy.parent / "none").mkdir()
    assert main(["train", "check", str(healthy.parent / "none")]) == 3


def test_the_shell_compares_two_models(
    healthy: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, out = str(tiny_model), tmp_path / "compared"
    words = ["train", "compare", model, model, str(healthy), "-o", str(out), "--device", "cpu"]
    assert main(words) == 0
    assert "Not better. On 8 held-out images with 240 cells" in capsys.readouterr().out
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == "not better"
    assert len(list((out / "verdict").glob("*_new.png"))) == 8
