import itertools
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinocell_app.export.names import SUFFIXES, image_stem, output_path, output_stems

NAMES = st.builds(
    lambda folders, stem, suffix: Path("/in", *folders, stem + suffix),
    st.lists(st.sampled_from(["a", "b", "A"]), max_size=2),
    st.sampled_from(["x", "X", "x_tif", "x_png_2", "x_t0001", "x.y", "x_TIF"]),
    st.sampled_from([".tif", ".png", ".ome.tif", ".TIF"]),
)


def stems(*names, roots=()):
    return [
        str(stem) for stem in output_stems([Path(name) for name in names], [Path(r) for r in roots]).values()
    ]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(NAMES, unique=True, max_size=12),
    st.sampled_from([[], ["/in"], ["/in/a", "/in/b"], ["/in", "/in/a"]]),
)
def test_names_never_collide_and_do_not_depend_on_the_order(images, roots):
    roots = [Path(root) for root in roots]
    chosen = output_stems(images, roots)
    assert list(chosen) == images
    assert len({str(stem).casefold() for stem in chosen.values()}) == len(images)
    assert output_stems(images[::-1], roots) == chosen


def test_a_plain_image_gives_its_stem():
    assert stems("/in/cells.tif", roots=["/in"]) == ["cells"]
    assert stems("/in/cells.ome.tif") == ["cells"]


def test_folders_are_mirrored():
    assert stems("/in/d1/a.tif", "/in/d2/e/a.tif", roots=["/in"]) == ["d1/a", "d2/e/a"]


def test_one_stem_with_two_suffixes_keeps_both():
    assert stems("/in/a.tif", "/in/a.png", "/in/b.png", roots=["/in"]) == ["a_tif", "a_png", "b"]
    assert stems("/in/a.ome.tif", "/in/A.tif", roots=["/in"]) == ["a_ome_tif", "A_tif"]
    assert stems("/in/a.tif", "/in/a.png", "/in/a_tif.png", roots=["/in"]) == ["a_tif_2", "a_png", "a_tif"]


def test_an_image_named_like_a_plane_of_another_keeps_its_suffix():
    assert stems("/in/a.tif", "/in/a_t0001_z002.tif", roots=["/in"]) == ["a", "a_t0001_z002_tif"]
    assert stems("/in/b_t0001.tif", roots=["/in"]) == ["b_t0001"]


def test_folders_with_the_same_content_get_a_folder_each():
    assert stems("/p/a.tif", "/q/a.tif", "/q/b.tif", roots=["/p", "/q"]) == ["p/a", "q/a", "q/b"]
    assert stems("/p/x/a.tif", "/q/x/a.tif", roots=["/p/x", "/q/x"]) == ["x/a", "x_2/a"]
    assert stems("/p/a.tif", "/q/b.tif", roots=["/p", "/q"]) == ["a", "b"]


def test_files_given_by_themselves():
    assert stems("/p/a.tif", "/q/a.tif") == ["p/a", "q/a"]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a.tif", "a"),
        ("a.b.tif", "a.b"),
        ("a.OME.TIFF", "a"),
        ("a.ome.zarr", "a"),
        ("a", "a"),
        (".a.tif", ".a"),
    ],
)
def test_stems_of_images(name, stem):
    assert image_stem(Path(name)) == stem


def test_no_two_kinds_share_a_file():
    paths = [output_path(Path("/out"), PurePosixPath("d/a"), "_t0003_z001", kind) for kind in SUFFIXES]
    assert paths[0] == Path("/out/d/a_t0003_z001_labels.tif")
    assert all(one != other for one, other in itertools.combinations(paths, 2))
