"""Personalised cell segmentation on the data at hand, in the layout of the PerCS paper's Table 1.

    python tests/benchmarks/percs.py --data ../shared/data --model dinocell-s8 --pictures 40

With ``--data`` the labelled sets of that folder are taken, their types by table, and the types that the
shipped head was not trained on; drawn cells are of five shapes in eight modalities. Without it, name folders
of images by type, as for ``dinocell-app train references``; ``--help`` lists the options:

    python tests/benchmarks/percs.py labelled/ --model my-model/ --novel "spindle*"

``--sam sam_vit_b_01ec64.pth`` adds the baseline of SAM asked at points; it needs the published weights and
the packages segment-anything (1.0 or newer) and torchvision, which the application itself does not use.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.personalised.command import main as print_table

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
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--data", type=Path, help="folder that holds the data sets")
    given, passed_on = parser.parse_known_args(arguments)
    if given.data is None:
        return print_table(passed_on)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "types.csv"
        table.write_text(TYPES, encoding="utf-8")
        folders = [str(given.data / name) for name in SETS if (given.data / name).is_dir()]
        words = [*folders, "--types", str(table), "--novel", *NOVEL]
        return print_table([*words, "--test-share", "0.15", "--drawn", "480", *passed_on])


if __name__ == "__main__":
    sys.exit(main())
