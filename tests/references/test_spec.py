"""How reference cells are written."""

from pathlib import Path

import pytest

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.references.spec import ReferenceSpec


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.tif:17", ReferenceSpec(Path("a.tif"), label=17)),
        ("a@home/a.tif:17", ReferenceSpec(Path("a@home/a.tif"), label=17)),
        ("a.tif@b/l.tif:3", ReferenceSpec(Path("a.tif"), label=3, labels=Path("b/l.tif"))),
        ("a.tif@12,7.5", ReferenceSpec(Path("a.tif"), point=(12, 7.5))),
        ("a.tif@12,7,30,40", ReferenceSpec(Path("a.tif"), box=(12, 7, 30, 40))),
        ("rod=a.tif@m/mask.png", ReferenceSpec(Path("a.tif"), labels=Path("m/mask.png"), type_name="rod")),
        ("red cell=a.tif:2", ReferenceSpec(Path("a.tif"), label=2, type_name="red cell")),
        ("lib.json#red cell", ReferenceSpec(Path("lib.json"), entry="red cell")),
        ("C:\\x\\a.tif:4", ReferenceSpec(Path("C:\\x\\a.tif"), label=4)),
    ],
)
def test_each_form_is_read_and_written_alike(text, expected):
    assert ReferenceSpec.parse(text) == expected
    assert ReferenceSpec.parse(str(expected)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.tif",
        "a.tif:",
        "a.tif:0",
        "a.tif:x",
        "a.tif@1",
        "a.tif@1,2,0,4",
        "a.tif@1,2,3",
        "lib.json#",
        "=a.tif",
    ],
)
def test_other_words_are_refused_with_the_forms(text):
    with pytest.raises(InvalidParameterError, match=r"image\.tif:17"):
        ReferenceSpec.parse(text)
