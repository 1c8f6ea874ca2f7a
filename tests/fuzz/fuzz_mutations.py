"""Ways in which files come to harm, or are harmed on purpose: bits, lengths, headers, values."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

ODD_INTEGERS = (0, 1, 2, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**63)
"""Lengths and counts at which readers go wrong."""

ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**53, 10**30, -(10**30), 0.5, -0.5, 1e308, float("inf")),
    *(float("-inf"), float("nan"), "", "\0", "a\0b", "../../outside", "/etc/passwd", "C:\\outside", "\ud800"),
    *("A" * 5000, "1e999", "%s%n", "<!ENTITY x 'y'>", "0", "nan", "é\n\t", [], {}, [[]], [None], {"": None}),
    *([[1, 2], [3]], {"a": {"b": []}}, [0] * 300, ["x"] * 3, {"__class__": "os.system"}),
)
"""Values that a field of JSON may hold instead of the one that belongs there."""

DEEP = "[" * 20_000


def harmed_bytes(chance: random.Random, content: bytes, others: list[bytes]) -> bytes:
    """Harm the content of a file in one to three ways."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        content = chance.choice(_WAYS)(chance, content, others)
    return content


def harmed_json(chance: random.Random, content: bytes) -> bytes:
    """Harm one or two values of JSON, so that it is still JSON as a rule."""
    try:
        tree = json.loads(content)
    except (ValueError, RecursionError):
        return harmed_bytes(chance, content, [])
    for _ in range(chance.choice((1, 1, 2))):
        tree = _with_odd_value(chance, tree)
    text = json.dumps(tree)
    if chance.random() < 0.03:
        text = text.replace("null", DEEP, 1) if "null" in text else DEEP
    return text.encode("utf-8", "replace")


def harmed_lines(chance: random.Random, content: bytes, others: list[bytes]) -> bytes:
    """Harm some lines of a file with one JSON object a line."""
    lines = content.splitlines(keepends=True) or [b""]
    for _ in range(chance.choice((1, 2, 4))):
        at = chance.randrange(len(lines))
        harm = harmed_json if chance.random() < 0.8 else (lambda c, b: harmed_bytes(c, b, others))
        lines[at] = harm(chance, lines[at].rstrip(b"\n")) + b"\n"
    return b"".join(lines)


