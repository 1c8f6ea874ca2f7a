"""Reads harmed files one after the other in a process of its own, and tells of each that did harm.

A library that crashes takes this process with it, not the tests: the file at hand is known by then.

    python tests/fuzz/fuzz_batch.py --kinds TIFF,COCO --inputs 1000 --seed 1 --folder /tmp/fuzz
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import json
import logging
import random
import resource
import shutil
import subprocess
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

REPOSITORY = Path(__file__).parents[2]
SECONDS_TO_HANG = 60
"""After so many seconds with one file the process ends itself, with what it was doing."""

SECONDS_OF_ONE = 15.0
"""Longer is reported, as is more memory than `MEMORY_OF_ONE`."""

MEMORY_OF_ONE = 1 << 30
MOST_MEMORY = 10 << 30
UNFINISHED = (".lif", ".czi", ".nd2", ".pt")
"""Of these only the beginning is made here: their readers or networks are too large."""

AT_HAND = "at hand.json"
TOLD = "told.jsonl"
FORBIDDEN = (
    *("os.system", "os.exec", "os.posix_spawn", "os.fork", "os.spawn", "subprocess.Popen", "socket.connect"),
    *(
        "socket.getaddrinfo",
        "urllib.Request",
        "pickle.find_class",
        "ctypes.dlopen",
        "os.startfile",
        "pty.spawn",
    ),
)
"""What reading a file has no business to do (Python's audit events)."""


@dataclass(frozen=True)
class Problem:
    """An input that did harm.

    Parameters
    ----------
    number : int
        Of the input, which with the seed makes it again.
    what : str
        The exception with its place, or what else went wrong.
    kept : str
        Where the input is.
    """

    kind: str
    number: int
    what: str
    kept: str = ""


@dataclass
class Tally:
    """What came of the inputs of a kind.

    Parameters
    ----------
    read, refused : int
        Those that were read, and those that were refused with a sentence.
    """

    read: int = 0
    refused: int = 0
    problems: list[Problem] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def total(self) -> int:
        """Inputs."""
        return self.read + self.refused + len(self.problems)


def run_batches(counts: dict[str, int], seed: int, folder: Path) -> dict[str, Tally]:
    """Read harmed files of several kinds in a child process, and go on after a crash.

    Parameters
    ----------
    counts : dict of str to int
        Inputs by kind.
    folder : Path
        Where inputs that did harm are kept.
    """
    tallies = {kind: Tally() for kind in counts}
    left = {kind: list(range(count)) for kind, count in counts.items()}
    while any(left.values()):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "wanted.json").write_text(json.dumps(left))
        (folder / TOLD).unlink(missing_ok=True)
        (folder / AT_HAND).unlink(missing_ok=True)
        command = [
            sys.executable,
            "-m",
            "tests.fuzz.fuzz_batch",
            "--seed",
            str(seed),
            "--folder",
            str(folder),
        ]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
        for line in _lines(folder / TOLD):
            tally = tallies[line["kind"]]
            left[line["kind"]].remove(line["number"])
            tally.seconds += line["seconds"]
            if line["what"]:
                kept = line["kept"]
                tally.problems.append(Problem(line["kind"], line["number"], line["what"], kept))
            elif line["refused"]:
                tally.refused += 1
            else:
                tally.read += 1
        if done.returncode == 0:
            break
        at_hand = folder / AT_HAND
        if not at_hand.exists():
            raise RuntimeError(f"the batch did not begin:\n{done.stderr[-3000:]}")
        kind, number = json.loads(at_hand.read_text())
        kept = _keep(folder, kind, number)
        if number in left[kind]:
            left[kind].remove(number)
        what = f"the process ended with {done.returncode}: {done.stderr[-1500:]}"
        tallies[kind].problems.append(Problem(kind, number, what, str(kept)))
    return tallies


def table_of(tallies: dict[str, Tally]) -> str:
    """Write what came of the inputs, a line a kind."""
    lines = [f"{'kind':24}{'inputs':>8}{'read':>8}{'refused':>9}{'problems':>10}{'seconds':>9}"]
    total = Counter[str]()
    for kind, tally in tallies.items():
        lines.append(
            f"{kind:24}{tally.total:8}{tally.read:8}{tally.refused:9}{len(tally.problems):10}{tally.seconds:9.1f}"
        )
        total.update(inputs=tally.total, read=tally.read, refused=tally.refused, problems=len(tally.problems))
    lines.append(f"{'all':24}{total['inputs']:8}{total['read']:8}{total['refused']:9}{total['problems']:10}")
    return "\n".join(lines)


def shares(n_inputs: int, kinds: Sequence[str] = ()) -> dict[str, int]:
    """Share a number of inputs out to the kinds, at least three each."""
    from tests.fuzz.fuzz_kinds import KINDS

    chosen = [KINDS[name] for name in kinds] if kinds else list(KINDS.values())
    total = sum(kind.share for kind in chosen)
    counts = {kind.name: max(3, round(n_inputs * kind.share / total)) for kind in chosen}
    most = max(counts, key=lambda name: counts[name])
    counts[most] = max(3, counts[most] + n_inputs - sum(counts.values()))
    return counts


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        for line in path.read_text().splitlines():
            yield json.loads(line)


