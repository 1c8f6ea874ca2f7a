"""Personalised cell segmentation on the data at hand, in the layout of the PerCS paper's Table 1.

    python tests/benchmarks/percs.py --data ../shared/data --model dinocell-s8 --pictures 40

The same as ``dinocell-app benchmark percs`` with the labelled sets of the folder, their types by table, and
the types that the shipped head was not trained on. Drawn cells are of five shapes in eight modalities.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dinocell_app.cli import main as run_command

SETS = (
    "usiigaci_phase/train",
    "dsb2018_nuclei/train",
    "qpi_vicar_dense/train",
    "yeastvision_phase/train",
)
TYPES = """\
image,type
fluo_*,"nuclei, fluorescence nuclei"
HE_purple_*,"stained nuclei, histology"
brightfield_gray_*,"nuclei, brightfield"
stain_light_*,"nuclei, histology"
qpi_dense_*,"dense culture, quantitative phase"
set*,"T98G, phase contrast"
yeastvision_*,"yeast, phase contrast"
"""
NOVEL = ("spindle*", "stained*", "yeast*")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the data sets")
    given, passed_on = parser.parse_known_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "types.csv"
        table.write_text(TYPES, encoding="utf-8")
        folders = [str(given.data / name) for name in SETS if (given.data / name).is_dir()]
        words = ["benchmark", "percs", *folders, "--types", str(table), "--novel", *NOVEL]
        return run_command([*words, "--test-share", "0.15", "--drawn", "480", *passed_on])


if __name__ == "__main__":
    sys.exit(main())
