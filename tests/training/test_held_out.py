"""Held-out pictures: never none without a word, written down before the first step, honoured for ever."""

from __future__ import annotations

import json

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from dinocell_training.fine_tuning_data import for_scoring, read_data
from dinocell_training.held_out import HELD_OUT_NAME, HeldOut, picture_hash

from dinocell_app.base.errors import InvalidParameterError, UnreadableFileError
from dinocell_app.base.resource_files import resource_path
from dinocell_app.jobs.job_kinds import FineTuneJob

SHAPE = (40, 40)


def _picture(seed):
    return np.random.default_rng(seed).integers(0, 255, SHAPE).astype(np.uint8)


def _labels():
    labels = np.zeros(SHAPE, np.uint16)
    labels[5:15, 5:15], labels[20:34, 20:34] = 1, 2
    return labels


def _write(folder, *seeds):
    folder.mkdir(exist_ok=True)
    for seed in seeds:
        tifffile.imwrite(folder / f"p{seed}.tif", _picture(seed))
        tifffile.imwrite(folder / f"p{seed}_masks.tif", _labels())
    return folder


def _job(data, **fields):
    return FineTuneJob(data=(data,), output=data.parent / "model", **fields)


def _names(pairs):
    return [pair.image_path.name for pair in pairs]


@pytest.mark.parametrize(("n", "share", "n_held_out"), [(2, 0.01, 1), (10, 0.3, 3), (3, 0.99, 2)])
def test_of_two_pictures_or_more_at_least_one_is_held_out_and_one_is_taught(tmp_path, n, share, n_held_out):
    data = read_data(_job(_write(tmp_path / "data", *range(n)), validation_share=share))
    assert len(data.held_out) == n_held_out
    assert len(data.training) == n - n_held_out
    assert not set(_names(data.held_out)) & set(_names(data.training))
    assert not data.notices


@pytest.mark.parametrize(
    ("seeds", "share", "said"), [((0,), 0.5, "only one labelled picture"), ((0, 1), 0, "the share is 0")]
)
def test_holding_out_nothing_is_said(tmp_path, seeds, share, said):
    data = read_data(_job(_write(tmp_path / "data", *seeds), validation_share=share))
    assert not data.held_out
    (notice,) = data.notices
    assert said in notice


def test_named_pictures_are_held_out_in_place_of_a_share(tmp_path):
    folder = _write(tmp_path / "data", *range(10))
    chosen = (folder / "p3.tif", folder / "p8.tif")
    data = read_data(_job(folder, held_out_images=chosen, validation_share=0.5))
    assert _names(data.held_out) == ["p3.tif", "p8.tif"]
    assert len(data.training) == 8


def test_a_named_picture_that_is_not_there_is_an_error(tmp_path):
    folder = _write(tmp_path / "data", 0, 1)
    with pytest.raises(InvalidParameterError, match=r"elsewhere\.tif.*held out"):
        read_data(_job(folder, held_out_images=(folder / "elsewhere.tif",)))


def test_copies_in_a_held_out_folder_are_not_taught(tmp_path):
    folder, scoring = _write(tmp_path / "data", *range(4)), tmp_path / "scoring"
    scoring.mkdir()
    iio.imwrite(scoring / "renamed.png", _picture(2))
    iio.imwrite(scoring / "renamed_masks.png", _labels())
    data = read_data(_job(folder, held_out=(scoring,)))
    assert _names(data.training) == ["p0.tif", "p1.tif", "p3.tif"]
    assert _names(data.held_out) == ["renamed.png"]
    assert [notice for notice in data.notices if "p2.tif" in notice and "not taught" in notice]


def test_a_run_keeps_its_choice_when_pictures_are_added(tmp_path):
    folder, run = _write(tmp_path / "data", *range(4)), tmp_path / "run"
    run.mkdir()
    first = read_data(_job(folder, validation_share=0.5))
    first.record.write(run)
    _write(folder, *range(4, 40))
    (folder / first.held_out[0].image_path.name).rename(folder / "moved.tif")
    masks = first.held_out[0].label_source.path
    masks.rename(folder / "moved_masks.tif")
    again = read_data(_job(folder, validation_share=0.5), run)
    assert sorted(_names(again.held_out)) == sorted(["moved.tif", first.held_out[1].image_path.name])
    assert len(again.training) == 38
    assert again.record == first.record


def test_what_the_base_model_was_scored_on_is_held_out_again(tmp_path):
    folder = _write(tmp_path / "data", *range(6))
    base = HeldOut(inherited=frozenset({picture_hash(folder / "p1.tif"), picture_hash(folder / "p4.tif")}))
    base.write(tmp_path)
    base = HeldOut.read(tmp_path)
    known = base.contents
    data = read_data(_job(folder, validation_share=0.17), known=base)
    assert _names(data.held_out) == ["p1.tif", "p4.tif"]  # more than the share asks for: none is added
    assert any("p1.tif, p4.tif" in notice and "base model" in notice for notice in data.notices)
    assert known <= data.record.contents
    more = read_data(_job(folder, validation_share=0.5), known=base)
    assert len(more.held_out) == 3
    explicit = read_data(_job(folder, held_out_images=(folder / "p0.tif",)), known=base)
    assert _names(explicit.held_out) == ["p0.tif", "p1.tif", "p4.tif"]
    elsewhere = read_data(_job(_write(tmp_path / "other", 20, 21), validation_share=0.5), known=base)
    assert known < elsewhere.record.contents


