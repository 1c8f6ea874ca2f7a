"""Make the environment in which the tests marked `peer` compare the application with other packages.

    python tests/peers/make_environment.py
    .peer-env/bin/python -m pytest -m peer tests/peers

The environment is a virtual one that also sees the packages of the interpreter that runs this script
(torch, numpy, OpenCV, torchvision, which timm brings), so that both sides compute with the same libraries.
The peers themselves are installed without their dependencies: their pins, such as one exact version of
numpy, would otherwise replace what is compared. Needs a network or a local index that pip knows of.
"""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

LOG = logging.getLogger("make_environment")

DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / ".peer-env"

PEERS = (
    ("dinocell==0.74",),
    ("cellpose==4.2.1.1", "fastremap", "fill_voids", "natsort", "segment_anything"),
    ("py-ctcmetrics",),
    ("stardist", "csbdeep"),
)
"""Packages we compare with, each with the companions that only it needs."""

COMPANIONS = (
    "transformers",
    "tokenizers",
    "regex",
    "matplotlib",
    "contourpy",
    "cycler",
    "fonttools",
    "kiwisolver",
    "pyparsing",
    "python-dateutil",
    "scikit-learn",
    "joblib",
    "threadpoolctl",
    "narwhals",
    "cloudpickle",
    "six",
    "tqdm",
)
"""What the peers import; harmless when it is there already."""


def make_environment(folder: Path) -> list[str]:
    """Create or complete the environment.

    Returns
    -------
    list of str
        Packages that could not be installed; the tests that need them are skipped.
    """
    venv.EnvBuilder(with_pip=True, symlinks=sys.platform != "win32").create(folder)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    purelib = _answer(python, "import sysconfig; print(sysconfig.get_path('purelib'))")
    # addsitedir and not a bare path: editable installations there are path files, too.
    ours = sysconfig.get_path("purelib")
    Path(purelib, "application.pth").write_text(f"import site; site.addsitedir({ours!r})\n", "utf-8")
    failed = []
    for group in (*PEERS, *((name,) for name in COMPANIONS)):
        if group[0] in COMPANIONS and _answer(python, _FINDS.format(group[0])) == "True":
            continue
        LOG.info("installing %s", " ".join(group))
        command = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", *group]
        if subprocess.run(command, check=False).returncode:
            failed.extend(group)
    return failed


_FINDS = (
    "from importlib.metadata import distributions\n"
    "print({!r} in {{d.metadata['Name'].lower() for d in distributions()}})"
)


def _answer(python: Path, code: str) -> str:
    done = subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def main() -> int:
    """Read the folder's name and make the environment.

    Returns
    -------
    int
        Exit code: 1 when a package is missing.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folder", type=Path, nargs="?", default=DEFAULT_FOLDER, help="default: .peer-env in the checkout"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    failed = make_environment(options.folder)
    if failed:
        LOG.error("not installed: %s", ", ".join(failed))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
