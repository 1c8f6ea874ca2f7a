"""The rules of the code, as tests: style, types, import contracts, docstrings.

A contract that cannot fail protects nothing, so each one is broken once in a copy of the tree.
"""

from __future__ import annotations

import ast
import importlib.util
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PACKAGES = {"dinocell_app": "dinocell_app", "dinocell_training": "training/dinocell_training"}
"""Where each import package lies."""

if not (REPOSITORY / "pyproject.toml").is_file():
    pytest.skip("the checkout is not at hand", allow_module_level=True)

SETTINGS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
CONTRACTS = SETTINGS["importlinter"]["contracts"]
LAYERS = next(contract["layers"] for contract in CONTRACTS if contract["type"] == "layers")

VIOLATIONS = {
    "Imports go down only": ("dinocell_app/imaging/intensity.py", "import dinocell_app.pipeline.inputs"),
    "No torch where pixels, tables and files are handled": ("dinocell_app/export/names.py", "import torch"),
    "No Qt below the window": ("dinocell_app/model/flows.py", "import PySide6"),
    "The window starts processes for what needs torch": (
        "dinocell_app/ui/__init__.py",
        "import dinocell_app.segmentation.tiling",
    ),
}
"""A file and a line that breaks each contract."""


def run(*words: str, folder: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, check=False)


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return run(
        "-c",
        "import sys; from importlinter.cli import lint_imports_command as c; c()",
        "--no-cache",
        folder=folder,
    )


@pytest.mark.parametrize("words", [("check", "--no-cache"), ("format", "--check", "--no-cache")])
def test_ruff_has_nothing_to_say(words):
    done = run("-m", "ruff", *words, ".")
    assert done.returncode == 0, done.stdout + done.stderr


def test_types_are_consistent(tmp_path):
    done = run("-m", "mypy", f"--cache-dir={REPOSITORY / '.mypy_cache'}")
    assert done.returncode == 0, done.stdout + done.stderr


def test_import_contracts_are_kept():
    done = lint_imports(REPOSITORY)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("contract", [contract["name"] for contract in CONTRACTS])
def test_each_import_contract_can_fail(contract, tmp_path):
    shutil.copyfile(REPOSITORY / "pyproject.toml", tmp_path / "pyproject.toml")
    for package, place in PACKAGES.items():
        shutil.copytree(REPOSITORY / place, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    file, line = VIOLATIONS[contract]
    path = tmp_path / file
    code = path.read_text(encoding="utf-8")
    path.write_text(code + f"\n{line}\n", encoding="utf-8")
    done = lint_imports(tmp_path)
    assert done.returncode != 0
    assert f"{contract} BROKEN" in done.stdout


def test_every_module_has_its_layer():
    layered = {module.strip() for layer in LAYERS for module in layer.split("|")}
    found = {
        f"dinocell_app.{path.stem}"
        for path in (REPOSITORY / "dinocell_app").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert found - {"dinocell_app.__init__"} <= layered


def test_public_things_have_docstrings():
    """Validate what is public by reading the code; importing it all would take longer than the test."""
    from numpydoc.validate import validate

    checks = set(SETTINGS["numpydoc_validation"]["checks"])
    problems = []
    for place in PACKAGES.values():
        root = (REPOSITORY / place).parent
        for path in sorted((REPOSITORY / place).rglob("*.py")):
            module = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
            if module.endswith("__main__") or importlib.util.find_spec(module) is None:
                continue
            for name in public_names(path):
                found = validate(f"{module}.{name}")["errors"]
                problems += [f"{module}.{name}: {code} {said}" for code, said in found if code in checks]
    assert not problems, "\n".join(problems)


def public_names(path: Path) -> list[str]:
    """Functions, classes and methods whose names do not begin with an underscore.

    Protocols are described where they are implemented, and parameters that a class inherits, such as those of
    an exception or an enumeration, where they are declared.
    """
    names = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        bases = [ast.unparse(base) for base in node.bases] if isinstance(node, ast.ClassDef) else []
        if bases:
            continue
        names.append(node.name)
        if isinstance(node, ast.ClassDef):
            names += [
                f"{node.name}.{item.name}"
                for item in node.body
                if isinstance(item, ast.FunctionDef)
                and not item.name.startswith("_")
                and not any(isinstance(d, ast.Name) and d.id == "property" for d in item.decorator_list)
            ]
    return names