def _keep(folder: Path, kind: str, number: int) -> Path:
    """Move the input at hand to where it can be looked at."""
    kept = folder / "kept" / f"{kind.replace(' ', '_').replace(',', '')}_{number}"
    shutil.rmtree(kept, ignore_errors=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    if (folder / "work").exists():
        shutil.move(folder / "work", kept)
    return kept


class _Watch:
    """Notes what no reader may do, and the most memory that one took."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder.resolve())
        self.seen: list[str] = []
        self.armed = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.armed:
            return
        if event in FORBIDDEN:
            self.seen.append(f"{event} {arguments[:2]!r}"[:200])
        if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
            path = str(arguments[0])
            if path.startswith("/") and not path.startswith((self._folder, "/dev/", "/proc/")):
                self.seen.append(f"open for writing {path}"[:300])


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--kinds", default="")
    parser.add_argument("--inputs", type=int)
    options = parser.parse_args()
    folder = options.folder.resolve()
    if options.inputs is not None:
        kinds = [kind for kind in options.kinds.split(";") if kind]
        tallies = run_batches(shares(options.inputs, kinds), options.seed, folder)
        print(table_of(tallies))  # noqa: T201 - this is a command
        for tally in tallies.values():
            for problem in tally.problems:
                print(json.dumps(asdict(problem)))  # noqa: T201 - this is a command
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    wanted = json.loads((folder / "wanted.json").read_text())
    watch = _Watch(folder)
    with (folder / TOLD).open("a") as told:
        for kind, numbers in wanted.items():
            for line in _read_all(kind, numbers, options.seed, watch, folder):
                told.write(json.dumps(line) + "\n")
                told.flush()


def _read_all(
    kind_name: str, numbers: Sequence[int], seed: int, watch: _Watch, folder: Path
) -> Iterator[dict[str, Any]]:
    from tests.fuzz.fuzz_files import files_below
    from tests.fuzz.fuzz_kinds import FAULTY, KINDS, harm

    if not numbers:
        return
    kind = (KINDS | FAULTY)[kind_name]
    whole = folder / f"whole {kind.name}".replace(",", "")
    if not whole.exists():
        whole.mkdir(parents=True)
        kind.make(whole)
    places = [whole] if kind.whole else sorted(whole.iterdir())
    others = [path.read_bytes() for place in places for path in files_below(place)]
    work = folder / "work"
    _warm(kind.read, places, work)
    for number in numbers:
        chance = random.Random(f"{seed} {kind.name} {number}")
        shutil.rmtree(work, ignore_errors=True)
        (folder / AT_HAND).write_text(json.dumps([kind.name, number]))
        place = _copy(chance.choice(places), work)
        harm(chance, place, others)
        line = {"kind": kind.name, "number": number, "what": "", "refused": False, "kept": ""}
        line |= _judged(kind.read, place, watch)
        if line["what"]:
            line["kept"] = str(_keep(folder, kind.name, number))
        yield line


def _copy(place: Path, work: Path) -> Path:
    work.mkdir(parents=True, exist_ok=True)
    copy = work / place.name
    if place.is_dir():
        shutil.copytree(place, copy)
    else:
        shutil.copyfile(place, copy)
    return copy


def _warm(read: Any, places: Sequence[Path], work: Path) -> None:
    """Read whole files first: they must be read, and what is imported or compiled then is not counted."""
    from dinocell_app.base.errors import UserFacingError

    for place in places:
        shutil.rmtree(work, ignore_errors=True)
        try:
            read(_copy(place, work))
        except UserFacingError:
            if place.suffix not in UNFINISHED:
                raise


def _judged(read: Any, place: Path, watch: _Watch) -> dict[str, Any]:
    from dinocell_app.base.errors import UserFacingError

    started, before = time.monotonic(), _memory_taken(anew=True)
    watch.seen.clear()
    watch.armed = True
    faulthandler.dump_traceback_later(SECONDS_TO_HANG, exit=True)
    found: dict[str, Any] = {}
    try:
        read(place)
    except UserFacingError as error:
        found = {"refused": True, "what": _fault_of_sentence(error, place)}
    except BaseException as error:  # noqa: BLE001 - whatever is raised is what is looked for
        last = traceback.extract_tb(error.__traceback__)
        ours = [at for at in last if "dinocell_app" in at.filename or "training/" in at.filename][-2:]
        where = " < ".join(f"{Path(at.filename).name}:{at.lineno} {at.name}" for at in reversed(ours))
        found = {"what": f"{type(error).__name__}: {str(error)[:200]} @ {where}"}
    finally:
        faulthandler.cancel_dump_traceback_later()
        watch.armed = False
    seconds = time.monotonic() - started
    grown = _memory_taken() - before
    for bad, said in (
        (watch.seen, f"it did what no reader may: {watch.seen[:3]}"),
        (seconds > SECONDS_OF_ONE, f"it took {seconds:.0f} s"),
        (grown > MEMORY_OF_ONE, f"it took {grown >> 20} MiB"),
    ):
        if bad and not found.get("what"):
            found["what"] = said
    return found | {"seconds": seconds}


def _memory_taken(*, anew: bool = False) -> int:
    """Give the most bytes that were taken at a time since this was asked anew; since ever but on Linux."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    if anew:
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def _fault_of_sentence(error: Any, place: Path) -> str:
    """Find what a sentence for a person lacks: the file, an end, and brevity."""
    said = str(error)
    names = {place.name, *(each.name for each in place.rglob("*"))} if place.is_dir() else {place.name}
    if not any(name in said for name in names):
        return f"the file is not named: {said[:200]}"
    if not said.endswith(".") or len(said) > 1500 or not error.what:
        return f"no good sentence: {said[:300]}"
    return ""


if __name__ == "__main__":
    _main()
