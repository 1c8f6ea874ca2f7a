"""placeholder"""

from __future__ import annotations
from dinocell_app.commands.options import Subcommands


def add_command(commands: Subcommands) -> None:
    commands.add_parser("models")
