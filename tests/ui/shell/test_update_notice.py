"""New versions are told, once each and only if wanted; a server of this computer stands in for the index."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.updates import NewVersion, look_for_update
from dinocell_app.ui.session import Session
from dinocell_app.ui.settings_dialog import SettingsDialog
from dinocell_app.ui.update_notice import NEWEST, UpdateNotice
from dinocell_app.ui.workers import run_synchronously


@pytest.fixture
def index():
    """Give the address of a page, and what it answers."""
    answer = {"code": 200, "body": b""}

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(answer["code"])
            self.end_headers()
            self.wfile.write(answer["body"])

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/json", answer
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("there", "here", "newer"),
    [
        ("0.2.0", "0.1.0", True),
        ("0.10", "0.9.1", True),
        ("1.0", "1.0.0", False),
        ("0.1.0", "0.1.0", False),
        ("0.1.0", "0.2.0", False),
        ("0.2.0", "0.2.0.dev3", False),
        ("2.0rc1", "1.0", False),
        ("what", "1.0", False),
    ],
)
def test_versions_are_compared_by_their_numbers(index, there, here, newer):
    address, answer = index
    answer["body"] = json.dumps({"info": {"version": there}}).encode()
    found = look_for_update(address, here)
    assert (found.version if found else None) == (there if newer else None)


@pytest.mark.parametrize(("code", "body"), [(404, b""), (200, b"<html>"), (200, b"{}"), (200, b"[]")])
def test_a_page_that_does_not_say_is_one_sentence(index, code, body):
    address, answer = index
    answer.update(code=code, body=body)
    with pytest.raises(UserFacingError, match="cannot be found out"):
        look_for_update(address)


def test_no_network_is_one_sentence():
    with pytest.raises(UserFacingError, match="Check the network"):
        look_for_update("http://127.0.0.1:9/json")


@pytest.fixture
def session(own_folders):
    made = Session()
    yield made
    made.shut_down()
    made.deleteLater()


def _notices(session, look):
    notes, problems = [], []
    session.noted.connect(notes.append)
    session.problem_reported.connect(problems.append)
    return UpdateNotice(session, look), notes, problems


def test_a_version_is_told_once_and_only_if_wanted(session, qtbot):
    notice, notes, _ = _notices(session, lambda: NewVersion("9.1"))
    with run_synchronously():
        notice.look_at_start()
        assert notes == []
        dialog = SettingsDialog(session)
        qtbot.addWidget(dialog)
        assert not dialog.tell_updates.isChecked()
        dialog.tell_updates.setChecked(True)
        dialog.accept()
        assert session.settings.tell_updates
        notice.look_at_start()
        notice.look_at_start()
        assert len(notes) == 1
        assert "Version 9.1" in notes[0]
        notice.look_now()
        assert len(notes) == 2


def test_who_asks_is_answered_and_who_does_not_is_left_alone(session):
    def offline():
        raise UserFacingError("no network")

    session.change_settings(session.settings.model_copy(update={"tell_updates": True}))
    notice, notes, problems = _notices(session, offline)
    with run_synchronously():
        notice.look_at_start()
        assert (notes, problems) == ([], [])
        notice.look_now()
        assert len(problems) == 1
    newest, notes, _ = _notices(session, lambda: None)
    with run_synchronously():
        newest.look_at_start()
        newest.look_now()
    assert NEWEST in notes
