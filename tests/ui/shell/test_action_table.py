import pytest

from dinocell_app.ui.actions import ACTIONS, MENUS, PRESETS, TOOLBAR, conflicting


def test_every_action_has_one_key_words_and_a_tooltip():
    keys = [info.key for info in ACTIONS]
    assert len(set(keys)) == len(keys)
    assert all(info.text and info.tooltip.endswith(".") for info in ACTIONS)
    assert set(TOOLBAR) <= set(keys)
    assert MENUS == ("Project", "Image", "View", "Segment", "Correct", "Help")


@pytest.mark.parametrize("preset", PRESETS)
def test_no_two_actions_of_a_preset_share_a_shortcut(preset):
    assert conflicting([(info.key, info.shortcut(preset, {})) for info in ACTIONS]) == []


def test_a_shared_shortcut_is_found():
    assert conflicting([("a", "X"), ("b", ""), ("c", ""), ("d", "X")]) == [("a", "d")]


def test_a_changed_shortcut_beats_the_preset_even_when_it_is_none():
    fit = next(info for info in ACTIONS if info.key == "fit")
    assert fit.shortcut("cellpose", {}) != fit.shortcut("napari", {})
    assert fit.shortcut("cellpose", {"fit": "G"}) == "G"
    assert fit.shortcut("cellpose", {"fit": ""}) == ""
