"""The report as a text that can be sent: nobody's name and no private folder in it."""

from __future__ import annotations

import getpass
import platform
import re
from collections.abc import Iterable
from pathlib import Path

from dinocell_app.doctor.finding import GOOD, MARKS, Finding


def report_of(findings: Iterable[Finding]) -> str:
    """Write findings as a text.

    Returns
    -------
    str
        One line each, below their topics; the home folder is ``~``, names of user and computer are left out.
    """
    lines: list[str] = []
    topic = ""
    for finding in findings:
        if finding.topic != topic:
            topic = finding.topic
            lines.append(f"{topic}:")
        remedy = f" -> {finding.remedy}" if finding.remedy else ""
        mark = " " if finding.state == GOOD else MARKS[finding.state]
        lines.append(f"{mark} {finding.name}: {finding.value}{remedy}")
    return without_names("\n".join(lines)) + "\n"


def without_names(text: str) -> str:
    """Leave out what says who and where somebody is."""
    home = str(Path.home())
    if len(Path(home).parts) > 1:
        text = text.replace(home, "~")
    for name, stand_in in ((_user(), "USER"), (platform.node(), "COMPUTER")):
        if len(name) > 2:
            text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", stand_in, text)
    return text


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a computer that does not know
        return ""
