"""A library of reference cells: one JSON file, for any project and the shell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from dinocell_app.base.errors import ModelError, UnreadableFileError
from dinocell_app.base.files import write_json
from dinocell_app.base.json_text import parse_json
from dinocell_app.references.types import KeptReferences, ReferenceExample, ReferenceType

_REMEDY = "Choose a library that was saved here"


class _File(KeptReferences):
    schema_version: Literal[2] = 2
    kind: Literal["reference library"] = "reference library"


def write_library(path: Path, references: KeptReferences) -> None:
    """Write a library that is whole or absent.

    Parameters
    ----------
    path : Path
        The JSON file; one that is there is replaced.
    """
    write_json(path, _File(**dict(references)).model_dump(mode="json"))


def read_library(path: Path) -> KeptReferences:
    """Read a library; the inverse of `write_library`.

    Raises
    ------
    UnreadableFileError
        If the file is missing, damaged or of another version.
    """
    try:
        content = parse_json(path.read_bytes())
        version = content.get("schema_version") if isinstance(content, dict) else None
        if version == 1:
            raise UnreadableFileError(
                "its cells were described in a way that is no longer used",
                path=path,
                remedy="Point at cells again and save them in a new library",
            )
        if isinstance(version, int) and version > 2:
            raise UnreadableFileError(
                f"the library has version {str(version)[:20]}, which this application does not know",
                path=path,
                remedy="Update the application",
            )
        found = _File.model_validate(content)
    except (OSError, ValueError, ValidationError) as error:
        raise UnreadableFileError("is no library of reference cells", path=path, remedy=_REMEDY) from error
    return KeptReferences(model_id=found.model_id, model_sha256=found.model_sha256, types=found.types)


def require_model(references: KeptReferences, model_id: str, model_sha256: str, path: Path | None) -> None:
    """Check that cells can be compared with references.

    Parameters
    ----------
    model_id, model_sha256 : str
        Of the model whose features describe the cells.
    path : Path or None
        Where the references are from, named in the error.

    Raises
    ------
    ModelError
        If the references were described with another model.
    """
    if references.model_sha256 != model_sha256:
        same = f"{references.model_id} as it was"
        raise ModelError(
            f"The references were described with the model {references.model_id}, whose features cannot be "
            f"compared with those of {model_id}",
            path=path,
            remedy=f"Choose the model {same}, or point at cells again",
        )


def with_type(library: KeptReferences, kept: ReferenceType) -> KeptReferences:
    """Put a type of cell into a library, in place of one of its name.

    Parameters
    ----------
    kept : ReferenceType
        Described with the model of the library.
    """
    others = [each for each in library.read() if each.name.casefold() != kept.name.casefold()]
    return KeptReferences.of(library.model_id, library.model_sha256, [*others, kept])


def without_type(library: KeptReferences, name: str) -> KeptReferences:
    """Take a type of cell out of a library.

    Parameters
    ----------
    name : str
        Whatever its case.

    Returns
    -------
    KeptReferences
        Without change where there is no such type.
    """
    left = tuple(each for each in library.types if each.name.casefold() != name.casefold())
    return library.model_copy(update={"types": left})


def joined_types(types: Iterable[ReferenceType]) -> list[ReferenceType]:
    """Make one type of those that have the same name.

    Parameters
    ----------
    types : iterable of ReferenceType
        Described with the same model.

    Returns
    -------
    list of ReferenceType
        In the order of their first; a cell that several have is there once.
    """
    made: dict[str, ReferenceType] = {}
    for each in types:
        before = made.setdefault(each.name.casefold(), replace(each, positives=(), negatives=()))
        made[each.name.casefold()] = replace(
            before,
            positives=_once(before.positives + each.positives),
            negatives=_once(before.negatives + each.negatives),
            colour=before.colour or each.colour,
        )
    return list(made.values())


def _once(cells: tuple[ReferenceExample, ...]) -> tuple[ReferenceExample, ...]:
    found: dict[bytes, ReferenceExample] = {}
    for cell in cells:
        found.setdefault(cell.description.tobytes(), cell)
    return tuple(found.values())
