"""Whole files of every kind that is read, from which harmed ones are made."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

SHAPE = (24, 32)
OME_PIXELS = {
    "axes": "TCZYX",
    "PhysicalSizeX": 0.5,
    "PhysicalSizeXUnit": "µm",
    "Channel": {"Name": ["a", "b"]},
}


def grey(seed: int = 0, dtype: Any = np.uint16) -> np.ndarray[Any, Any]:
    """A picture of noise."""
    return np.random.default_rng(seed).integers(0, 250, SHAPE).astype(dtype)


def cells() -> np.ndarray[Any, Any]:
    """Three cells, one of them with a hole."""
    labels = np.zeros(SHAPE, np.uint16)
    labels[2:8, 2:9], labels[10:20, 12:20], labels[4:12, 22:30] = 1, 2, 3
    labels[13:16, 14:17] = 0
    return labels


def tiffs(folder: Path) -> None:
    """TIFF files of many makers and packings."""
    write = tifffile.imwrite
    write(folder / "plain.tif", grey())
    for packing in ("zlib", "lzw", "zstd", "packbits", "jpeg2000", "lzma", "webp", "jpegxl", "jpegxr", "png"):
        colours = packing == "webp"
        pixels = np.dstack([grey(each, np.uint8) for each in range(3)]) if colours else grey(dtype=np.uint8)
        write(folder / f"{packing}.tif", pixels, compression=packing, tile=(16, 16))
    write(folder / "jpeg.tif", grey(dtype=np.uint8), compression="jpeg", rowsperstrip=8)
    write(folder / "predictor.tif", grey(), compression="zlib", predictor=True)
    write(folder / "rgb.tif", np.dstack([grey(each, np.uint8) for each in range(3)]), photometric="rgb")
    write(folder / "float.tif", grey().astype(np.float32), compression="zlib", predictor=True)
    palette = np.arange(768, dtype=np.uint16).reshape(3, 256) * 80
    write(folder / "palette.tif", grey(dtype=np.uint8), photometric="palette", colormap=palette)
    stack = np.stack([grey(each) for each in range(4)])
    write(folder / "stack.tif", stack)
    write(folder / "large.btf", stack, bigtiff=True)
    hyper = stack.reshape(2, 1, 2, *SHAPE)
    write(
        folder / "imagej.tif", hyper, imagej=True, metadata={"axes": "TZCYX", "unit": "um"}, resolution=(2, 2)
    )
    write(folder / "ome.ome.tif", stack.reshape(2, 2, 1, *SHAPE), ome=True, metadata=OME_PIXELS)
    write(folder / "shaped.tif", stack, metadata={"axes": "ZYX"})


def rasters(folder: Path) -> None:
    """PNG, JPEG and BMP files."""
    import imagecodecs
    from PIL import Image

    Image.fromarray(grey(dtype=np.uint8)).save(folder / "grey.png")
    Image.fromarray(grey(dtype=np.uint8)).convert("P").save(folder / "palette.png")
    colours = np.dstack([grey(each, np.uint8) for each in range(3)])
    Image.fromarray(colours).save(folder / "rgb.png")
    Image.fromarray(colours).convert("RGBA").save(folder / "rgba.png")
    (folder / "deep.png").write_bytes(imagecodecs.png_encode(grey()))
    Image.fromarray(grey(dtype=np.uint8)).convert("1").save(folder / "bits.png")
    Image.fromarray(colours).save(folder / "rgb.jpg")
    Image.fromarray(colours).save(folder / "progressive.jpg", progressive=True)
    Image.fromarray(colours).convert("CMYK").save(folder / "cmyk.jpg")
    Image.fromarray(grey(dtype=np.uint8)).save(folder / "grey.jpg")
    for mode in ("L", "RGB", "P", "1"):
        Image.fromarray(colours).convert(mode).save(folder / f"{mode}.bmp")


def zarrs(folder: Path) -> None:
    """OME-Zarr images in both formats, with several packings."""
    import zarr

    for name, version, packing, shards in (
        ("v2_blosc.zarr", 2, "auto", None),
        ("v2_plain.zarr", 2, None, None),
        ("v3.zarr", 3, "auto", None),
        ("v3_plain.zarr", 3, None, None),
        ("v3_blosc.zarr", 3, zarr.codecs.BloscCodec(cname="lz4"), None),
        ("v3_shards.zarr", 3, zarr.codecs.BloscCodec(cname="zstd"), (1, 32, 32)),
    ):
        group = zarr.open_group(folder / name, mode="w", zarr_format=version)
        size = {"shape": (2, *SHAPE), "chunks": (1, 16, 16), "shards": shards}
        array = group.create_array("0", dtype="uint16", compressors=packing, **size)
        array[:] = np.stack([grey(), grey(1)])
        transformation = {"type": "scale", "scale": [1, 0.5, 0.5]}
        image = {
            "version": "0.4",
            "axes": [
                {"name": "z", "type": "space"},
                {"name": "y", "type": "space", "unit": "micrometer"},
                {"name": "x", "type": "space", "unit": "micrometer"},
            ],
            "datasets": [{"path": "0", "coordinateTransformations": [transformation]}],
        }
        said = {"multiscales": [image], "omero": {"channels": [{"label": "DAPI"}]}}
        group.attrs.update({"ome": said} if version == 3 else said)


def label_pictures(folder: Path) -> None:
    """Label images in all formats they are read from."""
    from PIL import Image

    labels = cells()
    tifffile.imwrite(folder / "a_labels.tif", labels, compression="zlib")
    tifffile.imwrite(folder / "b_labels.tif", labels.astype(np.float32))
    tifffile.imwrite(folder / "c_labels.ome.tif", labels.astype(np.uint32), ome=True)
    Image.fromarray(labels.astype(np.uint8)).save(folder / "a_masks.png")
    picture = Image.fromarray(labels.astype(np.uint8)).convert("P")
    picture.save(folder / "b_masks.png")
    Image.fromarray(np.dstack([labels.astype(np.uint8)] * 3)).save(folder / "c_masks.bmp")
    np.save(folder / "a.npy", labels)
    np.save(folder / "b.npy", labels.astype(np.float64))
    np.save(folder / "c.npy", labels[None, :, :, None])


def cellpose(folder: Path) -> None:
    """Cellpose's `_seg.npy`, as written here and as older versions do."""
    from dinocell_app.export.cellpose_files import write_cellpose_seg
    from dinocell_app.export.labelled_image import LabelledImage

    write_cellpose_seg(folder / "a_seg.npy", LabelledImage(cells(), "a"))
    old: dict[str, Any] = {
        "masks": cells().astype(np.int32) - 1,
        "filename": Path("a.tif"),
        "est_diam": np.float64(12.5),
        "outlines": [np.array([[1, 2], [3, 4]])],
        "colors": np.array([[1, 2, 3]], np.uint8),
        "flows": [[], {1, 2}, (None, True)],
    }
    np.save(folder / "b_seg.npy", np.array(old, dtype=object), allow_pickle=True)


