"""Reading `.npy` files with objects without running anything they contain.

A pickle is a program. Here it may only build numpy arrays and scalars and Python's own containers,
numbers, strings and bytes; everything else it asks for is refused before it is looked up. What it puts
together is checked piece by piece: an array whose type, shape and bytes disagree could make numpy read
memory that is not its own, and keys made of tuples of tuples could keep it busy for ever.
"""

from __future__ import annotations

import math
import os
import pickle
import re
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, ClassVar

import numpy as np
from numpy.lib import format as npy_format

from dinocell_app.base.errors import UnreadableFileError

_NUMPY_PACKAGES = ("numpy", "numpy.core", "numpy._core")
_PATH_MODULES = {"pathlib", "pathlib._local"}
_PATH_CLASSES = {"PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath", "Path", "PurePath"}
_SIMPLE_TYPE = re.compile(r"[<>|=]?([?bhilqpBHILQPefdgFDGO]|[biufcSUO][0-9]{0,9})")
"""Numbers, texts and objects as numpy writes them; no fields, which could overlap objects with numbers."""

_MOST_AXES = 32
_ARRAY_STATE, _DTYPE_STATE = 5, 8
_NDARRAY = object()
"""Stands for the class of arrays, which pickles name and never call."""

_Load = Callable[[Any], None]


class _RefusedError(pickle.UnpicklingError):
    """The pickle asks for something other than plain data."""


class _DataUnpickler(pickle._Unpickler):
    """Python's own reader in Python: the one in C lets nothing between a pickle and what it builds."""

    dispatch: ClassVar[dict[int, _Load]] = dict(pickle._Unpickler.dispatch)

    # What the original has while it loads.
    stack: list[Any]
    append: Callable[[Any], None]
    pop_mark: Callable[[], list[Any]]
    read: Callable[[int], bytes]

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - classes and functions alike
        if module in {"builtins", "__builtin__"} and name in _BUILTINS:
            return _BUILTINS[name]
        if module in _PATH_MODULES and name in _PATH_CLASSES:
            return _path_text
        if module == "_codecs" and name == "encode":
            return _latin1_bytes
        found = _numpy_constructor(module, name)
        if found is None:
            raise _RefusedError(f"it asks for {module}.{name}"[:120])
        return found

    def persistent_load(self, pid: Any) -> Any:  # noqa: ANN401
        del pid
        raise _RefusedError("it refers to something outside the file")

    def _refuse(self) -> None:
        raise _RefusedError("it makes an object in an unusual way")

    def _build(self) -> None:
        state, made = self.stack.pop(), self.stack[-1]
        if isinstance(made, np.dtype):
            _check_dtype_state(made, state)
        elif isinstance(made, np.ndarray):
            _check_array_state(made, state)
        else:
            raise _RefusedError("it changes an object that is no array")
        made.__setstate__(state)

    def _set_items(self) -> None:
        items = self.pop_mark()
        self._put(items)

    def _set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._put([key, value])

    def _dictionary(self) -> None:
        items = self.pop_mark()
        self.append({})
        self._put(items)

    def _put(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is not dict:
            raise _RefusedError("it puts items into something that is no dictionary")
        target.update(zip(_plain(items[::2]), items[1::2], strict=True))

    def _add_items(self) -> None:
        items = self.pop_mark()
        target = self.stack[-1]
        if type(target) is not set:
            raise _RefusedError("it adds to something that is no set")
        target.update(_plain(items))

    def _frozen_set(self) -> None:
        self.append(frozenset(_plain(self.pop_mark())))

    def _byte_array(self) -> None:
        # As long as the file has bytes; the original makes room for as many as the pickle claims.
        self.append(bytearray(self.read(int.from_bytes(self.read(8), "little"))))


for _code, _load in {
    pickle.BUILD: _DataUnpickler._build,
    pickle.SETITEM: _DataUnpickler._set_item,
    pickle.SETITEMS: _DataUnpickler._set_items,
    pickle.DICT: _DataUnpickler._dictionary,
    pickle.ADDITEMS: _DataUnpickler._add_items,
    pickle.FROZENSET: _DataUnpickler._frozen_set,
    pickle.BYTEARRAY8: _DataUnpickler._byte_array,
    **dict.fromkeys((pickle.INST, pickle.OBJ, pickle.NEWOBJ, pickle.NEWOBJ_EX), _DataUnpickler._refuse),
    **dict.fromkeys((pickle.EXT1, pickle.EXT2, pickle.EXT4), _DataUnpickler._refuse),
}.items():
    _DataUnpickler.dispatch[_code[0]] = _load


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
            f"the file is damaged or no numpy file ({str(error)[:160]})", path=path, remedy="Save it again"
        ) from error
    return array.item() if array.ndim == 0 else array


def _read(file: BinaryIO) -> np.ndarray[Any, Any]:
    version = npy_format.read_magic(file)
    if version == (1, 0):
        shape, _, dtype = npy_format.read_array_header_1_0(file)
    else:
        shape, _, dtype = npy_format.read_array_header_2_0(file)
    if not dtype.hasobject:
        if math.prod(shape) * dtype.itemsize > os.fstat(file.fileno()).st_size:
            raise ValueError("it is shorter than its header says")
        file.seek(0)
        return np.asarray(npy_format.read_array(file, allow_pickle=False))
    loaded = _DataUnpickler(file).load()
    if not isinstance(loaded, np.ndarray) or loaded.shape != shape:
        raise ValueError("its content differs from its header")
    return loaded


