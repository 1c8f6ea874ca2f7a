"""Whole files of microscope makers, and sets of files, to be harmed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.fuzz.fuzz_files import SHAPE, grey
from tests.imaging.vendor_files import zeiss
from tests.imaging.vendor_files.leica import LifPicture, write_lif
from tests.imaging.vendor_files.nikon import Nd2Picture, write_nd2
from tests.imaging.vendor_files.zeiss import CziPicture, CziPicturePiece, write_czi


def _stack(*lengths: int) -> np.ndarray:
    return np.stack([grey(each) for each in range(int(np.prod(lengths)))]).reshape(*lengths, *SHAPE)


def czis(folder: Path) -> None:
    """CZI files of each packing, with times, tiles, scenes and a pyramid."""
    for packing in (zeiss.RAW, zeiss.LZW, zeiss.JPEG_XR, zeiss.ZSTD_0, zeiss.ZSTD_1):
        pixels = _stack(2, 2)
        pieces = tuple(
            CziPicturePiece(pixels[t, c], index={"T": t, "C": c}, compression=packing)
            for t, c in np.ndindex(2, 2)
        )
        picture = CziPicture(pieces, ("DAPI", "GFP"), (), 0.325, 1.0, stamps_s=(0.0, 2.0))
        write_czi(folder / f"packing{packing}.czi", picture)
    colours = np.dstack([grey(each, np.uint8) for each in range(3)])
    tiles = [
        CziPicturePiece(colours, 10 * n, 40 * n, {"C": 0, "S": n // 2, "M": n}, zeiss.ZSTD_0)
        for n in range(4)
    ]
    tiles.append(CziPicturePiece(colours[::2, ::2], 0, 0, {"C": 0, "S": 0}, zeiss.ZSTD_0, covers=2))
    write_czi(folder / "tiles.czi", CziPicture(tuple(tiles), ("brightfield",), ("left", "right"), 0.5))


def lifs(folder: Path) -> None:
    """LIF files of several images, colours and tiles."""
    stack = LifPicture("stack", _stack(2, 2, 2), ("Green", "Gray"), stamps_s=tuple(map(float, range(8))))
    single = LifPicture("single", _stack(1, 1, 1).astype(np.float32), ("Gray",))
    write_lif(folder / "several.lif", stack, single)
    colours = np.stack([grey(each, np.uint8) for each in range(3)])[None, None]
    write_lif(folder / "colours.lif", LifPicture("c", colours, ("Blue", "Green", "Red"), is_colour=True))
    write_lif(folder / "tiles.lif", LifPicture("tiles", _stack(3, 1, 1), ("Gray",), is_mosaic=True))


def nd2s(folder: Path) -> None:
    """ND2 files with times, positions, slices and colours, packed and not."""
    frames = _stack(2, 2, 2, 1)[..., None]
    for is_packed in (False, True):
        picture = Nd2Picture(
            frames.reshape(2, 2, 2, 1, *SHAPE, 1),
            "TPZ",
            ("DAPI",),
            positions=("A", "B"),
            acquired_ms=tuple(map(float, range(8))),
            is_packed=is_packed,
        )
        write_nd2(folder / f"loops{int(is_packed)}.nd2", picture)
    colours = np.dstack([grey(each, np.uint8) for each in range(3)])[None]
    write_nd2(folder / "colours.nd2", Nd2Picture(colours, "", ("brightfield",)))


def sets(folder: Path) -> None:
    """Sets of OME-TIFF files, one described in itself and one by a companion."""
    from tests.imaging.test_scenes import write_set

    for name, companion in (("a", False), ("b", True)):
        (folder / name).mkdir()
        write_set(folder / name, _stack(2, 2), companion=companion)
