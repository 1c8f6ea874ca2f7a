"""What the documents show of Python runs as it stands there, with the shipped model."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import tifffile

from dinocell_app.base.resource_files import resource_path

README = Path(__file__).parents[2] / "README.md"
PAGES = [resource_path("docs") / "python.md", *([README] if README.is_file() else [])]


def python_blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    """Every block in turn, in one namespace, beside a folder of images."""
    (tmp_path / "my-images").mkdir()
    nuclei = tifffile.imread(resource_path("samples") / "nuclei_fluorescence.tif")[:128, :128]
    tifffile.imwrite(tmp_path / "my-images" / "nuclei.tif", np.ascontiguousarray(nuclei))
    monkeypatch.chdir(tmp_path)
    blocks = python_blocks(page)
    assert blocks
    names: dict[str, object] = {}
    for number, block in enumerate(blocks):
        exec(compile(block, f"{page.name}, block {number + 1}", "exec"), names)
    written = {path.name for path in tmp_path.rglob("*") if path.parent.name.startswith("results")}
    assert {"nuclei_labels.tif", "nuclei_cells.csv", "cells.csv"} <= written
