"""The command line: arguments to a job, its events to the terminal, an exit code."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import dinocell_app
from dinocell_app.base.disk_errors import refused_by_disk
from dinocell_app.base.errors import EndedEarlyError, UserFacingError
from dinocell_app.base.plain_text import printable
from dinocell_app.commands import (
    assay,
    demo,
    doctor,
    engine,
    evaluate,
    export,
    features,
    measure,
    models,
    napari,
    references,
    report,
    run,
    segment,
    train,
    verify,
    watch,
    work,
)
from dinocell_app.commands.console import EXIT_OK, EXIT_SOME_FAILED, EXIT_STOPPED, EXIT_WRONG_USAGE
from dinocell_app.commands.options import PROGRAM

_COMMANDS = (
    segment,
    measure,
    evaluate,
    export,
    report,
    assay,
    watch,
    models,
    napari,
    references,
    features,
    train,
    run,
    verify,
    doctor,
    demo,
    engine,
    work,
)

_EXIT_CODES = """\
exit codes:
  0    done
  2    wrong usage, or something you can put right (the message says what)
  3    some images failed or, where the message says so, could not be begun
  130  stopped by Ctrl+C; everything finished is kept and the same command goes on from there
"""


def make_parser() -> argparse.ArgumentParser:
    """Declare all commands."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Turn folders of microscopy images into cell masks and tables of morphology.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {dinocell_app.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in _COMMANDS:
        command.add_command(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv : sequence of str, optional
        Words after the program's name; those of the process when not given.

    Returns
    -------
    int
        Exit code.
    """
    parser = make_parser()
    try:
        arguments = parser.parse_args(argv)
        if not hasattr(arguments, "execute"):
            parser.print_help()
            print("\nName a command, or type the program's name alone to open the window.")
            return EXIT_OK
        code: int = arguments.execute(arguments)
    except EndedEarlyError as error:
        print(f"{PROGRAM}: {printable(str(error))}", file=sys.stderr)
        return EXIT_SOME_FAILED
    except UserFacingError as error:
        logging.getLogger(__name__).info("ended: %s", error)
        print(f"{PROGRAM}: {printable(str(error))}", file=sys.stderr)
        return EXIT_WRONG_USAGE
    except KeyboardInterrupt:
        return EXIT_STOPPED
    except BrokenPipeError:
        # The reader of our output, such as `head`, has seen enough.
        sys.stderr.close()
        return EXIT_OK
    except OSError as error:
        refused = refused_by_disk(error, Path.cwd())
        if refused is None:
            raise
        print(f"{PROGRAM}: {printable(str(refused))}", file=sys.stderr)
        return EXIT_WRONG_USAGE
    return code
