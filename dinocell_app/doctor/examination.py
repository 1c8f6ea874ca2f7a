"""Everything the doctor looks at, quick things first."""

from __future__ import annotations

from collections.abc import Iterator

from dinocell_app.doctor.finding import Finding
from dinocell_app.doctor.installation import shipped, versions
from dinocell_app.doctor.machine import drivers, folders, memory
from dinocell_app.doctor.self_test import devices, self_test


def examine(model: str) -> Iterator[Finding]:
    """Look at everything.

    Parameters
    ----------
    model : str
        Model for the self-test, by name or folder.
    """
    yield from versions()
    yield from memory()
    yield from folders()
    yield from shipped()
    yield from devices()
    yield from drivers()
    yield from self_test(model)
