"""Wrap the folder that `installer/build.py` made into a Debian package.

    python installer/linux/build_deb.py dist/DINOCell --to dist

Installs into /opt/dinocell-app, with an entry in the menu of applications and the shell command
`dinocell-app`. Removing the package leaves projects, models and settings of people alone: they lie in their
home folders.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NAME = "dinocell-app"
NEEDED = (
    "libc6", "libdbus-1-3", "libegl1", "libfontconfig1", "libgl1", "libglib2.0-0", "libxcb-cursor0",
    "libxcb-icccm4", "libxcb-keysyms1", "libxcb-shape0", "libxkbcommon-x11-0",
)  # fmt: skip
"""Of the system: graphics, fonts and windows, which a bundle must not bring along."""

CONTROL = """\
Package: {name}
Version: {version}
Architecture: {architecture}
Maintainer: The DINOCell application authors <noreply@localhost>
Installed-Size: {kilobytes}
Depends: {depends}
Section: science
Priority: optional
Description: cell masks and morphology tables from microscopy images
 Segments folders of microscopy images, measures every cell, finds cells like
 one that you point at, and learns from your own labelled images.
"""


def build_deb(bundle: Path, to: Path) -> Path:
    """Make the package.

    Parameters
    ----------
    to : Path
        Folder for the package.

    Returns
    -------
    Path
        The package.
    """
    version = _said("--version", program=bundle / NAME).split()[-1]
    architecture = _said("--print-architecture", program=Path("dpkg"))
    to.mkdir(parents=True, exist_ok=True)
    package = to / f"{NAME}_{version}_{architecture}.deb"
    with tempfile.TemporaryDirectory(dir=to) as temporary:
        tree = Path(temporary) / "tree"
        _lay_out(bundle, tree)
        size = sum(file.lstat().st_size for file in tree.rglob("*")) // 1024
        control = CONTROL.format(
            name=NAME, version=version, architecture=architecture, kilobytes=size, depends=", ".join(NEEDED)
        )
        (tree / "DEBIAN").mkdir()
        (tree / "DEBIAN" / "control").write_text(control, encoding="utf-8")
        words = ["dpkg-deb", "--root-owner-group", "-Zzstd", "-z12", "--build", str(tree), str(package)]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return package


def _lay_out(bundle: Path, tree: Path) -> None:
    shutil.copytree(bundle, tree / "opt" / NAME, symlinks=True)
    commands = tree / "usr/bin"
    commands.mkdir(parents=True)
    (commands / NAME).symlink_to(f"/opt/{NAME}/{NAME}")
    for source, place in (
        (HERE / f"{NAME}.desktop", f"usr/share/applications/{NAME}.desktop"),
        (ROOT / "resources/icons/application.svg", f"usr/share/icons/hicolor/scalable/apps/{NAME}.svg"),
        (HERE / "org.dinocell.app.metainfo.xml", "usr/share/metainfo/org.dinocell.app.metainfo.xml"),
        (HERE / f"{NAME}-mime.xml", f"usr/share/mime/packages/{NAME}.xml"),
        (ROOT / "resources/LICENSE", f"usr/share/doc/{NAME}/copyright"),
    ):
        copied = tree / place
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copied)
        copied.chmod(0o644)


def _said(*words: str, program: Path) -> str:
    return subprocess.run([str(program), *words], check=True, capture_output=True, text=True).stdout.strip()


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what is asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path, help="folder that installer/build.py made")
    parser.add_argument("--to", type=Path, default=Path("dist"), help="folder for the package")
    options = parser.parse_args(arguments)
    package = build_deb(options.bundle.absolute(), options.to.absolute())
    print(f"{package.stat().st_size / 1e6:.0f} MB  {package}")


if __name__ == "__main__":
    main()
