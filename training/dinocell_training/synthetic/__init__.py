"""Procedural microscopy: drawn cells with exact labels, shown through simple models of optics and camera.

`random_scene_parameters` chooses what to draw and `render_scene` draws it. Geometry comes first
(`shapes`, `placement`), then the optical thickness of what was placed (`relief`), then the picture a
microscope would make of it (`rendering`) and what dust, light and camera do to that (`degradation`).

What scenes do not show has drawings of its own, listed in `drawings`: closed layers (`mosaics`, `colonies`,
`crowded_look`), stained preparations in colour (`smears`, `sections`, `stains`) and fluorescence of membranes
and of several channels (`fluorescent_tissue`).
"""

from dinocell_training.synthetic.parameters import (
    ARRANGEMENTS,
    MODALITIES,
    SHAPES,
    SceneParameters,
    random_scene_parameters,
)
from dinocell_training.synthetic.scene import Scene, render_scene

__all__ = [
    "ARRANGEMENTS",
    "MODALITIES",
    "SHAPES",
    "Scene",
    "SceneParameters",
    "random_scene_parameters",
    "render_scene",
]