def _numpy_constructor(module: str, name: str) -> Any:  # noqa: ANN401
    if module == "numpy" and name in {"ndarray", "dtype"}:
        return _NDARRAY if name == "ndarray" else _dtype
    package, _, submodule = module.rpartition(".")
    if package not in _NUMPY_PACKAGES:
        return None
    constructors = {
        ("multiarray", "_reconstruct"): _empty_array,
        ("multiarray", "scalar"): _scalar,
        ("numeric", "_frombuffer"): _array_from_buffer,
    }
    return constructors.get((submodule, name))


def _dtype(code: Any, align: Any = False, copy: Any = True) -> np.dtype[Any]:  # noqa: ANN401
    del align, copy
    text = code.decode("ascii") if isinstance(code, bytes) else code
    if not isinstance(text, str) or not _SIMPLE_TYPE.fullmatch(text):
        raise _RefusedError("it asks for an unusual type")
    return np.dtype(text, align=False, copy=True)


def _check_dtype_state(made: np.dtype[Any], state: Any) -> None:  # noqa: ANN401
    """Let a type change the order of its bytes and nothing else."""
    if not isinstance(state, tuple) or len(state) != _DTYPE_STATE:
        raise _RefusedError("it asks for an unusual type")
    _, order, subarray, names, fields, size, alignment, flags = state
    text = order.decode("ascii") if isinstance(order, bytes) else order
    if (
        text not in ("<", ">", "=", "|")
        or not (subarray is names is fields is None)
        or size not in (-1, made.itemsize)
        or alignment not in (-1, made.alignment)
        or flags != made.flags
    ):
        raise _RefusedError("it asks for an unusual type")


def _are_lengths(shape: Any) -> bool:  # noqa: ANN401
    return (
        isinstance(shape, tuple)
        and len(shape) <= _MOST_AXES
        and all(type(length) is int and length >= 0 for length in shape)
    )


def _check_array_state(made: np.ndarray[Any, Any], state: Any) -> None:  # noqa: ANN401
    """See that shape, type and content of an array that is being filled agree."""
    if made.size or not isinstance(state, tuple) or len(state) != _ARRAY_STATE:
        raise _RefusedError("it asks for an unusual array")
    _, shape, dtype, _, content = state
    if not _are_lengths(shape) or not isinstance(dtype, np.dtype):
        raise _RefusedError("it asks for an unusual array")
    if dtype.hasobject:
        fits = isinstance(content, list) and len(content) == math.prod(shape)
    else:
        fits = isinstance(content, bytes | str) and len(content) == math.prod(shape) * dtype.itemsize
    if not fits:
        raise ValueError("an array holds more or less than its shape says")


def _empty_array(subtype: Any, shape: Any, code: Any) -> Any:  # noqa: ANN401
    if subtype is not _NDARRAY or shape not in ((0,), (), 0):
        raise _RefusedError("it asks for an unusual array")
    return np.ndarray((0,), _dtype(code))


def _scalar(dtype: Any, data: Any) -> Any:  # noqa: ANN401
    if not isinstance(dtype, np.dtype) or dtype.hasobject or not isinstance(data, bytes | str):
        raise _RefusedError("it asks for an unusual scalar")
    raw = data.encode("latin1") if isinstance(data, str) else data
    return np.frombuffer(raw, dtype, count=1)[0]


def _array_from_buffer(buffer: Any, dtype: Any, shape: Any, order: Any, axes: Any = None) -> Any:  # noqa: ANN401
    is_plain = isinstance(dtype, np.dtype) and not dtype.hasobject and isinstance(buffer, bytes | bytearray)
    if not is_plain or not _are_lengths(shape) or not (axes is None or _are_lengths(axes)):
        raise _RefusedError("it asks for an unusual array")
    array = np.frombuffer(bytes(buffer), dtype).reshape(shape, order="C" if axes is not None else order)
    return array if axes is None else array.transpose(np.argsort(axes))


def _plain(keys: Iterable[Any]) -> list[Any]:
    """Let as keys only what is quick to look up: numbers, texts, and tuples of them."""
    found = list(keys)
    for key in found:
        for part in key if type(key) is tuple else (key,):
            if part is not None and not isinstance(part, str | bytes | int | float | complex | np.generic):
                raise _RefusedError(f"it uses a {type(part).__name__} as a key")
    return found


def _byte_text(content: Any = b"", encoding: Any = "latin1") -> bytearray:  # noqa: ANN401
    if isinstance(content, str):
        content = _latin1_bytes(content, encoding)
    if not isinstance(content, bytes | bytearray):  # a number would ask for so many bytes
        raise _RefusedError("it asks for unusual bytes")
    return bytearray(content)


def _path_text(*parts: Any) -> str:  # noqa: ANN401
    if not all(isinstance(part, str) for part in parts):
        raise _RefusedError("it asks for an unusual path")
    return str(PurePosixPath(*(part.replace("\\", "/") for part in parts)))


def _latin1_bytes(text: Any, encoding: Any = "latin1") -> bytes:  # noqa: ANN401
    if encoding not in ("latin1", "latin-1") or not isinstance(text, str):
        raise _RefusedError("it asks for an unusual encoding")
    return text.encode("latin1")


_BUILTINS: dict[str, Callable[..., Any]] = {
    "set": lambda items=(): set(_plain(items)),
    "frozenset": lambda items=(): frozenset(_plain(items)),
    "bytearray": _byte_text,
    "complex": complex,
    "slice": slice,
}
