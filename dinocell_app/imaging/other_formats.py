"""What no reader of ours knows, through aicsimageio, which is installed on request for what it requires."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.imaging.image_file import ImageFile
from dinocell_app.imaging.image_reader import ImageReader, check_declared_size, check_plane_count
from dinocell_app.imaging.metadata import ImageMetadata, name_channels
from dinocell_app.imaging.pixel_size import length_um, square_pixel_um

EXTRA = "vendor-formats"
"""Of the package, as `pyproject.toml` names it."""


def is_installed() -> bool:
    """Whether aicsimageio can be asked."""
    try:
        return find_spec("aicsimageio") is not None
    except (ImportError, ValueError):
        return False


class OtherImageFile(ImageFile):
    """The scenes of a file that `aicsimageio.AICSImage` opens.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self._image = import_module("aicsimageio").AICSImage(path)
        super().__init__(path, [str(name) for name in self._image.scenes])

    def _open(self, scene: int) -> ImageReader:
        self._image.set_scene(scene)
        return OtherReader(self, self._image, scene)


class OtherReader(ImageReader):
    """One scene.

    Parameters
    ----------
    file : ImageFile
    image : aicsimageio.AICSImage
    scene : int
        That is set.
    """

    def __init__(self, file: ImageFile, image: Any, scene: int) -> None:  # noqa: ANN401 - it has no types
        path, self._image, self._scene = file.path, image, scene
        dims = image.dims
        self._n_samples = int(dims["S"][0]) if "S" in dims.order else 0
        # Beyond three samples of a pixel there is alpha.
        n_colours = min(self._n_samples, 3) or 1
        dtype = np.dtype(image.dtype).newbyteorder("=")
        check_declared_size(path, (int(dims.Y), int(dims.X), max(self._n_samples, 1)), dtype)
        n_channels = int(dims.C) * n_colours
        check_plane_count(path, int(dims.T) * int(dims.Z), n_channels)
        is_rgb = n_channels == n_colours == 3
        names = tuple(str(name) for name in image.channel_names or ())
        sizes = image.physical_pixel_sizes
        super().__init__(
            ImageMetadata(
                path=path,
                n_times=int(dims.T),
                n_slices=int(dims.Z),
                n_channels=n_channels,
                height=int(dims.Y),
                width=int(dims.X),
                dtype=dtype,
                channel_names=name_channels(n_channels, names, is_rgb=is_rgb),
                pixel_size_um=square_pixel_um(_micrometres(sizes.X), _micrometres(sizes.Y), path),
                is_rgb=is_rgb,
                scene=scene,
                n_scenes=len(file.scenes),
                scene_name=file.scenes[scene].name,
                z_step_um=_micrometres(sizes.Z) if int(dims.Z) > 1 else None,
            )
        )

    def _decode_plane(self, t: int, z: int, c: int) -> NDArray[Any]:
        self._image.set_scene(self._scene)
        if not self._n_samples:
            return np.asarray(self._image.get_image_dask_data("YX", T=t, Z=z, C=c).compute())
        channel, sample = divmod(c, min(self._n_samples, 3))
        return np.asarray(self._image.get_image_dask_data("YX", T=t, Z=z, C=channel, S=sample).compute())


def _micrometres(size: float | None) -> float | None:
    """Take aicsimageio's sizes, which are um; it gives 0 or 1 by 1 where older readers know none."""
    return None if size is None else length_um(float(size), "um")
