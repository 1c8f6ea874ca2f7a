"""`--preset`: how long and how thoroughly a model is taught, for the commands that teach and estimate."""

from __future__ import annotations

import argparse

from dinocell_app.jobs.training_presets import DEFAULT_PRESET, PRESETS, SHELL_PRESETS


def add_preset_option(parser: argparse.ArgumentParser) -> None:
    """Declare `--preset`."""
    said = " ".join(f"{name}: {preset.description}" for name, preset in PRESETS.items())
    parser.add_argument(
        "--preset",
        choices=SHELL_PRESETS,
        help=f"How thoroughly to train; options given here go first (default: {DEFAULT_PRESET}). {said} "
        "paper: the paper's schedule, days without a graphics card.",
    )
