"""What the documents say is true: commands parse, pictures exist, links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from dinocell_app.base.resource_files import resource_path
from dinocell_app.cli import make_parser
from dinocell_app.export.names import CELLS_CSV, COLUMNS_CSV, IMAGES_CSV, METHODS_TXT, SUFFIXES
from dinocell_app.measurement.columns import table_columns
from dinocell_app.ui.actions import ACTIONS

REPOSITORY = Path(__file__).parents[1]
DOCUMENTS = resource_path("docs")
GUIDE = DOCUMENTS / "user_guide.md"
MOST_MEGABYTES_OF_PICTURES = 3.0
"""Of all pictures of the documents; they are part of every installation."""

if not (REPOSITORY / "README.md").is_file():
    pytest.skip("the checkout is not at hand", allow_module_level=True)

PAGES = [REPOSITORY / "README.md", *sorted(DOCUMENTS.rglob("*.md"))]


def code_lines(page: Path) -> list[str]:
    """Give the lines of a page's code blocks, fenced or indented; what a backslash continues is one line."""
    lines, fenced = [], False
    text = re.sub(r"\\\n\s*", "", page.read_text(encoding="utf-8"))
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            lines.append(line.strip())
    return lines


def command_lines(page: Path) -> list[list[str]]:
    """Give the words of every command of ours on a page, without the program's name."""
    found = []
    for line in code_lines(page):
        for part in line.split("&&"):
            words = shlex.split(part)
            if words and Path(words[0]).name == "dinocell-app":
                found.append(words[1:])
    return found


@pytest.mark.parametrize(
    "page",
    [REPOSITORY / "README.md", GUIDE, DOCUMENTS / "cluster.md"],
    ids=lambda page: page.stem,
)
def test_every_command_line_parses(page):
    commands = command_lines(page)
    assert len(commands) >= 2
    for words in commands:
        if words:
            try:
                make_parser().parse_args(words)
            except SystemExit:
                pytest.fail(f"cannot be typed: dinocell-app {shlex.join(words)}")


def test_every_command_line_of_the_training_guide_parses():
    (words,) = command_lines(DOCUMENTS / "training_guide.md")
    assert make_parser().parse_args(words)


def test_a_wrong_command_line_would_be_seen(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("Type:\n\n    .venv/bin/dinocell-app segment x.tif --no-such-choice\n", encoding="utf-8")
    (words,) = command_lines(page)
    with pytest.raises(SystemExit):
        make_parser().parse_args(words)
    assert "--no-such-choice" in capsys.readouterr().err


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_lead_to_files(page):
    targets = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    missing = [
        target
        for target in targets
        if not target.startswith(("http://", "https://")) and not (page.parent / target).exists()
    ]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_sections_lead_to_headings(page):
    links = re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text(encoding="utf-8"))
    missing = []
    for target, anchor in links:
        if target.startswith(("http://", "https://")):
            continue
        text = ((page.parent / target) if target else page).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        if anchor not in {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}:
            missing.append(f"{target}#{anchor}")
    assert missing == []


def test_every_picture_is_shown_somewhere_and_they_are_small():
    pictures = sorted((DOCUMENTS / "images").iterdir())
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [picture.name for picture in pictures if f"images/{picture.name})" not in text] == []
    assert sum(picture.stat().st_size for picture in pictures) < MOST_MEGABYTES_OF_PICTURES * 1e6


def test_the_guide_shows_what_the_script_takes():
    script = (REPOSITORY / "tests" / "screenshots" / "make_screenshots.py").read_text(encoding="utf-8")
    shown = re.findall(r"images/(\w+)\.png", GUIDE.read_text(encoding="utf-8"))
    assert len(shown) > 10
    assert [name for name in shown if f'"{name}"' not in script] == []


def test_the_guide_names_files_as_they_are_written():
    text = GUIDE.read_text(encoding="utf-8")
    for name in (CELLS_CSV, IMAGES_CSV, COLUMNS_CSV, METHODS_TXT):
        assert f"`{name}`" in text
    for kind in ("labels", "overlay", "csv", "sidecar"):
        assert f"`<image>{SUFFIXES[kind]}`" in text


def test_the_guide_names_columns_that_exist():
    text = GUIDE.read_text(encoding="utf-8")
    columns = table_columns(
        ["DAPI"], pixel_size_known=True, texture=True, confidence=True, reference_score=True, cell_type=True
    )
    stems = {column.stem for column in columns}
    section = text[text.index("### Columns") : text.index("### Image formats")]
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)*)`", section)) - {"columns.csv"}
    assert len(named) > 5
    assert named <= stems


def test_the_guide_names_menus_as_they_are():
    named = re.findall(r"\*\*(\w+) ▸ ([^*]+)\*\*", GUIDE.read_text(encoding="utf-8"))
    entries = {(action.menu, action.text.removesuffix(" …")) for action in ACTIONS}
    assert len(named) >= 4
    assert set(named) <= entries


def test_help_opens_the_guide_that_the_wheel_carries():
    build = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"][
        "build"
    ]
    assert build["targets"]["wheel"]["force-include"] == {"resources": "dinocell_app/resources"}
    assert GUIDE.is_file()
    tracked = subprocess.run(
        ["git", "ls-files", "--others", "--ignored", "--exclude-standard", str(DOCUMENTS)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tracked.stdout == "", "hatchling leaves out what git ignores"


def test_the_architecture_names_modules_that_exist():
    text = (DOCUMENTS / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:[a-z_]+/)+[a-z_0-9]+\.(?:py|md))`", text))
    roots = (REPOSITORY, REPOSITORY / "dinocell_app", DOCUMENTS)
    assert len(named) > 8
    assert [path for path in named if not any((root / path).is_file() for root in roots)] == []
