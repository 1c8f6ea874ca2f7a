"""The licences of the packages that a bundle carries."""

from __future__ import annotations

from importlib.metadata import Distribution, distributions
from pathlib import Path

BUILD_TOOLS = frozenset(
    {"altgraph", "pip", "pyinstaller", "pyinstaller-hooks-contrib", "setuptools", "wheel"}
)
"""In the environment for building, and not in what it builds."""

_NAMES = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS")


def licence_texts() -> str:
    """Collect what every installed package says about its licence.

    Returns
    -------
    str
        One section a package: name, version, declared licence, and the texts it ships.
    """
    found = {each.metadata["Name"].lower(): each for each in distributions()}
    sections = [_section(each) for name, each in sorted(found.items()) if name not in BUILD_TOOLS]
    return "\n\n".join(sections) + "\n"


def _section(package: Distribution) -> str:
    told = package.metadata
    declared = [*(told.get_all("License-Expression") or []), *_classified(told.get_all("Classifier") or [])]
    words = declared or told.get_all("License") or ["see below"]
    title = f"{told['Name']} {told['Version']}: {', '.join(words)}"
    return "\n\n".join(["=" * 78 + f"\n{title}\n" + "=" * 78, *_texts(package)])


def _classified(classifiers: list[str]) -> list[str]:
    return [each.rsplit("::", 1)[-1].strip() for each in classifiers if each.startswith("License")]


def _texts(package: Distribution) -> list[str]:
    files = [file for file in package.files or [] if file.name.upper().startswith(_NAMES)]
    texts = (file.locate() for file in files if "dist-info" in str(file))
    return [text.read_text("utf-8", "replace").strip() for text in map(_as_path, texts) if text.is_file()]


def _as_path(place: object) -> Path:
    return Path(str(place))
