"""Use an installed bundle as its owner will: versions, the demonstration, the window. Needs Python alone.

    python3 installer/try_bundle.py /opt/dinocell-app

Works in a home folder of its own. Prints how long the window takes to be shown, and ends with exit code 1 at
the first thing that is not as it should be.
"""

from __future__ import annotations

import argparse
import csv
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

WINDOW_SECONDS = 60
SAMPLES = 5
SHOWN = "the window is shown"


def try_shell(bundle: Path, home: Path) -> None:
    """Segment and measure the samples by the shell's executable."""
    program = str(bundle / "dinocell-app")
    version = subprocess.run(
        [program, "--version"], check=True, capture_output=True, text=True, env=_of(home)
    )
    print(version.stdout.strip())
    begun = time.monotonic()
    results = home / "demo"
    subprocess.run([program, "demo", "-o", str(results)], check=True, env=_of(home))
    tables = sorted(results.rglob("*_cells.csv")) or sorted(results.rglob("*.csv"))
    rows = 0
    for table in tables:
        with table.open(encoding="utf-8", newline="") as file:
            rows += sum(1 for _ in csv.DictReader(file))
    if not rows:
        sys.exit(f"The demonstration wrote no cells below {results}")
    print(f"demonstration: {time.monotonic() - begun:.0f} s, {rows} rows in {len(tables)} tables")


def try_commands(bundle: Path, home: Path) -> None:
    """Use what else the shell can do on the demonstration's results: every command loads parts of its own."""
    program, results = str(bundle / "dinocell-app"), home / "demo"
    image = next(bundle.rglob("resources/samples/nuclei_fluorescence.tif"))
    labels = next(results.rglob("nuclei_fluorescence_labels.tif"))
    commands = {
        "doctor": ["doctor", "--json"],
        "evaluate": ["evaluate", str(labels.parent), str(labels.parent), "-o", str(home / "scores")],
        "measure": ["measure", str(image), str(labels), "-o", str(home / "measured")],
        "reference": ["segment", str(image), "-o", str(home / "like"), "--reference", f"{image}@{labels}:5"],
        "models": ["models", "list"],
    }
    for name, words in commands.items():
        done = subprocess.run(
            [program, *words], check=False, capture_output=True, text=True, env=_of(home), timeout=900
        )
        # The doctor ends with 2 where it finds something: memory and devices are not the bundle's.
        if done.returncode not in ((0, 2) if name == "doctor" else (0,)):
            sys.exit(f"{name} ended with {done.returncode}: {(done.stderr or done.stdout)[-800:]}")
        missing = [line for line in done.stdout.splitlines() if '"missing"' in line]
        if missing:
            sys.exit(f"The doctor misses something: {missing}")
        print(f"{name}: done")


def try_window(bundle: Path, home: Path) -> None:
    """Open the window without a screen, wait until it is shown, and close it."""
    environment = _of(home) | {"QT_QPA_PLATFORM": "offscreen"}
    begun = time.monotonic()
    window = subprocess.Popen([str(bundle / "DINOCell")], env=environment)
    try:
        while not any(SHOWN in log.read_text("utf-8") for log in home.rglob("window.log")):
            if window.poll() is not None:
                sys.exit(f"The window ended by itself with exit code {window.returncode}")
            if time.monotonic() - begun > WINDOW_SECONDS:
                sys.exit(f"The window is not shown after {WINDOW_SECONDS} s")
            time.sleep(0.02)
        print(f"window: shown after {time.monotonic() - begun:.1f} s")
        window.send_signal(signal.SIGINT)
        if code := window.wait(WINDOW_SECONDS):
            sys.exit(f"The window ended with exit code {code}")
    finally:
        window.kill()


def _of(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
    return kept | {"HOME": str(home), "USERPROFILE": str(home), "LOCALAPPDATA": str(home / "AppData")}


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what is asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path, help="folder with the two executables")
    bundle = parser.parse_args(arguments).bundle.absolute()
    with tempfile.TemporaryDirectory() as home:
        try_window(bundle, Path(home))
        try_shell(bundle, Path(home))
        try_commands(bundle, Path(home))


if __name__ == "__main__":
    main()