def rois(folder: Path) -> None:
    """ROI files of ImageJ: polygons, composites, ovals, rectangles; zipped and alone."""
    from roifile import ROI_TYPE, ImagejRoi

    from dinocell_app.export.imagej_rois import write_imagej_rois
    from dinocell_app.export.labelled_image import LabelledImage

    write_imagej_rois(folder / "a_rois.zip", LabelledImage(cells(), "a"))
    corners = np.array([[2, 3], [12, 4], [9, 15]], np.float32)
    alone = ImagejRoi.frompoints(corners, name="7")
    (folder / "a.roi").write_bytes(alone.tobytes())
    oval = ImagejRoi()
    oval.roitype, oval.top, oval.left, oval.bottom, oval.right = ROI_TYPE.OVAL, 2, 3, 12, 20
    oval.name = "oval"
    with zipfile.ZipFile(folder / "b_RoiSet.zip", "w") as archive:
        archive.writestr("1.roi", alone.tobytes())
        archive.writestr("2.roi", oval.tobytes())


def coco(folder: Path) -> None:
    """COCO files with polygons and both kinds of run lengths."""
    from dinocell_app.export.coco import write_coco
    from dinocell_app.export.labelled_image import LabelledImage

    write_coco(folder / "a.json", LabelledImage(cells(), "a.tif"))
    runs = [10, 20, SHAPE[0] * SHAPE[1] - 30]
    plain, compact = ({"size": list(SHAPE), "counts": counts} for counts in (runs, _compact(runs)))
    content = {
        "images": [{"id": 1, "file_name": "a.tif", "height": SHAPE[0], "width": SHAPE[1]}],
        "annotations": [
            {"id": 1, "image_id": 1, "segmentation": plain, "iscrowd": 1, "category_id": 1},
            {"id": 2, "image_id": 1, "segmentation": [[1, 1, 9.5, 1, 9, 9]], "category_id": 1, "label": 5},
        ],
        "categories": [{"id": 1, "name": "cell"}],
    }
    (folder / "b.json").write_text(json.dumps(content))
    content["annotations"][0]["segmentation"] = compact
    (folder / "c.json").write_text(json.dumps(content))


