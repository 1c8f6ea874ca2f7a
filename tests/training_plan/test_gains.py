"""Whether more corrected images still help."""

import json

import pytest

from dinocell_app.training_plan.gains import scores_of, sentence_of_gains

FIRST = {"a.tif": 0.5, "b.tif": 0.6, "c.tif": 0.7}


@pytest.mark.parametrize(
    ("gain", "words"),
    [(0.1, "still help"), (0.02, "still help"), (0.01, "hardly help"), (-0.2, "hardly help")],
)
def test_the_last_two_trainings_are_compared_on_common_images(gain, words) -> None:
    second = {name: score + gain for name, score in FIRST.items()} | {"d.tif": 0.0}
    sentence = sentence_of_gains([{"x.tif": 0.1}, FIRST, second])
    assert words in sentence
    assert f"{gain:+.2f}" in sentence
    assert "3 held-out images" in sentence


def test_without_common_images_nothing_is_said() -> None:
    assert sentence_of_gains([]) == sentence_of_gains([FIRST]) == ""
    assert sentence_of_gains([FIRST, {"a.tif": 0.9, "b.tif": 0.9, "z.tif": 0.9}]) == ""


def test_verdicts_are_read_in_their_order(tmp_path) -> None:
    for number, score in (("002_b", 0.8), ("001_a", 0.4)):
        folder = tmp_path / "training" / number
        folder.mkdir(parents=True)
        images = [
            {"path": "/x/a.tif", "new": {"ap_50": score}},
            {"path": "b.tif", "new": {"ap_50": float("nan")}},
        ]
        (folder / "verdict.json").write_text(json.dumps({"images": images}))
    (tmp_path / "training" / "003_c").mkdir()
    (tmp_path / "training" / "003_c" / "verdict.json").write_text("no")
    assert scores_of(tmp_path) == [{"a.tif": 0.4}, {"a.tif": 0.8}]
