"""A training that is killed at random moments ends with the weights of one that was left alone."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from dinocell_app.run_queue.processes import application_environment

PROGRAM = textwrap.dedent(
    """
    import os, random, signal, sys, time
    from pathlib import Path

    import numpy as np
    import torch

    from dinocell_app.model.flows import FlowsObjective
    from dinocell_app.model.segmenter import FLOW_CHANNELS, Segmenter, SegmenterConfig
    from dinocell_training import training_loop
    from dinocell_app.jobs.training_settings import AugmentationSettings, TrainingSettings
    from dinocell_training.crops import CropDataset, CropParameters, Source
    from dinocell_training.fine_tuning import FineTuning, FineTuningData

    class Squares:
        def read(self):
            labels = np.zeros((64, 64), np.int32)
            labels[8:24, 8:24], labels[30:50, 28:52] = 1, 2
            return (labels > 0) * np.float32(100) + np.arange(64, dtype=np.float32), labels

        def read_ignore_region(self, shape):
            return np.zeros(shape, bool)

    def train(folder):
        torch.manual_seed(0)
        network = Segmenter(SegmenterConfig(
            backbone="vit_tiny_patch16_224", patch_size=8, tile_size=32, input_size=32, decoder_width=16,
            n_upsamplings=2, feature_blocks=(0,), channel_names=FLOW_CHANNELS, detail_width=8, dropout=0.1,
        ))
        crops = [
            CropDataset([Source([Squares()])], FlowsObjective(), CropParameters(32, seed=n),
                        AugmentationSettings(), length=length)
            for n, length in ((0, 1 << 40), (1, 2))
        ]
        plan = TrainingSettings(epochs=3, steps_per_epoch=4, batch_size=2, learning_rate=1e-3,
                                    warmup_epochs=1, average_decay=0.9)
        run = FineTuning(network, FlowsObjective(), FineTuningData(*crops), plan, torch.device("cpu"))
        for _ in run.run(folder):
            pass

    training_loop.CHECKPOINT_SECONDS = 0.0  # a checkpoint after every step: many chances to be killed in one
    torch.set_num_threads(1)
    whole, parts = Path(sys.argv[1]), Path(sys.argv[2])
    moments = random.Random(int(sys.argv[3]))

    def child(folder):
        pid = os.fork()
        if pid == 0:
            train(folder)
            os._exit(0)
        return pid

    def written():
        try:
            return (parts / "checkpoints" / "last.safetensors").stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    assert os.waitpid(child(whole), 0)[1] == 0
    kills = 0
    while kills < 5:
        pid = child(parts)
        ended = 0
        for _ in range(moments.randint(1, 3)):
            before = written()
            while written() == before and not ended:
                ended = os.waitpid(pid, os.WNOHANG)[0]
                time.sleep(0.001)
        if ended:
            break
        time.sleep(moments.uniform(0, 0.05))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        kills += 1
    assert os.waitpid(child(parts), 0)[1] == 0
    print(kills)
    """
)


@pytest.mark.skipif(sys.platform == "win32", reason="processes are killed with a signal")
def test_killed_at_random_moments_it_ends_with_the_same_weights(tmp_path: Path) -> None:
    folders = [tmp_path / "whole", tmp_path / "parts"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, folders), "1"],
        env=application_environment() | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 0
    for name in ("last.safetensors", "best.safetensors"):
        one, other = (load_file(folder / "checkpoints" / name) for folder in folders)
        assert one.keys() == other.keys()
        for tensor in one:
            assert (one[tensor] == other[tensor]).all(), (name, tensor)
    history = [(folder / "checkpoints" / "validation.json").read_bytes() for folder in folders]
    assert history[0] == history[1]
    assert sorted(each.name for each in folders[1].rglob("*.*")) == sorted(
        ["best.safetensors", "last.safetensors", "validation.json"]
    )