def test_nothing_left_to_learn_from_is_an_error(tmp_path):
    folder = _write(tmp_path / "data", 0, 1)
    base = HeldOut(inherited=frozenset(picture_hash(folder / f"p{n}.tif") for n in (0, 1)))
    with pytest.raises(InvalidParameterError, match="All 2 labelled pictures are held out"):
        read_data(_job(folder), known=base)


def test_a_damaged_list_is_an_error_not_an_empty_one(tmp_path):
    (tmp_path / HELD_OUT_NAME).write_text(json.dumps({"pictures": [{"path": "a"}]}))
    with pytest.raises(UnreadableFileError, match="held-out"):
        HeldOut.read(tmp_path)
    assert HeldOut.read(tmp_path / "nowhere") is None


def test_a_picture_is_known_again_in_another_format_and_as_colours(tmp_path):
    picture = _picture(0)
    tifffile.imwrite(tmp_path / "a.tif", picture)
    tifffile.imwrite(tmp_path / "b.tif", picture, compression="zlib", byteorder=">")
    iio.imwrite(tmp_path / "c.png", picture)
    iio.imwrite(tmp_path / "d.png", np.stack([picture] * 3, axis=-1))
    tifffile.imwrite(tmp_path / "e.tif", picture[::-1])
    hashes = [picture_hash(tmp_path / name) for name in ("a.tif", "b.tif", "c.png", "d.png", "e.tif")]
    assert len(set(hashes[:4])) == 1
    assert hashes[4] != hashes[0]


def test_a_picture_that_cannot_be_read_is_left_out_with_its_reason(tmp_path):
    folder = _write(tmp_path / "data", *range(3))
    whole = tmp_path / "large.tif"
    tifffile.imwrite(
        whole, np.random.default_rng(0).integers(0, 255, SHAPE).astype(np.uint8), compression="zlib"
    )
    content = bytearray(whole.read_bytes())
    with tifffile.TiffFile(whole) as file:
        (start,), (length,) = file.pages[0].dataoffsets, file.pages[0].databytecounts
    content[start : start + length] = bytes(length)
    (folder / "p1.tif").write_bytes(content)
    data = read_data(_job(folder, validation_share=0.5))
    assert [path.name for path, _ in data.unpaired] == ["p1.tif"]
    assert len(data.training) + len(data.held_out) == 2


def test_partly_labelled_pictures_are_the_last_to_be_held_out_and_forgive_cells_found_beside(tmp_path):
    folder = _write(tmp_path / "data", *range(6))
    partly = tuple(folder / f"p{n}.tif" for n in range(5))
    data = read_data(_job(folder, partly_labelled_images=partly, validation_share=0.17))
    assert _names(data.held_out) == ["p5.tif"]
    chosen = read_data(_job(folder, partly_labelled_images=partly, held_out_images=partly[:1]))
    (pair,) = for_scoring(chosen.held_out)
    assert (pair.read_ignore_region(SHAPE) == (_labels() == 0)).all()
    assert not chosen.held_out[0].read_ignore_region(SHAPE).any()


def test_what_the_shipped_model_is_scored_on_cannot_be_taught():
    record = HeldOut.read(resource_path("models", "dinocell-s8"))
    assert record is not None
    assert len(record.contents) == 91
    scored = ("nuclei_fluorescence.tif", "nuclei_histology.tif", "phase_t98g.tif")
    assert {picture_hash(resource_path("samples", name)) for name in scored} <= record.contents
    assert picture_hash(resource_path("samples", "blood_smear.png")) not in record.contents


@pytest.mark.parametrize(("n", "held_out"), [(8, 3), (14, 3), (20, 4), (100, 20)])
def test_by_the_rule_a_verdict_is_possible(tmp_path, n, held_out):
    data = read_data(_job(_write(tmp_path / "data", *range(n))))
    assert len(data.held_out) == held_out
    assert len(data.training) == n - held_out
    assert not data.turns


@pytest.mark.parametrize("n", [2, 3, 5, 7])
def test_few_pictures_are_judged_in_turns_and_all_of_them_are_taught(tmp_path, n):
    folder, run = _write(tmp_path / "data", *range(n)), tmp_path / "run"
    run.mkdir()
    data = read_data(_job(folder))
    assert not data.held_out
    assert len(data.training) == n
    assert sorted(_names([pair for group in data.turns for pair in group])) == _names(data.training)
    assert max(map(len, data.turns)) - min(map(len, data.turns)) <= 1
    assert len(data.turns) == min(3, n)
    assert any("in turns" in notice for notice in data.notices)
    data.record.write(run)
    _write(folder, 40, 41)
    again = read_data(_job(folder), run)
    assert [_names(group) for group in again.turns] == [_names(group) for group in data.turns]


def test_few_pictures_without_a_base_to_compare_with_are_held_out(tmp_path):
    data = read_data(_job(_write(tmp_path / "data", *range(5)), base_model=None))
    assert len(data.held_out) == 1
    assert not data.turns


def test_what_the_base_was_taught_is_judged_by_only_where_there_is_no_choice_and_said(tmp_path):
    folder = _write(tmp_path / "data", *range(10))
    taught = HeldOut(taught=frozenset(picture_hash(folder / f"p{n}.tif") for n in range(7)))
    data = read_data(_job(folder), known=taught)
    assert _names(data.held_out) == ["p7.tif", "p8.tif", "p9.tif"]
    assert not data.notices
    assert data.record.taught == taught.taught
    favoured = read_data(_job(folder, held_out_images=(folder / "p0.tif",)), known=taught)
    assert any("p0.tif" in notice and "favour it" in notice for notice in favoured.notices)
