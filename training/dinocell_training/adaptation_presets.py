"""How much a machine can adapt in a given time: sizes are tried on it before a plan is made of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence

import torch
from timm.models.vision_transformer import VisionTransformer

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.memory_errors import is_out_of_memory
from dinocell_app.jobs.training_settings import AdaptationSettings
from dinocell_training.domain_adaptation import DomainAdaptation
from dinocell_training.processes import shared_result
from dinocell_training.self_distillation.pictures import Picture

MEASURED_STEPS = 2
FEWEST_STEPS = 200
"""Below this, smaller batches that allow more steps teach more; where not even they allow so many, nothing is
learned that would be worth the forgetting."""

EPOCHS = 20

_COMMON: dict[str, object] = {
    "n_prototypes": 1024,
    "hidden_width": 1024,
    "bottleneck_width": 128,
    "drop_path": 0.1,
    "warmup_epochs": 2,
    "temperature_warmup_epochs": 6,
    "frozen_last_layer_epochs": 1,
    "epochs": EPOCHS,
}
_GPU_SIZES = ((32, 1, 224, 96, 8), (16, 2, 224, 96, 8), (8, 2, 160, 64, 6))
_CPU_SIZES = ((4, 4, 112, 48, 6), (4, 2, 96, 48, 4), (4, 1, 96, 48, 4), (2, 1, 96, 48, 2))
"""Batch, batches of a step, edges of large and small views, number of small views; the most demanding first.

Views of 64 and 32 pixels hold no whole cell of usual size, and the loss rises on them.

A processor does not say that its memory is short, it slows down: its batches stay at about one gigabyte.
"""


def laptop_settings(
    backbone: VisionTransformer,
    pictures: Sequence[Picture],
    device: torch.device,
    minutes: float,
    wanted: AdaptationSettings,
) -> AdaptationSettings:
    """Plan an adaptation that fits the pictures, the device's memory and the time.

    Parameters
    ----------
    wanted : AdaptationSettings
        Gives seed, precision and workers.

    Returns
    -------
    AdaptationSettings
        The most demanding sizes of which real steps fitted into memory and enough of them fit into the time.
    """

    def measure(settings: AdaptationSettings) -> float | None:
        return seconds_per_step(backbone, pictures, settings, device)

    return choose_sizes(list(_candidates(device, wanted, len(pictures))), measure, minutes)


def choose_sizes(
    candidates: Sequence[AdaptationSettings],
    measure: Callable[[AdaptationSettings], float | None],
    minutes: float,
) -> AdaptationSettings:
    """Take the first sizes of which enough steps fit into the time.

    Parameters
    ----------
    candidates : sequence of AdaptationSettings
        The most demanding first.
    measure : callable
        Gives the seconds of a step; None when the memory does not suffice.

    Returns
    -------
    AdaptationSettings
        With as many steps as fit.

    Raises
    ------
    InvalidParameterError
        If `FEWEST_STEPS` fit with none, with the time that is needed.
    """
    fastest = math.inf
    for settings in candidates:
        seconds = measure(settings)
        if seconds is None:
            continue
        fastest = min(fastest, seconds)
        steps = int(minutes * 60 / seconds)
        if steps >= FEWEST_STEPS:
            return settings.model_copy(update={"steps_per_epoch": max(1, steps // EPOCHS)})
    if math.isinf(fastest):
        raise InvalidParameterError(
            "The memory does not suffice for the smallest views of an adaptation",
            remedy="Close other programs, or adapt on another computer",
        )
    needed = math.ceil(FEWEST_STEPS * fastest / 60)
    raise InvalidParameterError(
        f"{minutes:g} minutes are {int(minutes * 60 / fastest)} steps of adaptation on this computer, and "
        f"with fewer than {FEWEST_STEPS} a network forgets more than it learns",
        remedy=f"Give it {needed} minutes at least, better {_sensible(needed)}, or teach without adapting",
    )


def _sensible(needed: int) -> str:
    """Round a time up to what people would plan with."""
    wanted = max(30, 3 * needed)
    return f"{wanted} minutes" if wanted < 120 else f"{math.ceil(wanted / 60)} hours"


def seconds_per_step(
    backbone: VisionTransformer,
    pictures: Sequence[Picture],
    settings: AdaptationSettings,
    device: torch.device,
) -> float | None:
    """Take real steps and throw them away.

    Returns
    -------
    float or None
        Seconds of a step after the first one; None when the memory does not suffice.
    """
    try:
        run = DomainAdaptation(backbone, pictures, settings, device)
        run.start(0)
        seconds = []
        for _ in range(MEASURED_STEPS):
            started = time.perf_counter()
            run.take_step()
            seconds.append(time.perf_counter() - started)
    except (RuntimeError, MemoryError) as error:
        if isinstance(error, RuntimeError) and not is_out_of_memory(error):
            raise
        return None
    # All processes have to plan the same.
    return shared_result((lambda: max(min(seconds), 1e-3)) if run.rank == 0 else None)


def _candidates(
    device: torch.device, wanted: AdaptationSettings, n_pictures: int
) -> Iterator[AdaptationSettings]:
    kept = {"seed": wanted.seed, "precision": wanted.precision, "workers": wanted.workers}
    for batch, accumulation, large, small, n_small in _CPU_SIZES if device.type == "cpu" else _GPU_SIZES:
        # A picture twice in a batch is its own nearest neighbour, and nothing could push it away.
        fitting = max(1, min(batch, 2 ** int(math.log2(n_pictures))))
        sizes = {
            "batch_size": fitting,
            "accumulation": accumulation,
            "global_size": large,
            "local_size": small,
            "n_local": n_small,
        }
        yield AdaptationSettings.model_validate({**_COMMON, **kept, **sizes})
