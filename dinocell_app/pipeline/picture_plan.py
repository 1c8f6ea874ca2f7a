"""Whether a picture is segmented as a whole or in blocks, and how much memory that takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.free_memory import free_memory_bytes
from dinocell_app.imaging.image_reader import ImageReader
from dinocell_app.segmentation.blocks import BlockSize

LARGEST_WHOLE_PX = 64_000_000
"""Pictures of more pixels are segmented in blocks."""

WHOLE_BYTES = 110
"""Memory for each pixel of a picture that is segmented and measured as a whole, its own pixels aside."""

BLOCK_BYTES = 60
"""Memory for each pixel of a window while it is decoded or measured."""

BAND_BYTES = 26
"""Memory for each pixel of the band of maps around a row of blocks, resampled maps included."""

LABEL_BYTES = 1.0
"""Memory for each pixel of a picture in blocks: labels, compressed, and the second level of their file."""

WORKING_BYTES = 300_000_000
"""What one batch of tiles, the labels that lie open and the tables of cells take."""

WHOLE_LABEL_BYTES = {"roi": 24, "geojson": 24, "coco": 24, "ome-zarr": 8}
"""Memory for each pixel while a file is written in a format whose writer needs all labels at once."""


@dataclass(frozen=True)
class PicturePlan:
    """How a picture is segmented.

    Parameters
    ----------
    needed_bytes : int
        Most memory that this takes beyond what the process has already.
    notice : str
        What the user should know; empty for a picture segmented as ever.
    """

    in_blocks: bool
    needed_bytes: int
    notice: str = ""


def plan_picture(
    reader: ImageReader, formats: Sequence[str], *, whole_only: str = "", size: BlockSize | None = None
) -> PicturePlan:
    """Choose how to segment the planes of an image.

    Parameters
    ----------
    formats : sequence of str
        Of the results.
    whole_only : str
        What has been asked for that needs the picture as a whole, as the object of a sentence; empty for
        nothing.

    Raises
    ------
    UserFacingError
        If the memory of the machine is too small.
    """
    metadata = reader.metadata
    n_pixels = metadata.height * metadata.width
    own = n_pixels * metadata.n_channels * metadata.dtype.itemsize
    whole = n_pixels * WHOLE_BYTES + own
    free = free_memory_bytes()
    fits = free is None or whole <= free
    if n_pixels <= LARGEST_WHOLE_PX and (fits or whole_only):
        return PicturePlan(in_blocks=False, needed_bytes=whole)
    megapixels = f"{n_pixels / 1e6:,.0f} megapixels"
    if whole_only:
        return _whole(reader, whole, free, f"{megapixels}, and {whole_only} needs all of them at once")
    needed = _in_blocks(reader, formats, size or BlockSize())
    if free is not None and needed > free:
        raise _too_large(reader, needed, free, megapixels, "Close other programs, or use another computer")
    return PicturePlan(
        in_blocks=True,
        needed_bytes=needed,
        notice=f"{metadata.path.name} has {megapixels} and is segmented in blocks, which takes about "
        f"{_gigabytes(needed)} of memory",
    )


def _whole(reader: ImageReader, needed: int, free: int | None, why: str) -> PicturePlan:
    if free is not None and needed > free:
        remedy = "Leave that out, so that the image can be segmented in blocks"
        raise _too_large(reader, needed, free, why, remedy)
    notice = f"{reader.metadata.path.name} has {why}: this takes about {_gigabytes(needed)} of memory"
    return PicturePlan(in_blocks=False, needed_bytes=needed, notice=notice)


def _in_blocks(reader: ImageReader, formats: Sequence[str], size: BlockSize) -> int:
    """Estimate the most memory, with windows that had to grow once."""
    metadata = reader.metadata
    height, width = metadata.height, metadata.width
    n_pixels = height * width
    rows, columns = min(height, size.rows + 2 * size.margin), min(width, size.columns + 4 * size.margin)
    segmenting = rows * columns * BLOCK_BYTES + rows * width * BAND_BYTES
    writing = max([n_pixels * WHOLE_LABEL_BYTES.get(name, 0) for name in formats], default=0)
    if "ome-zarr" in formats:
        writing += n_pixels * metadata.n_channels * metadata.dtype.itemsize
    pixels = 0
    if reader.rows_together >= height:
        pixels = n_pixels * metadata.n_channels * metadata.dtype.itemsize
    return int(WORKING_BYTES + n_pixels * LABEL_BYTES + max(segmenting, writing) + pixels)


def _too_large(reader: ImageReader, needed: int, free: int, why: str, remedy: str) -> UserFacingError:
    return UserFacingError(
        f"the image has {why}: this would take about {_gigabytes(needed)} of memory and {_gigabytes(free)} "
        "are free",
        path=reader.metadata.path,
        remedy=remedy,
    )


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB"
