"""The paper's maps of a whole picture: flows and the probability of the wanted type, window by window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from dinocell_app.segmentation.reference.feature_grid import FeatureGrid
from dinocell_app.segmentation.reference.percs_head import PercsHead


@dataclass(frozen=True)
class GuidedMaps:
    """What the head sees along a picture, at the network's scale.

    Parameters
    ----------
    flows : ndarray of shape (2, M, N), float32
        (dy, dx), about of unit length within cells.
    probability : ndarray of shape (M, N), float32
        Of belonging to a cell of the wanted type.
    """

    flows: NDArray[np.float32]
    probability: NDArray[np.float32]


def guided_maps(
    head: PercsHead,
    grid: FeatureGrid,
    positives: NDArray[np.float32],
    negatives: NDArray[np.float32],
    windows: tuple[int, int] = (32, 21),
) -> GuidedMaps:
    """Make the maps of a picture.

    Windows overlap and are averaged, and so are the four quarter turns of each: a turned picture has the
    turned maps as far as its features are turned. The least probability over the negatives counts.

    Parameters
    ----------
    grid : FeatureGrid
        Of the picture.
    positives : ndarray of shape (P, D), float32
        Pooled features of wanted cells, without their looks; at least one.
    negatives : ndarray of shape (Q, D), float32
    windows : tuple of int
        Edge and stride in patches: by default 256 and 168 pixels at patches of 8, as in the paper.
    """
    tokens = torch.from_numpy(grid.values[-head.config.feature_width :]).to(head.trust.device)
    wanted, unwanted = (torch.from_numpy(each).to(tokens) for each in (positives, negatives))
    step = max(1, round(grid.spacing_px))
    _, rows, columns = tokens.shape
    total = torch.zeros((3, rows * step, columns * step))
    count = torch.zeros((rows * step, columns * step))
    for row in _starts(rows, windows):
        for column in _starts(columns, windows):
            part = tokens[:, row : row + windows[0], column : column + windows[0]]
            with torch.inference_mode():
                maps = _turned(head, part, (wanted, unwanted), step).cpu()
            place = (
                slice(row * step, row * step + maps.shape[1]),
                slice(column * step, column * step + maps.shape[2]),
            )
            total[:, place[0], place[1]] += maps
            count[place] += 1
    mean = (total / count)[:, : grid.network_shape[0], : grid.network_shape[1]].numpy()
    return GuidedMaps(mean[:2], mean[2])


def _starts(length: int, windows: tuple[int, int]) -> list[int]:
    edge, stride = windows
    last = max(0, length - edge)
    return sorted({*range(0, last, stride), last})


def _turned(
    head: PercsHead, part: torch.Tensor, references: tuple[torch.Tensor, torch.Tensor], step: int
) -> torch.Tensor:
    """Average flows and probability over quarter turns."""
    wanted, unwanted = references
    size = (part.shape[1] * step, part.shape[2] * step)
    maps = _decoded_turned(head, head.attend(part, wanted, unwanted[:0]), size)
    for negative in unwanted:
        against = _decoded_turned(head, head.attend(part, wanted, negative[None]), size)
        maps[2] = torch.minimum(maps[2], against[2])
    return maps


def _decoded_turned(head: PercsHead, attended: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    total = torch.zeros((3, *size), device=attended.device)
    for turns in range(4):
        frame = size if turns % 2 == 0 else (size[1], size[0])
        maps = head.decode(torch.rot90(attended, turns, (1, 2)), frame)
        maps = torch.rot90(maps, -turns, (1, 2))
        down, across = maps[0], maps[1]
        for _ in range(turns):
            # Turned back by a quarter, clockwise, (dy, dx) points along (dx, -dy).
            down, across = across, -down
        total += torch.stack([down, across, torch.sigmoid(maps[2])])
    return total / 4
