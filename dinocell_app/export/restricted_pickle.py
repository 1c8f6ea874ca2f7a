"""Reading `.npy` files with objects without running anything they contain.

A pickle is a program. Here it may only build numpy arrays and scalars and Python's own containers,
numbers, strings and bytes; everything else it asks for is refused before it is looked up.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy_format

from dinocell_app.errors import UnreadableFileError

_NUMPY_PACKAGES = ("numpy", "numpy.core", "numpy._core")
_PATH_MODULES = {"pathlib", "pathlib._local"}
_PATH_CLASSES = {"PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath", "Path", "PurePath"}
_BUILTIN_CLASSES = {
    "set": set,
    "frozenset": frozenset,
    "bytearray": bytearray,
    "complex": complex,
    "slice": slice,
}


class _RefusedError(pickle.UnpicklingError):
    """The pickle asks for something other than plain data."""


class _DataUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - classes and functions alike
        if module in {"builtins", "__builtin__"} and name in _BUILTIN_CLASSES:
            return _BUILTIN_CLASSES[name]
        if module in _PATH_MODULES and name in _PATH_CLASSES:
            # Functions are made anew at each use: what a pickle attaches to one is gone with it.
            return _path_text()
        if module == "_codecs" and name == "encode":
            return _latin1_bytes()
        found = _numpy_constructor(module, name)
        if found is None:
            raise _RefusedError(f"it asks for {module}.{name}")
        return found

    def persistent_load(self, pid: Any) -> Any:  # noqa: ANN401
        raise _RefusedError(f"it refers to {pid!r} outside the file")


def load_object_npy(path: Path) -> Any:  # noqa: ANN401 - whatever plain data the file holds
    """Read the object in a `.npy` file that `numpy.save` pickled.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Any
        The single item of a zero-dimensional array, else the array.

    Raises
    ------
    UnreadableFileError
        If the file is damaged or holds more than numpy arrays, numpy scalars and Python's containers.
        Nothing in it has run then.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            array = _read(file)
    except _RefusedError as error:
        raise UnreadableFileError(
            f"the file was not opened because it contains more than data ({error})",
            path=path,
            remedy="Open it only in the program that made it, and save the masks as TIFF or PNG there",
        ) from error
    except Exception as error:
        raise UnreadableFileError(
            f"the file is damaged or no numpy file ({error})", path=path, remedy="Save it again"
        ) from error
    return array.item() if array.ndim == 0 else array


def _read(file: BinaryIO) -> np.ndarray[Any, Any]:
    version = npy_format.read_magic(file)
    if version == (1, 0):
        shape, _, dtype = npy_format.read_array_header_1_0(file)
    else:
        shape, _, dtype = npy_format.read_array_header_2_0(file)
    if not dtype.hasobject:
        file.seek(0)
        return np.asarray(npy_format.read_array(file, allow_pickle=False))
    loaded = _DataUnpickler(file).load()
    if not isinstance(loaded, np.ndarray) or loaded.shape != shape:
        raise ValueError("its content differs from its header")
    return loaded


def _numpy_constructor(module: str, name: str) -> Any:  # noqa: ANN401
    if module == "numpy" and name in {"ndarray", "dtype"}:
        return getattr(np, name)
    package, _, submodule = module.rpartition(".")
    if package not in _NUMPY_PACKAGES:
        return None
    if (submodule, name) == ("multiarray", "_reconstruct"):
        return _reconstructed()
    if (submodule, name) == ("multiarray", "scalar"):
        return _scalar()
    if (submodule, name) == ("numeric", "_frombuffer"):
        return _array_from_buffer()
    return None


def _reconstructed() -> Callable[..., Any]:
    def reconstruct(subtype: Any, shape: Any, code: Any) -> Any:  # noqa: ANN401
        if subtype is not np.ndarray or shape not in {(0,), (), 0}:
            raise _RefusedError("it asks for an unusual array")
        return np.ndarray((0,), np.dtype(code.decode("ascii") if isinstance(code, bytes) else code))

    return reconstruct


def _scalar() -> Callable[..., Any]:
    def scalar(dtype: Any, data: Any) -> Any:  # noqa: ANN401
        if not isinstance(dtype, np.dtype) or dtype.hasobject or not isinstance(data, bytes | str):
            raise _RefusedError("it asks for an unusual scalar")
        raw = data.encode("latin1") if isinstance(data, str) else data
        return np.frombuffer(raw, dtype, count=1)[0]

    return scalar


def _array_from_buffer() -> Callable[..., Any]:
    def from_buffer(buffer: Any, dtype: Any, shape: Any, order: Any, axes: Any = None) -> Any:  # noqa: ANN401
        if not isinstance(dtype, np.dtype) or dtype.hasobject:
            raise _RefusedError("it asks for an unusual array")
        array = np.frombuffer(buffer, dtype).reshape(shape, order="C" if axes is not None else order)
        return array if axes is None else array.transpose(np.argsort(axes))

    return from_buffer


def _path_text() -> Callable[..., str]:
    def path_text(*parts: Any) -> str:  # noqa: ANN401
        return str(PurePosixPath(*(str(part).replace("\\", "/") for part in parts)))

    return path_text


def _latin1_bytes() -> Callable[..., bytes]:
    def latin1_bytes(text: Any, encoding: Any = "latin1") -> bytes:  # noqa: ANN401
        if encoding not in {"latin1", "latin-1"} or not isinstance(text, str):
            raise _RefusedError("it asks for an unusual encoding")
        return text.encode("latin1")

    return latin1_bytes