def _compact(runs: list[int]) -> str:
    """Write at most three run lengths as COCO's text: five bits a letter, the sixth says that more come."""
    text = ""
    for run in runs:
        while True:
            bits, run = run & 0x1F, run >> 5
            more = run != 0 or bits & 0x10
            text += chr(48 + bits + (0x20 if more else 0))
            if not more:
                break
    return text


def regions(folder: Path) -> None:
    """Regions of interest as GeoJSON."""
    from dinocell_app.regions.region import Region
    from dinocell_app.regions.region_files import write_regions

    corners = ((1.0, 2.0), (20.0, 2.0), (20.5, 18.0))
    write_regions(folder / "a.geojson", {"a.tif": (Region("one", corners),), "": (Region("two", corners),)})


def labels_to_import(folder: Path) -> None:
    """An empty project with images, and labels of them made elsewhere."""
    from dinocell_app.project.adding import find_images
    from dinocell_app.project.project import Project
    from dinocell_app.project.records import FoundImage

    images, made = folder / "images", folder / "made elsewhere"
    images.mkdir()
    made.mkdir()
    for stem in "abc":
        tifffile.imwrite(images / f"{stem}.tif", grey())
    with Project.create(folder / "p.dinocell") as project:
        found = find_images([images], recursive=True)
        project.images.add([each for each in found if isinstance(each, FoundImage)])
    tifffile.imwrite(made / "a_labels.tif", cells(), compression="zlib")
    cellpose(made)
    (made / "a_seg.npy").unlink()
    rois(made)
    (made / "a_rois.zip").rename(made / "c_rois.zip")
    (made / "a.roi").unlink()
    (made / "b_RoiSet.zip").unlink()


def pairs(folder: Path) -> None:
    """A folder of pictures with labels by several conventions."""
    for stem in "abc":
        tifffile.imwrite(folder / f"{stem}.tif", grey(dtype=np.uint8))
    label_folder = folder / "labels"
    label_folder.mkdir()
    tifffile.imwrite(folder / "a_masks.tif", cells())
    cellpose(label_folder)
    (label_folder / "b_seg.npy").rename(folder / "b_seg.npy")
    rois(label_folder)
    (label_folder / "a_rois.zip").rename(folder / "c_rois.zip")
    coco(label_folder)
    for left in label_folder.iterdir():
        if left.name != "a.json":
            left.unlink()
    tifffile.imwrite(folder / "a_ignore.tif", (cells() > 0).astype(np.uint8))
    (folder / "a_masks.types.json").write_text('{"1": "round", "2": "rod"}')
    (folder / "types.csv").write_text("image,type,label\na.tif,round,1\nb.tif,rod,\n")


def folds(folder: Path) -> None:
    """PanNuke's arrays, small."""
    fold = folder / "fold1"
    fold.mkdir()
    np.save(fold / "images.npy", np.zeros((2, 8, 8, 3)))
    masks = np.zeros((2, 8, 8, 6))
    masks[0, 1:4, 1:4, 0] = 1
    np.save(fold / "masks.npy", masks)


def png_of(width: int, height: int, depth: int = 8) -> bytes:
    """A PNG file that claims a size and holds a line."""

    def chunk(kind: bytes, inside: bytes) -> bytes:
        return struct.pack(">I", len(inside)) + kind + inside + struct.pack(">I", zlib.crc32(kind + inside))

    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def hostile_pickle(opcodes: bytes) -> bytes:
    """A `.npy` file whose header promises one object and whose content is a given pickle."""
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }"
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + opcodes


def files_below(place: Path) -> Iterator[Path]:
    """The files that a kind of input consists of, or the one file."""
    yield from sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]
