"""What the doctor finds wrong, with a remedy each, and a report that can be shown to anybody."""

from __future__ import annotations

import json
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
import torch

from dinocell_app.cli import main
from dinocell_app.doctor import installation, machine
from dinocell_app.doctor.finding import PROBLEM, WARNING, Finding
from dinocell_app.doctor.installation import shipped
from dinocell_app.doctor.report import report_of, without_names


def test_everything_is_looked_at_and_reported(tiny_model, tmp_path, capsys):
    report = tmp_path / "report.txt"
    assert main(["doctor", "--model", str(tiny_model), "--json", "--report", str(report)]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    topics = {finding["topic"] for finding in found}
    assert topics == {"versions", "memory", "folders", "shipped", "devices", "self-test"}
    assert all(finding["remedy"] for finding in found if finding["state"] != "good")
    written = report.read_text(encoding="utf-8")
    assert "self-test:" in written
    assert str(Path.home()) not in written


def test_a_package_without_a_told_version_is_not_missing(monkeypatch):
    def untold(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(installation, "version", untold)
    found = {finding.name: finding for finding in installation.versions()}
    assert found["opencv-python-headless"].value == "there, version unknown"
    assert found["safetensors"].state != PROBLEM
    monkeypatch.setattr(installation, "find_spec", lambda name: None)
    gone = {finding.name: finding for finding in installation.versions()}
    assert gone["safetensors"].state == PROBLEM


def test_a_folder_that_cannot_be_written_to_has_a_remedy(monkeypatch):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refused)
    found = list(machine.folders())
    assert {finding.state for finding in found} == {PROBLEM}
    assert all("Permission denied" in finding.value and finding.remedy for finding in found)


def test_little_room_is_a_warning(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 1 << 30))
    assert {finding.state for finding in machine.folders()} == {WARNING}
    monkeypatch.setattr("dinocell_app.base.free_memory.free_memory_bytes", lambda: 1 << 30)
    (finding,) = machine.memory()
    assert (finding.state, finding.value) == (WARNING, "1.0 GiB")


@pytest.mark.parametrize(
    ("cuda", "words"),
    [(None, "for processors"), ("12.6", "does not fit the torch that is installed (CUDA 12.6)")],
)
def test_a_driver_that_torch_cannot_use_has_one_remedy(monkeypatch, cuda, words):
    monkeypatch.setattr(machine, "_nvidia_driver", lambda: "535.1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", cuda)
    (finding,) = machine.drivers()
    assert finding.state == PROBLEM
    assert words in finding.value
    assert finding.remedy
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert list(machine.drivers()) == []


def test_damaged_weights_are_found(tiny_model, tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    shutil.copytree(tiny_model, tmp_path / "models" / "m")
    monkeypatch.setattr(
        "dinocell_app.base.resource_files.resource_path", lambda *_: tmp_path / "models" / "m"
    )
    (finding,) = shipped()
    assert finding.state == "good"
    weights = tmp_path / "models" / "m" / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    (finding,) = shipped()
    assert finding.state == PROBLEM


def test_names_are_left_out(monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: Path("/home/anna"))
    monkeypatch.setattr("getpass.getuser", lambda: "anna")
    monkeypatch.setattr("platform.node", lambda: "lab-pc-7")
    text = without_names("models: /home/anna/models on lab-pc-7, /data/anna/plates, annals")
    assert text == "models: ~/models on COMPUTER, /data/USER/plates, annals"
    assert "anna" not in report_of([Finding("folders", "cache", "/home/anna/.cache")])


@pytest.mark.parametrize(
    ("found", "held_back", "state", "remedy"),
    [
        ("3.1.6", True, "good", ""),
        ("2.15.0", True, "warning", "vendor-formats"),
        ("2.15.0", False, "warning", "Install zarr 3"),
        (None, False, "problem", "again"),
    ],
)
def test_a_zarr_that_cannot_read_its_third_format_is_named(monkeypatch, found, held_back, state, remedy):
    versions = {"zarr": found, "aicsimageio": "4.14.0" if held_back else None}
    monkeypatch.setattr(installation, "_version", lambda name: versions.get(name, "1.0"))
    (finding,) = [finding for finding in installation.versions() if finding.name == "zarr"]
    assert finding.state == state
    assert remedy in finding.remedy
