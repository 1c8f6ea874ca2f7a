"""CZI, LIF and ND2 through aicsimageio, which is installed on request because of what it requires."""

from __future__ import annotations

import logging
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import MissingDependencyError
from dinocell_app.base.extras import remedy_for_missing
from dinocell_app.imaging.image_reader import ImageReader, check_declared_size
from dinocell_app.imaging.metadata import ImageMetadata, name_channels
from dinocell_app.imaging.pixel_size import length_um, square_pixel_um

_logger = logging.getLogger(__name__)


class VendorReader(ImageReader):
    """The first scene of a microscope maker's file.

    Parameters
    ----------
    path : Path
        A file that `aicsimageio.AICSImage` opens.
    """

    NAME: ClassVar[str]
    EXTRA: ClassVar[str]
    MODULES: ClassVar[tuple[str, ...]]
    """What has to be importable, aicsimageio first."""

    def __init__(self, path: Path) -> None:
        self._image = image = self._import_reader(path)(path)
        if len(image.scenes) > 1:
            _logger.warning("%s holds %d scenes; the first is read", path, len(image.scenes))
        dims = image.dims
        self._n_samples = int(dims["S"][0]) if "S" in dims.order else 0
        # Beyond three samples of a pixel there is alpha.
        n_colours = min(self._n_samples, 3) or 1
        dtype = np.dtype(image.dtype).newbyteorder("=")
        check_declared_size(path, (int(dims.Y), int(dims.X), max(self._n_samples, 1)), dtype)
        n_channels = int(dims.C) * n_colours
        is_rgb = n_channels == 3 and n_colours == 3
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
                pixel_size_um=square_pixel_um(_micrometres(sizes.X), _micrometres(sizes.Y)),
                is_rgb=is_rgb,
            )
        )

    def _decode_plane(self, t: int, z: int, c: int) -> NDArray[Any]:
        if not self._n_samples:
            return np.asarray(self._image.get_image_dask_data("YX", T=t, Z=z, C=c).compute())
        channel, sample = divmod(c, min(self._n_samples, 3))
        return np.asarray(self._image.get_image_dask_data("YX", T=t, Z=z, C=channel, S=sample).compute())

    def _import_reader(self, path: Path) -> Any:  # noqa: ANN401 - aicsimageio has no types
        try:
            modules = [import_module(name) for name in self.MODULES]
        except ImportError as error:
            raise MissingDependencyError(
                f"{self.NAME} files need an additional package",
                path=path,
                remedy=remedy_for_missing(
                    self.EXTRA, "Save the image as OME-TIFF in the microscope's program"
                ),
            ) from error
        return modules[0].AICSImage


class CziReader(VendorReader):
    """Zeiss CZI."""

    NAME, EXTRA, MODULES = "CZI", "czi", ("aicsimageio", "aicspylibczi")


class LifReader(VendorReader):
    """Leica LIF."""

    NAME, EXTRA, MODULES = "LIF", "lif", ("aicsimageio", "readlif")


class Nd2Reader(VendorReader):
    """Nikon ND2."""

    NAME, EXTRA, MODULES = "ND2", "nd2", ("aicsimageio", "nd2")


def _micrometres(size: float | None) -> float | None:
    """Take aicsimageio's sizes, which are um; it gives 0 or 1 by 1 where older readers know none."""
    return None if size is None else length_um(float(size), "um")
