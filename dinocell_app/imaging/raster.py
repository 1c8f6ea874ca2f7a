"""PNG, JPEG and BMP through imageio; PNG of 16 bits a sample through imagecodecs, which keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import UnreadableFileError
from dinocell_app.base.free_memory import free_memory_bytes
from dinocell_app.imaging.file_formats import FileFormat, format_of_content
from dinocell_app.imaging.image_file import ImageFile
from dinocell_app.imaging.image_reader import ImageReader, check_declared_size, check_plausible_size
from dinocell_app.imaging.metadata import ImageMetadata, name_channels

_PNG_HEADER_BYTES = 26
_PNG_SAMPLES = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
"""Samples a pixel by the colour type of the PNG header; palettes are shown as colours."""

_COPIES = 3
"""Of the pixels while they are decoded: those of the library, ours, and the channel that is asked for."""
_ALWAYS_TRIED_BYTES = 256 << 20


class RasterImageFile(ImageFile):
    """The only image of a PNG, JPEG or BMP file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, [""])

    def _open(self, scene: int) -> ImageReader:
        del scene
        return RasterReader(self.path)


class RasterReader(ImageReader):
    """One picture without time, slices or scale.

    Parameters
    ----------
    path : Path
        A PNG, JPEG or BMP file. Transparency is dropped, palettes become colours, CMYK becomes RGB.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            header = file.read(_PNG_HEADER_BYTES)
        self._is_deep_png = format_of_content(header) is FileFormat.PNG and _png_depth(path, header) == 16
        shape, dtype = _png_layout(header) if self._is_deep_png else _declared_layout(path)
        check_declared_size(path, shape, dtype)
        check_plausible_size(path, shape, dtype, path.stat().st_size)
        n_samples = shape[2] if len(shape) == 3 else 1
        self._n_channels = 3 if n_samples >= 3 else 1
        self._pixels: NDArray[Any] | None = None
        is_rgb = self._n_channels == 3
        super().__init__(
            ImageMetadata(
                path=path,
                n_times=1,
                n_slices=1,
                n_channels=self._n_channels,
                height=shape[0],
                width=shape[1],
                dtype=dtype,
                channel_names=name_channels(self._n_channels, is_rgb=is_rgb),
                pixel_size_um=None,
                is_rgb=is_rgb,
            )
        )

    def _decode_plane(self, t: int, z: int, c: int) -> NDArray[Any]:
        del t, z
        if self._pixels is None:
            self._require_memory()
            pixels = _decode_deep_png(self.metadata.path) if self._is_deep_png else self._decode()
            self._pixels = pixels[..., None] if pixels.ndim == 2 else pixels
        return self._pixels[..., c].copy()

    def _require_memory(self) -> None:
        """Refuse what cannot be held, before any of it is: these formats are decoded as a whole."""
        known = self.metadata
        needed = _COPIES * known.height * known.width * self._n_channels * known.dtype.itemsize
        free = free_memory_bytes() if needed > _ALWAYS_TRIED_BYTES else None
        if free is not None and needed > free:
            raise UnreadableFileError(
                f"{known.height:,} x {known.width:,} pixels need {needed / 2**30:.1f} GiB of memory to be "
                f"opened, and {free / 2**30:.1f} GiB are free",
                path=known.path,
                remedy="Close other programs, or save it as a tiled TIFF, which is read in pieces",
            )

    def _decode_rows(self, first: int, end: int, place: tuple[int, int, int]) -> NDArray[Any]:
        if self._pixels is None:
            self._decode_plane(*place)
        return np.empty(0) if self._pixels is None else self._pixels[first:end, :, place[2]]

    def _decode(self) -> NDArray[Any]:
        with _picture(self.metadata.path) as picture:
            mode = "RGB" if picture.metadata(index=0, exclude_applied=False).get("mode") == "CMYK" else None
            return np.asarray(picture.read(index=0, mode=mode))

    def close(self) -> None:
        """Let go of the decoded picture."""
        self._pixels = None
        super().close()


def _picture(path: Path) -> Any:  # noqa: ANN401 - imageio has no types
    from imageio.v3 import imopen
    from PIL import Image

    # Sizes are checked by check_declared_size; Pillow's own limit lies below a slide scanner's pictures.
    Image.MAX_IMAGE_PIXELS = None
    return imopen(path, "r", plugin="pillow")


def _declared_layout(path: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    with _picture(path) as picture:
        declared = picture.properties(index=0)
        return tuple(int(length) for length in declared.shape), np.dtype(declared.dtype).newbyteorder("=")


def _png_depth(path: Path, header: bytes) -> int:
    if len(header) < _PNG_HEADER_BYTES:
        raise UnreadableFileError("ends inside its header", path=path, remedy="Copy or export it again")
    return header[24]


def _png_layout(header: bytes) -> tuple[tuple[int, ...], np.dtype[Any]]:
    width, height = (int.from_bytes(header[start : start + 4], "big") for start in (16, 20))
    return (height, width, _PNG_SAMPLES.get(header[25], 1)), np.dtype(np.uint16)


def _decode_deep_png(path: Path) -> NDArray[Any]:
    import imagecodecs

    return np.asarray(imagecodecs.png_decode(path.read_bytes()))
