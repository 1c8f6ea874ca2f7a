"""The address of a plane, and the suffix it has in names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinocell_app.base.plane_address import ONLY_PLANE, PlaneAddress, plane_suffix

PLACES = st.none() | st.integers(0, 99_999)


@given(t=PLACES, z=PLACES, scene=st.none() | st.integers(0, 9_999))
def test_a_suffix_says_where_a_plane_is(t, z, scene):
    suffix = plane_suffix(t, z, scene)
    assert PlaneAddress.of_suffix(suffix) == PlaneAddress(t, z, scene or 0, suffix)


def test_suffixes_sort_like_their_planes_in_a_folder():
    assert plane_suffix(3, 1, 2) == "_s002_t0003_z001"
    assert plane_suffix() == ""


@pytest.mark.parametrize("suffix", ["x", "_z1_t2", "/../x", "_t", "_T0001"])
def test_other_texts_are_no_suffixes(suffix):
    with pytest.raises(ValueError, match="suffix"):
        PlaneAddress.of_suffix(suffix)


def test_a_plane_put_together_shows_all_of_its_axis():
    over_z = PlaneAddress(2, None, suffix="_t0002")
    assert over_z.shows(2, 0)
    assert over_z.shows(2, 7)
    assert not over_z.shows(1, 7)
    assert over_z.beside(5, 4) == (2, 4)
    assert ONLY_PLANE.beside(5, 4) == (5, 4)