def harmed_zip(chance: random.Random, content: bytes, others: list[bytes]) -> bytes:
    """Harm one member of an archive and pack it again, so that the checksums are right."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error, EOFError):
        return harmed_bytes(chance, content, others)
    if not members:
        return harmed_bytes(chance, content, others)
    at = chance.randrange(len(members))
    name, member = members[at]
    if chance.random() < 0.1:
        name = chance.choice(("../" + name, "/" + name, name + "/", "a\\..\\" + name, name * 40, ""))
    member = harmed_json(chance, member) if name.endswith(".json") else harmed_bytes(chance, member, others)
    members[at] = (name, member)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for each, inside in members:
            archive.writestr(zipfile.ZipInfo(each or "-"), inside)
    return packed.getvalue()


def harmed_png(chance: random.Random, content: bytes, others: list[bytes]) -> bytes:
    """Harm one chunk of a PNG and put its checksum right, so that decoders get to see it."""
    chunks, at = [], 8
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        chunks.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    if not chunks:
        return harmed_bytes(chance, content, others)
    place = chance.randrange(len(chunks))
    kind, inside = chunks[place]
    chunks[place] = (kind, harmed_bytes(chance, inside, others))
    return content[:8] + b"".join(
        struct.pack(">I", len(inside)) + kind + inside + struct.pack(">I", zlib.crc32(kind + inside))
        for kind, inside in chunks
    )


def harmed_safetensors(chance: random.Random, content: bytes, others: list[bytes]) -> bytes:
    """Harm the header of a file of tensors and put its length right."""
    length = int.from_bytes(content[:8], "little")
    if length > len(content):
        return harmed_bytes(chance, content, others)
    header = harmed_json(chance, content[8 : 8 + length])
    return len(header).to_bytes(8, "little") + header + content[8 + length :]


def harm_file(chance: random.Random, path: Path, others: list[bytes]) -> None:
    """Harm a file in a way that its name suggests."""
    content = path.read_bytes()
    suffix = path.suffix.lower()
    is_json = suffix in {".json", ".geojson"} or path.name in {".zarray", ".zattrs", ".zgroup"}
    if is_json and chance.random() < 0.8:
        path.write_bytes(harmed_json(chance, content))
    elif suffix == ".jsonl":
        path.write_bytes(harmed_lines(chance, content, others))
    elif suffix in _DEEPER and chance.random() < 0.6:
        path.write_bytes(_DEEPER[suffix](chance, content, others))
    else:
        path.write_bytes(harmed_bytes(chance, content, others))


def _flip(chance: random.Random, content: bytes, _: list[bytes]) -> bytes:
    changed = bytearray(content)
    for _each in range(chance.choice((1, 1, 2, 8, 64))):
        if changed:
            # Headers matter more than their share of the file.
            end = len(changed) if chance.random() < 0.5 else min(len(changed), 256)
            changed[chance.randrange(end)] = chance.randrange(256)
    return bytes(changed)


def _flip_bit(chance: random.Random, content: bytes, _: list[bytes]) -> bytes:
    changed = bytearray(content)
    if changed:
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _truncate(chance: random.Random, content: bytes, _: list[bytes]) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _enlarge(chance: random.Random, content: bytes, _: list[bytes]) -> bytes:
    """Write an odd number over what may be a length."""
    code = chance.choice(("<B", "<H", ">H", "<I", ">I", "<Q", ">Q"))
    size = struct.calcsize(code)
    if len(content) <= size:
        return content
    end = len(content) - size if chance.random() < 0.5 else min(len(content) - size, 400)
    at = chance.randrange(end + 1)
    number = chance.choice(ODD_INTEGERS) & ((1 << 8 * size) - 1)
    return content[:at] + struct.pack(code, number) + content[at + size :]


def _swap_header(chance: random.Random, content: bytes, others: list[bytes]) -> bytes:
    if not others:
        return _flip(chance, content, others)
    other = chance.choice(others)
    n_bytes = chance.choice((2, 4, 8, 16, 64, 512))
    return other[:n_bytes] + content[n_bytes:]


def _double(chance: random.Random, content: bytes, _: list[bytes]) -> bytes:
    first, last = sorted(chance.randrange(len(content) + 1) for _each in range(2))
    return content[:last] + content[first:last][:4096] * chance.choice((1, 2, 20)) + content[last:]


def _cut_out(chance: random.Random, content: bytes, _: list[bytes]) -> bytes:
    first, last = sorted(chance.randrange(len(content) + 1) for _each in range(2))
    return content[:first] + content[last:]


def _blank(chance: random.Random, content: bytes, _: list[bytes]) -> bytes:
    first, last = sorted(chance.randrange(len(content) + 1) for _each in range(2))
    return content[:first] + bytes([chance.choice((0, 255, 32))]) * (last - first) + content[last:]


_WAYS: tuple[Callable[[random.Random, bytes, list[bytes]], bytes], ...] = (
    *(_flip, _flip, _flip_bit, _truncate, _enlarge, _enlarge, _enlarge, _swap_header),
    *(_double, _cut_out, _blank),
)
_DEEPER = {
    ".zip": harmed_zip,
    ".pt": harmed_zip,
    ".png": harmed_png,
    ".safetensors": harmed_safetensors,
}


def _with_odd_value(chance: random.Random, tree: Any) -> Any:
    """Put an odd value in place of a random part of a tree, take the part away, or add one."""
    if isinstance(tree, dict) and tree and chance.random() < 0.9:
        key = chance.choice(list(tree))
        if chance.random() < 0.1:
            return {each: value for each, value in tree.items() if each != key}
        if chance.random() < 0.05:
            return tree | {"unknown": chance.choice(ODD_VALUES)}
        return tree | {key: _with_odd_value(chance, tree[key])}
    if isinstance(tree, list) and tree and chance.random() < 0.85:
        at = chance.randrange(len(tree))
        if chance.random() < 0.1:
            return tree[:at] + tree[at + 1 :]
        return [*tree[:at], _with_odd_value(chance, tree[at]), *tree[at + 1 :]]
    return chance.choice(ODD_VALUES)
