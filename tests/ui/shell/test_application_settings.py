import json

from dinocell_app.base.settings import (
    MAX_RECENT,
    ApplicationSettings,
    read_settings,
    settings_path,
    write_settings,
)


def test_settings_survive_a_round_trip():
    chosen = ApplicationSettings(device="cpu", threads=3, theme="dark", shortcuts={"fit": "Ctrl+9"})
    write_settings(chosen)
    assert read_settings() == chosen


def test_settings_of_a_test_are_not_the_users(tmp_path):
    assert tmp_path in settings_path().parents


def test_without_a_file_everything_has_its_default():
    assert read_settings() == ApplicationSettings()


def test_a_bad_value_costs_only_itself(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"threads": "many", "theme": "dark", "device": "abacus", "from_later": 1}))
    settings = read_settings(path)
    assert settings.theme == "dark"
    assert settings.threads == ApplicationSettings().threads
    assert settings.device == ApplicationSettings().device


def test_a_file_that_is_no_json_does_not_keep_the_window_shut(tmp_path):
    path = tmp_path / "settings.json"
    for content in (b"{", b"[1, 2]", b"\xff\xfe\x00", b""):
        path.write_bytes(content)
        assert read_settings(path) == ApplicationSettings()


def test_recent_projects_are_newest_first_once_each_and_few(tmp_path):
    settings = ApplicationSettings()
    for number in range(MAX_RECENT + 3):
        settings = settings.with_recent(tmp_path / str(number))
    settings = settings.with_recent(tmp_path / "5")
    assert len(settings.recent) == MAX_RECENT
    assert settings.recent[0] == str(tmp_path / "5")
    assert settings.recent.count(str(tmp_path / "5")) == 1
