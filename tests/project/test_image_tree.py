from dataclasses import replace

from dinocell_app.base.plane_address import ONLY_PLANE
from dinocell_app.project.image_tree import Folder, ImageRow, Order, Status, TreeState, condition_of
from dinocell_app.project.records import ImageRecord, ResultRecord


def image(number, path, **other):
    fields = {
        "n_times": 1, "n_slices": 1, "n_channels": 1, "height": 8, "width": 9, "dtype": "uint8",
        "channel_names": ("grey",), "is_rgb": False, "file_pixel_size_um": None, "pixel_size_um": None,
        "pixel_size_source": "unknown",
    }  # fmt: skip
    return ImageRecord(id=number, root_id=1, relative_path=path, **{**fields, **other})


def result(image_id, n_cells=3, status="finished"):
    return ResultRecord(
        image_id * 10, image_id, None, "run", ONLY_PLANE, status, n_cells, 1.0, "why", (), "2026"
    )


ROWS = (
    ImageRow(image(1, "control/a2.tif"), result(1, 5)),
    ImageRow(image(2, "control/a10.tif", tags=("day 1",)), result(2, status="failed")),
    ImageRow(image(3, "drug/c.tif", problem="is cut off"), result(3)),
    ImageRow(image(4, "drug/d.tif"), result(4, 0)),
    ImageRow(image(5, "drug/e.tif")),
)
STATE = TreeState(ROWS, {1: "plate"})


def ids(state):
    return [[row.record.id for row in folder.images] for folder in state.folders()]


def test_status_is_a_shape_and_a_word():
    assert [row.status for row in ROWS] == [
        Status.DONE, Status.FAILED, Status.UNREADABLE, Status.DONE, Status.OPEN,
    ]  # fmt: skip
    shapes = {status.value[0] for status in Status}
    assert len(shapes) == len(Status)
    assert all(len(status.value.split(maxsplit=1)[1]) > 3 for status in Status)


def test_only_segmented_images_have_a_number_of_cells_and_none_is_not_zero():
    assert [row.n_cells for row in ROWS] == [5, None, None, 0, None]


def test_images_stand_under_their_folder():
    assert [folder.title for folder in STATE.folders()] == ["plate/control", "plate/drug"]
    assert [folder.summary for folder in STATE.folders()] == [
        "1 of 2, ✕ 1",
        "1 of 3 done",
    ]


def test_names_are_sorted_as_people_count():
    assert ids(STATE) == [[1, 2], [3, 4, 5]]


def test_images_are_sorted_by_cells_and_status_within_their_folder():
    assert ids(replace(STATE, order=Order.CELLS)) == [[1, 2], [4, 3, 5]]
    assert ids(replace(STATE, order=Order.STATUS)) == [[2, 1], [3, 5, 4]]


def test_the_filter_asks_for_every_word_in_name_folder_tag_or_status():
    for words, expected in (
        ("a10", [[2]]),
        ("DRUG", [[3, 4, 5]]),
        ("day", [[2]]),
        ("to do", [[5]]),
        ("drug do", [[4, 5]]),
        ("drug a10", []),
    ):
        assert ids(replace(STATE, words=words)) == expected, words


def test_a_new_result_changes_its_image_alone():
    state = STATE.with_results({5: result(5, 7)}, [5])
    assert [row.n_cells for row in state.rows] == [5, None, None, 0, 7]
    assert state.rows[:4] == STATE.rows[:4]


def test_the_hint_says_where_the_pixel_size_comes_from():
    known = ImageRow(image(1, "a.tif", pixel_size_um=0.65, pixel_size_source="folder", note="out of focus"))
    assert "0.65 µm a pixel, set for the folder" in known.hint
    assert "out of focus" in known.hint
    assert "Pixel size unknown" in ROWS[4].hint
    assert "is cut off" in ROWS[2].hint


def test_a_corrected_image_says_so_and_counts_as_done():
    corrected = replace(result(1, n_cells=5), n_edited=2, model_files=("a",), files=("corrected/a",))
    row = ImageRow(image(1, "a.tif"), corrected)
    assert row.status is Status.EDITED
    assert row.n_cells == 5
    assert "2 cells edited by hand" in row.hint
    assert "newer" not in row.hint
    assert "newer result" in replace(row, result=replace(corrected, has_newer=True)).hint
    assert Folder(1, "", "all", (row, ImageRow(image(2, "b.tif"), None))).summary == "1 of 2 done"


def test_dropped_folders_are_conditions_and_one_root_leaves_its_folders_their_names():
    flat, below = image(1, "a.tif"), image(2, "drug/b.tif")
    assert condition_of(flat, {1: "control"}) == "control"
    assert condition_of(below, {1: "plate"}) == "drug"
    two = {1: "control", 2: "treated"}
    assert condition_of(flat, two) == "control"
    assert condition_of(replace(flat, root_id=2), two) == "treated"
    assert condition_of(below, two) == "control/drug"


def test_the_filter_knows_the_names_of_dropped_folders():
    rows = (ImageRow(image(1, "a.tif")), ImageRow(replace(image(2, "a.tif"), root_id=2)))
    state = TreeState(rows, {1: "control", 2: "treated"}, words="treated")
    assert ids(state) == [[2]]


def test_an_approved_image_differs_from_an_edited_one_and_stays_approved_with_new_results():
    row = replace(ROWS[0], is_approved=True)
    assert row.status is Status.APPROVED
    state = TreeState((row,), {1: "plate"}).with_results({1: result(1, 9)}, [1], approved={1})
    assert state.rows[0].status is Status.APPROVED
    assert state.with_results({1: result(1, 9)}, [1]).rows[0].status is Status.DONE
