"""Label images made elsewhere become results, one after the other, on a worker thread."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dinocell_app.base.errors import UserFacingError
from dinocell_app.project.label_results import LabelImport, import_labels
from dinocell_app.project.records import NewResult

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LabelsImported:
    """What became of a label image.

    Parameters
    ----------
    result : NewResult or None
        None when it failed.
    problem : str
        Why it failed; empty when it did not.
    was_black_and_white : bool
        Whether its connected parts were numbered.
    """

    labels: Path
    result: NewResult | None
    problem: str = ""
    was_black_and_white: bool = False


def import_all(planned: Sequence[LabelImport]) -> Iterator[LabelsImported]:
    """Import label images; one that fails does not end the rest.

    Yields
    ------
    LabelsImported
        One for each.
    """
    for one in planned:
        try:
            done = import_labels(one)
        except UserFacingError as error:
            yield LabelsImported(one.labels, None, str(error))
        except Exception as error:
            _logger.exception("%s could not be imported", one.labels)
            fault = UserFacingError(f"{type(error).__name__}: {error}", path=one.labels)
            yield LabelsImported(one.labels, None, str(fault))
        else:
            yield LabelsImported(one.labels, done.result, was_black_and_white=done.was_black_and_white)
