"""The cache on disk: where it is, how large it grows, and that nothing else is ever removed."""

from __future__ import annotations

import os
from pathlib import Path

from dinocell_app.project.disk_cache import SHARED_NAME, all_caches, cache_of, size_of, trim


def filled(folder: Path, sizes: dict[str, int]) -> None:
    """Write files, the first named used longest ago."""
    folder.mkdir(parents=True, exist_ok=True)
    for age, (name, size) in enumerate(sizes.items()):
        (folder / name).write_bytes(bytes(size))
        os.utime(folder / name, (1_000_000 + age, 1_000_000 + age))


def test_a_cache_lies_with_its_project_unless_a_place_is_chosen(tmp_path: Path) -> None:
    project = tmp_path / "wound healing.dinocell"
    own = cache_of(project, "", read_only=False)
    assert own.thumbnails.parent == own.tables.parent == project
    assert own.writable
    elsewhere = cache_of(project, str(tmp_path / "fast"), read_only=False)
    assert tmp_path / "fast" / SHARED_NAME in elsewhere.tables.parents


def test_projects_of_the_same_name_do_not_share_a_cache(tmp_path: Path) -> None:
    caches = [cache_of(tmp_path / day / "a.dinocell", str(tmp_path), read_only=False) for day in ("1", "2")]
    assert caches[0].thumbnails != caches[1].thumbnails


def test_a_project_that_may_not_be_written_to_is_not(tmp_path: Path) -> None:
    assert not cache_of(tmp_path / "a.dinocell", "", read_only=True).writable
    assert cache_of(tmp_path / "a.dinocell", str(tmp_path / "fast"), read_only=True).writable


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    cache = cache_of(tmp_path / "a.dinocell", "", read_only=False)
    filled(cache.thumbnails, {"000001.png": 400, "000002.png": 300, "000003.png": 200})
    assert size_of([cache]) == 900
    assert trim([cache], 600) == 400
    assert sorted(file.name for file in cache.files()) == ["000002.png", "000003.png"]
    assert trim([cache], 600) == 0
    assert trim([cache], 0) == 500
    assert size_of([cache]) == 0


def test_files_of_the_project_and_of_others_stay(tmp_path: Path) -> None:
    project = tmp_path / "a.dinocell"
    place = tmp_path / "holiday"
    filled(place, {"beach.png": 900})
    filled(place / "more", {"dog.png": 900})
    filled(project, {"project.sqlite": 900})
    filled(project / "results" / "all", {"cells.parquet": 900, "labels.tif": 900})
    for chosen in ("", str(place)):
        cache = cache_of(project, chosen, read_only=False)
        filled(cache.thumbnails, {"000001.png": 100})
        filled(cache.tables, {"cells-ab.parquet": 100, "notes.txt": 100})
        assert trim(all_caches(cache, chosen), 0) == 200
        assert (cache.tables / "notes.txt").exists()
    kept = [place / "beach.png", place / "more" / "dog.png", project / "project.sqlite"]
    assert all(file.exists() for file in kept)
    assert len(list((project / "results" / "all").iterdir())) == 2


def test_the_limit_counts_all_projects_of_a_place(tmp_path: Path) -> None:
    place = str(tmp_path / "fast")
    caches = [cache_of(tmp_path / name, place, read_only=False) for name in ("a.dinocell", "b.dinocell")]
    for cache in caches:
        filled(cache.thumbnails, {"000001.png": 100})
    together = all_caches(caches[0], place)
    assert size_of(together) == 200
    assert trim(together, 150) == 100


def test_a_cache_that_is_not_there_is_empty(tmp_path: Path) -> None:
    cache = cache_of(tmp_path / "a.dinocell", str(tmp_path / "never made"), read_only=False)
    assert size_of(all_caches(cache, str(tmp_path / "never made"))) == 0
