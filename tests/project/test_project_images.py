"""Images of a project: order, pixel sizes, tags, notes, displays; and that 10,000 of them stay cheap."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.project.displays import default_displays
from dinocell_app.project.project import Project
from dinocell_app.project.records import ChannelDisplay, FoundImage, PixelSizeScope

_TEXT = st.text(
    st.characters(exclude_characters="/\\\0", exclude_categories=("Cs",)), min_size=1, max_size=20
)
_NAMES = _TEXT.filter(lambda name: name not in (".", ".."))
_FOUND = st.builds(
    FoundImage,
    path=st.lists(_NAMES, min_size=1, max_size=3).map(lambda parts: Path("/data/images", *parts)),
    root=st.just(Path("/data/images")),
    n_times=st.integers(1, 9),
    n_slices=st.integers(1, 9),
    n_channels=st.integers(1, 4),
    height=st.integers(1, 10**6),
    width=st.integers(1, 10**6),
    dtype=st.sampled_from(["uint8", "uint16", "float32"]),
    channel_names=st.lists(_TEXT, max_size=4).map(tuple),
    is_rgb=st.booleans(),
    pixel_size_um=st.none() | st.floats(1e-3, 100),
    problem=st.text(st.characters(exclude_categories=("Cs",)), max_size=20),
)


@given(found=st.lists(_FOUND, max_size=4, unique_by=lambda image: image.path))
@settings(max_examples=8)
def test_what_was_found_comes_back(found: list[FoundImage]) -> None:
    with tempfile.TemporaryDirectory() as folder, Project.create(Path(folder) / "x") as project:
        added = project.images.add(found)
        assert sorted(added, key=lambda image: image.id) == sorted(
            project.images.all(), key=lambda image: image.id
        )
        for image, record in zip(found, added, strict=True):
            assert project.images.path(record.id) == image.path
            assert project.images.get(record.id) == record == project.images.by_path(image.path)
            for name in ("n_times", "n_slices", "n_channels", "height", "width", "dtype", "channel_names"):
                assert getattr(record, name) == getattr(image, name)
            assert (record.is_rgb, record.problem) == (image.is_rgb, image.problem)
            assert record.pixel_size_um == record.file_pixel_size_um == image.pixel_size_um


def test_images_are_in_the_order_a_person_expects(filled: Project) -> None:
    names = [image.relative_path for image in filled.images.all()]
    assert names == ["a2.tif", "a10.tif", "day 2/b.tif", "day 10/c.tif", "day 10/deep/d.tif"]
    assert [(image.name, image.folder) for image in filled.images.all()][-1] == ("d.tif", "day 10/deep")


def test_an_image_is_added_once_also_through_a_folder_around_or_inside(
    filled: Project, image_folder: Path
) -> None:
    known = image_folder / "day 10" / "c.tif"
    again = [
        FoundImage(known, image_folder),
        FoundImage(known, known.parent),
        FoundImage(known, image_folder.parent),
    ]
    assert filled.images.add(again) == []
    assert len(filled.roots.all()) == 1


def test_an_image_found_by_itself_belongs_to_its_folder(project: Project, tmp_path: Path) -> None:
    (record,) = project.images.add([FoundImage(tmp_path / "plates" / "x.tif", tmp_path / "plates" / "x.tif")])
    assert (record.relative_path, project.roots.all()[0].path) == ("x.tif", tmp_path / "plates")


def test_folders_of_the_same_name_have_different_names_in_the_project(project: Project) -> None:
    for place in ("/one/Images", "/two/images"):
        project.images.add([FoundImage(Path(place, "x.tif"), Path(place))])
    assert [root.name for root in project.roots.all()] == ["Images", "images_2"]


def test_of_pixel_sizes_the_nearest_that_was_set_counts(filled: Project) -> None:
    images = {image.name: image.id for image in filled.images.all()}

    def seen() -> dict[str, tuple[float | None, str]]:
        return {i.name: (i.pixel_size_um, i.pixel_size_source) for i in filled.images.all()}

    assert set(seen().values()) == {(None, "unknown")}
    filled.images.set_pixel_size(PixelSizeScope.project(), 1.0)
    filled.images.set_pixel_size(PixelSizeScope.folder(1, "day 10"), 2.0)
    filled.images.set_pixel_size(PixelSizeScope.image(images["d.tif"]), 3.0)
    assert seen() == {
        "a2.tif": (1.0, "project"),
        "a10.tif": (1.0, "project"),
        "b.tif": (1.0, "project"),
        "c.tif": (2.0, "folder"),
        "d.tif": (3.0, "image"),
    }
    assert filled.images.get(images["c.tif"]).pixel_size_source == "folder"
    filled.images.set_pixel_size(PixelSizeScope.image(images["d.tif"]), None)
    assert seen()["d.tif"] == (2.0, "folder")
    filled.images.set_pixel_size(PixelSizeScope.folder(1, "day 10"), None)
    filled.images.set_pixel_size(PixelSizeScope.folder(1, ""), 4.0)
    assert seen()["d.tif"] == seen()["a2.tif"] == (4.0, "folder")
    filled.images.set_pixel_size(PixelSizeScope.folder(1, ""), None)
    filled.images.set_pixel_size(PixelSizeScope.project(), None)
    assert set(seen().values()) == {(None, "unknown")}


def test_what_a_person_set_beats_the_file(project: Project) -> None:
    (image,) = project.images.add([FoundImage(Path("/d/x.tif"), Path("/d"), pixel_size_um=0.5)])
    assert (image.pixel_size_um, image.pixel_size_source) == (0.5, "file")
    project.images.set_pixel_size(PixelSizeScope.project(), 0.25)
    image = project.images.get(image.id)
    assert (image.pixel_size_um, image.pixel_size_source, image.file_pixel_size_um) == (0.25, "project", 0.5)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_a_pixel_size_is_above_0(filled: Project, value: float) -> None:
    with pytest.raises(InvalidParameterError, match="above 0"):
        filled.images.set_pixel_size(PixelSizeScope.project(), value)


def test_tags_and_notes_are_kept(filled: Project) -> None:
    first, second, *_ = filled.images.all()
    filled.images.set_tags([first.id, second.id], [" drug ", "control", "drug", ""])
    filled.images.set_tags([second.id], ["blank"])
    filled.images.set_note(first.id, "out of focus\nat the left")
    filled.close()
    with Project.open(filled.folder) as again:
        assert again.images.get(first.id).tags == ("control", "drug")
        assert again.images.all()[1].tags == ("blank",)
        assert again.images.get(first.id).note == "out of focus\nat the left"


def test_removing_an_image_keeps_the_file(filled: Project) -> None:
    first = filled.images.all()[0]
    path = filled.images.path(first.id)
    content = path.read_bytes()
    filled.images.set_tags([first.id], ["x"])
    filled.images.remove([first.id])
    assert len(filled.images.all()) == 4
    assert path.read_bytes() == content
    with pytest.raises(KeyError):
        filled.images.get(first.id)


def test_numbers_of_removed_images_are_not_used_again(filled: Project, image_folder: Path) -> None:
    ids = [image.id for image in filled.images.all()]
    filled.images.remove(ids)
    (again,) = filled.images.add([FoundImage(image_folder / "a2.tif", image_folder)])
    assert again.id > max(ids)


def test_a_mended_image_takes_over_what_its_file_says(project: Project) -> None:
    (image,) = project.images.add([FoundImage(Path("/d/x.tif"), Path("/d"), problem="It is empty.")])
    project.images.set_note(image.id, "kept")
    mended = project.images.refresh(image.id, FoundImage(Path("/d/x.tif"), Path("/d"), height=7, width=8))
    assert (mended.problem, mended.height, mended.width, mended.note) == ("", 7, 8, "kept")


def test_displays_are_chosen_until_somebody_does(project: Project) -> None:
    names = ("DAPI", "actin", "tubulin")
    (image,) = project.images.add(
        [FoundImage(Path("/d/x.tif"), Path("/d"), n_channels=3, channel_names=names, n_slices=4)]
    )
    before = project.displays.get(image.id)
    assert before == default_displays(3, names)
    assert len({display.colour for display in before}) == 3
    chosen = ChannelDisplay(1, False, "#123456", 10.0, None)
    project.displays.set([image.id], [chosen])
    assert project.displays.get(image.id) == (before[0], chosen, before[2])
    assert project.displays.plane(image.id) == (0, 0)
    project.displays.set_plane(image.id, 0, 2)
    assert project.displays.plane(image.id) == (0, 2)


def test_colour_pictures_are_shown_in_their_colours() -> None:
    colours = [display.colour for display in default_displays(3, is_rgb=True)]
    assert colours == ["#ff0000", "#00ff00", "#0000ff"]


def test_ten_thousand_images_need_a_handful_of_statements(project: Project) -> None:
    root = Path("/data/screen")
    found = [
        FoundImage(root / f"plate {n // 1000}" / f"well {n % 1000}.tif", root, channel_names=("a", "b"))
        for n in range(10_000)
    ]
    project.images.add(found)
    project.images.set_tags(range(1, 10_001), ["screen"])
    project.images.set_pixel_size(PixelSizeScope.folder(1, "plate 3"), 0.5)
    statements: list[str] = []
    project.database.trace(statements.append)
    images = project.images.all()
    paths = project.images.paths()
    assert len(images) == len(paths) == 10_000
    assert images[1999].relative_path == "plate 1/well 999.tif"
    assert images[3500].pixel_size_source == "folder"
    assert project.results.latest() == {}
    assert len(statements) <= 8


def test_images_are_read_again_all_or_none(project: Project) -> None:
    root = Path("/d")
    one, two = project.images.add(
        [FoundImage(root / name, root, height=5, width=6, n_slices=9) for name in ("1.tif", "2.tif")]
    )
    project.displays.set([one.id, two.id], [ChannelDisplay(0, True, "#ff0000")])
    again = FoundImage(root / "1.tif", root, height=9, width=5, n_channels=6, axes="YXC")
    with pytest.raises(OverflowError):
        project.images.refresh_all(
            [(one.id, again), (two.id, FoundImage(root / "2.tif", root, height=2**70))]
        )
    assert project.images.get(one.id) == one
    same = FoundImage(root / "2.tif", root, height=5, width=6, n_slices=9)
    project.images.refresh_all([(one.id, again), (two.id, same)])
    assert (project.images.get(one.id).axes, project.images.get(one.id).n_channels) == ("YXC", 6)
    assert project.displays.get(one.id)[0].colour != "#ff0000"
    assert project.displays.get(two.id)[0].colour == "#ff0000"


def test_axes_of_a_folder_are_kept_by_how_files_are_stored(project: Project) -> None:
    root = Path("/d")
    (image,) = project.images.add([FoundImage(root / "plate" / "1.tif", root)])
    project.images.remember_axes(image.id, "QYX", "YXC")
    project.images.remember_axes(image.id, "ZQYX", "ZYXC")
    assert project.images.folder_axes() == {root / "plate": {"QYX": "YXC", "ZQYX": "ZYXC"}}
    project.images.remember_axes(image.id, "QYX", "")
    assert project.images.folder_axes() == {root / "plate": {"ZQYX": "ZYXC"}}
