"""Files of older versions open, are copied before, and are whole or unchanged when a step fails."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.project import migrations
from dinocell_app.project.database import create_database
from dinocell_app.project.project import DATABASE_NAME, Project
from dinocell_app.project.records import ChannelDisplay
from dinocell_app.regions.region import Region

OLD_FILES = {number: Path(__file__).with_name(f"version_{number}.sql") for number in (1, 2, 3, 4, 5, 6)}


@pytest.fixture
def old_project(tmp_path: Path) -> Path:
    """A project folder as version 1 made it."""
    folder = tmp_path / "old.dinocell"
    folder.mkdir()
    connection = sqlite3.connect(folder / DATABASE_NAME)
    connection.executescript(OLD_FILES[1].read_text(encoding="utf-8"))
    connection.close()
    return folder


def _version(path: Path) -> int:
    connection = sqlite3.connect(path)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    return int(version)


def _schema(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}


def test_every_older_version_has_a_file_here_and_every_step_says_what_it_does() -> None:
    assert set(OLD_FILES) == set(range(1, migrations.SCHEMA_VERSION))
    assert all(step.__doc__ for step in migrations.STEPS)


def test_the_first_step_still_makes_what_version_1_was() -> None:
    made, kept = sqlite3.connect(":memory:", isolation_level=None), sqlite3.connect(":memory:")
    migrations.migrate(made, 0, 1)
    kept.executescript(OLD_FILES[1].read_text(encoding="utf-8"))
    assert _schema(made) == _schema(kept)
    made.close()
    kept.close()


def test_a_file_of_version_1_keeps_everything_and_gains_tags_and_notes(old_project: Path) -> None:
    with Project.open(old_project) as project:
        image = project.images.get(1)
        assert (image.relative_path, image.n_slices, image.channel_names) == (
            "day 1/a.tif",
            3,
            ("DAPI", "actin"),
        )
        assert (image.pixel_size_um, image.pixel_size_source) == (0.65, "project")
        assert (image.tags, image.note) == ((), "")
        assert project.displays.get(1)[0] == ChannelDisplay(0, True, "#3c78ff", 100.0, None)
        assert str(project.presets.get("cells").diameter) == "18um"
        assert project.results.latest()[1].n_cells == 7
        assert project.runs.get(1).state == "finished"
        project.images.set_tags([1], ["control"])
        project.images.set_note(1, "in focus")
        assert project.images.all()[0].tags == ("control",)
    assert _version(old_project / DATABASE_NAME) == migrations.SCHEMA_VERSION
    assert _version(old_project / "project.version1.sqlite") == 1


def test_a_file_of_version_2_keeps_tags_and_notes(tmp_path: Path) -> None:
    folder = tmp_path / "two.dinocell"
    folder.mkdir()
    connection = sqlite3.connect(folder / DATABASE_NAME)
    connection.executescript(OLD_FILES[2].read_text(encoding="utf-8"))
    connection.close()
    with Project.open(folder) as project:
        assert (project.images.get(1).tags, project.images.get(1).note) == (("control",), "in focus")
        assert project.references.all().types == ()
        assert project.references.add_type("round", "#112233").id == 1


def test_a_file_of_version_3_keeps_types_and_its_axes_are_those_of_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "three.dinocell"
    folder.mkdir()
    connection = sqlite3.connect(folder / DATABASE_NAME)
    connection.executescript(OLD_FILES[3].read_text(encoding="utf-8"))
    connection.close()
    with Project.open(folder) as project:
        assert [kind.name for kind in project.references.all().types] == ["rods"]
        assert project.images.get(1).axes == ""
        assert project.images.folder_axes() == {}


def test_a_file_of_version_4_keeps_axes_and_gains_reviews_and_regions(tmp_path: Path) -> None:
    folder = tmp_path / "four.dinocell"
    folder.mkdir()
    connection = sqlite3.connect(folder / DATABASE_NAME)
    connection.executescript(OLD_FILES[4].read_text(encoding="utf-8"))
    connection.close()
    with Project.open(folder) as project:
        assert project.images.get(1).axes == "ZCYX"
        assert project.judgements.all() == {}
        assert project.audits.of_set("cells") == []
        assert project.regions.all() == {}
        region = Region("wound", ((0.0, 0.0), (9.5, 0.0), (9.5, 7.0)))
        project.regions.put(1, [region])
        assert project.regions.of_image(1) == (region,)


def test_a_file_of_version_5_keeps_reviews_and_its_results_are_the_models(tmp_path: Path) -> None:
    folder = tmp_path / "five.dinocell"
    folder.mkdir()
    connection = sqlite3.connect(folder / DATABASE_NAME)
    connection.executescript(OLD_FILES[5].read_text(encoding="utf-8"))
    connection.close()
    with Project.open(folder) as project:
        assert project.judgements.all() == {(1, 3): "keep"}
        assert project.regions.of_image(1)[0].name == "wound"
        result = project.results.get(1)
        assert (result.n_edited, result.model_files, result.has_newer) == (0, (), False)
        assert not result.is_corrected
        assert project.corrected.all() == {}


def test_a_migrated_file_is_built_like_a_new_one(old_project: Path, tmp_path: Path) -> None:
    Project.open(old_project).close()
    create_database(tmp_path / "new.sqlite").close()
    migrated, new = sqlite3.connect(old_project / DATABASE_NAME), sqlite3.connect(tmp_path / "new.sqlite")
    assert _schema(migrated) == _schema(new)
    migrated.close()
    new.close()


def test_a_step_that_fails_leaves_the_file_as_it_was(
    old_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        """Fail half-way."""
        connection.execute("DROP TABLE presets")
        raise RuntimeError("no")

    monkeypatch.setattr(migrations, "STEPS", (migrations.make_tables, fail))
    with pytest.raises(RuntimeError):
        Project.open(old_project)
    monkeypatch.undo()
    with Project.open(old_project) as project:
        assert project.read_only_reason is None
        assert project.presets.names() == ["cells"]


def test_an_old_project_in_use_elsewhere_can_be_read_and_is_not_changed(old_project: Path) -> None:
    from dinocell_app.project.locking import ProjectLock

    lock = ProjectLock(old_project)
    assert lock.take() is None
    with Project.open(old_project) as project:
        assert project.read_only_reason is not None
        assert project.images.get(1).tags == ()
    lock.release()
    assert _version(old_project / DATABASE_NAME) == 1


def test_a_newer_file_is_refused_and_stays(project: Project) -> None:
    project.close()
    path = project.folder / DATABASE_NAME
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(UnreadableFileError, match=r"newer version.*Update the application"):
        Project.open(project.folder)
    assert _version(path) == 99
