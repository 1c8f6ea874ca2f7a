"""Make the folder that installers wrap, in the environment whose Python runs this.

    python -m pip install . pyinstaller
    python installer/build.py --to dist

Which torch is installed decides between a build for processors and one for graphics cards; `README.md` names
the commands. Prints the size of the folder and of its largest parts.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from licences import licence_texts

HERE = Path(__file__).resolve().parent
SHOWN_PARTS = 8


def build(to: Path) -> Path:
    """Run PyInstaller and add the licences of everything that is inside.

    Parameters
    ----------
    to : Path
        Folder for the bundle; what PyInstaller works with goes below it too.

    Returns
    -------
    Path
        The bundle's folder.
    """
    work = to / "work"
    words = ["--noconfirm", "--log-level", "WARN", "--distpath", str(to), "--workpath", str(work)]
    subprocess.run([sys.executable, "-m", "PyInstaller", *words, str(HERE / "dinocell.spec")], check=True)
    bundle = to / "DINOCell"
    (bundle / "THIRD_PARTY_LICENCES.txt").write_text(licence_texts(), encoding="utf-8")
    return bundle


def sizes(bundle: Path) -> list[tuple[str, int]]:
    """Measure the bundle.

    Returns
    -------
    list of (str, int)
        Name and bytes of the whole and of its largest parts, links not followed.
    """
    inside = bundle / "_internal"
    parts = {part.name: _bytes(part) for part in inside.iterdir()}
    largest = sorted(parts.items(), key=lambda item: -item[1])[:SHOWN_PARTS]
    return [("all", _bytes(bundle)), *largest]


def _bytes(path: Path) -> int:
    if path.is_symlink():
        return 0
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file() and not file.is_symlink())


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what is asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, default=Path("dist"), help="folder for the bundle")
    bundle = build(parser.parse_args(arguments).to.absolute())
    for name, size in sizes(bundle):
        print(f"{size / 1e6:8.0f} MB  {name}")


if __name__ == "__main__":
    main()
