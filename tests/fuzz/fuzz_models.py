"""Small models, archives and checkpoints to harm, and what the application does with them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import torch
from dinocell_training.checkpoint import TrainingState, load_checkpoint, save_checkpoint
from dinocell_training.validation_history import KeepBest, ValidationHistory, restore_best
from torch import nn

from dinocell_app.model.catalogue import describe, find_model, list_models
from dinocell_app.model.manifest import Manifest, read_manifest
from dinocell_app.model.model_archive import export_model, import_model
from dinocell_app.model.model_folder import load_model, save_model
from dinocell_app.model.segmenter import Segmenter, SegmenterConfig

CONFIG = SegmenterConfig(
    backbone="vit_tiny_patch16_224",
    patch_size=16,
    tile_size=32,
    input_size=32,
    decoder_width=8,
    n_upsamplings=1,
    feature_blocks=(0,),
    channel_names=("flow_y", "flow_x", "cell_probability"),
)


def make_models(folder: Path) -> None:
    """A model folder."""
    manifest = Manifest.for_network(CONFIG, id="tiny", name="Tiny", tile_overlap_px=8)
    save_model(Segmenter(CONFIG), manifest, folder / "tiny")


def read_models(folder: Path) -> None:
    """List, describe and load the models of a folder."""
    os.environ["DINOCELL_APP_MODELS"] = str(folder)
    for entry in list_models()[0]:
        describe(entry.manifest)
    load_model(find_model(folder / "tiny"))


def make_archives(folder: Path) -> None:
    """An exported model, and files of weights as they are published."""
    make_models(folder)
    export_model(folder / "tiny", folder / "tiny.zip")
    shutil.rmtree(folder / "tiny")
    torch.save({"model": {"a.weight": torch.ones(3, 4), "b": torch.arange(5)}}, folder / "weights.pt")
    torch.save({"a": torch.ones(3)}, folder / "old.pt", _use_new_zipfile_serialization=False)


def import_archive(path: Path) -> None:
    """Import a model into an empty folder of models beside it."""
    own = path.parent / "own"
    os.environ["DINOCELL_APP_MODELS"] = str(own)
    try:
        read_manifest(import_model(path, overwrite=True))
    finally:
        shutil.rmtree(own, ignore_errors=True)


def training_state() -> TrainingState:
    """A network after one step of training."""
    torch.manual_seed(0)
    network = nn.Linear(3, 2)
    optimiser = torch.optim.AdamW(network.parameters())
    network(torch.ones(1, 3)).sum().backward()
    optimiser.step()
    return TrainingState(network, None, optimiser, step=1)


def make_checkpoints(folder: Path) -> None:
    """The checkpoints of a run."""
    state = training_state()
    save_checkpoint(state, folder)
    ValidationHistory(folder).add(1, {"total": 1.0}, state.network, write=True)


def read_checkpoints(folder: Path) -> None:
    """Go on with a training, and take its best weights."""
    state = training_state()
    _ = KeepBest(state.network)
    load_checkpoint(state, folder)
    restore_best(state.network, folder)
