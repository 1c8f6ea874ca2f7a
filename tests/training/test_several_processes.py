"""Training started by torchrun on two processes of this machine, through the shell as a user would."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from dinocell_training.synthetic import random_scene_parameters, render_scene
from safetensors.numpy import load_file

from dinocell_app.run_queue.processes import application_environment


def _labelled_images(folder: Path) -> Path:
    folder.mkdir()
    for number in range(3):
        scene = render_scene(random_scene_parameters(np.random.default_rng(number), 64, 64, diameter_px=20))
        pixels = (scene.pixels * 60_000).clip(0, 65_535).astype(np.uint16)
        tifffile.imwrite(folder / f"{number}.tif", pixels)
        tifffile.imwrite(folder / f"{number}_masks.tif", scene.labels.astype(np.uint16))
    return folder


def _words(data: Path, model: Path, output: Path, batch_size: int) -> list[str]:
    return [
        *("-m", "dinocell_app", "train", "finetune", str(data), "-o", str(output)),
        *("--base-model", str(model), "--device", "cpu", "--crop-size", "32", "--synthetic-share", "0"),
        *("--epochs", "1", "--steps", "3", "--batch-size", str(batch_size), "--workers", "0"),
        *("--precision", "fp32", "--learning-rate", "0.001", "--warmup-epochs", "0"),
        *("--validation-share", "0"),  # what was learned is the model, whatever held-out images say
    ]


def _run(words: list[str], folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, *words],
        env=application_environment() | {"OMP_NUM_THREADS": "1"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.skipif(sys.platform == "win32", reason="torchrun wants libuv, which Windows builds lack")
def test_two_processes_learn_what_one_with_twice_the_batch_learns(tiny_model: Path, tmp_path: Path) -> None:
    data = _labelled_images(tmp_path / "data")
    _run(_words(data, tiny_model, tmp_path / "one", batch_size=4), tmp_path)
    launcher = ["-m", "torch.distributed.run", "--nproc-per-node=2", f"--master-port={_free_port()}"]
    _run([*launcher, *_words(data, tiny_model, tmp_path / "two", batch_size=2)], tmp_path)
    learned = (tmp_path / name / "weights.safetensors" for name in ("one", "two"))
    one, two, before = (load_file(path) for path in (*learned, tiny_model / "weights.safetensors"))
    moved = max(np.abs(one[name].astype(float) - before[name]).max() for name in one)
    apart = max(np.abs(one[name].astype(float) - two[name]).max() for name in one)
    assert moved > 1e-3
    assert apart < 0.05 * moved
