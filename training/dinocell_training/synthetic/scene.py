"""A scene: placed cells, their picture and their labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dinocell_training.synthetic.degradation import degrade_picture
from dinocell_training.synthetic.parameters import SceneParameters
from dinocell_training.synthetic.placement import place_cells
from dinocell_training.synthetic.relief import build_relief
from dinocell_training.synthetic.rendering import render_relief


@dataclass(frozen=True, eq=False)
class Scene:
    """A rendered picture and what is in it.

    Parameters
    ----------
    pixels : ndarray of shape (M, N), float32
        The picture: values like those of 8-bit or 16-bit cameras, fractions, or radians (quantitative
        phase, which may be negative).
    labels : ndarray of shape (M, N), int32
        Exact label image: 0 is background (debris included), cells have ids 1 to K, one 4-connected piece
        each.
    types : tuple of str
        Shape of each cell; item k belongs to id k + 1.
    parameters : SceneParameters
        What was asked for.
    """

    pixels: NDArray[np.float32]
    labels: NDArray[np.int32]
    types: tuple[str, ...]
    parameters: SceneParameters


def render_scene(parameters: SceneParameters) -> Scene:
    """Draw a scene; the same parameters give the same scene.

    Parameters
    ----------
    parameters : SceneParameters
        What to draw.

    Returns
    -------
    Scene
        Picture and labels of `parameters.height` x `parameters.width` pixels.
    """
    rng = np.random.default_rng(parameters.seed)
    placement = place_cells(parameters, rng)
    relief = build_relief(placement, parameters, rng)
    canvas = render_relief(relief, parameters, rng)
    margin = placement.margin
    picture = canvas[margin : margin + parameters.height, margin : margin + parameters.width]
    labels = np.ascontiguousarray(placement.picture_labels, np.int32)
    picture = degrade_picture(picture, labels > 0, parameters, rng)
    return Scene(
        pixels=np.ascontiguousarray(picture, np.float32),
        labels=labels,
        types=placement.types[: placement.n_labelled],
        parameters=parameters,
    )
