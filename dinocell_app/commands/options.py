"""Options of job commands, declared once: they make the parser, the job, and the command line of a job."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.lengths import plain_number
from dinocell_app.jobs.job_files import make_job, read_job, write_job
from dinocell_app.jobs.job_kinds import (
    AdaptJob,
    EvaluateJob,
    FineTuneJob,
    Job,
    MeasureJob,
    ReferenceTrainingJob,
    SegmentJob,
)

if TYPE_CHECKING:
    Subcommands = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Subcommands = object

PROGRAM = "dinocell-app"

KindOfJob = TypeVar(
    "KindOfJob", SegmentJob, MeasureJob, EvaluateJob, FineTuneJob, AdaptJob, ReferenceTrainingJob
)


@dataclass(frozen=True)
class Option:
    """One setting of a job as it is typed.

    Parameters
    ----------
    field : str
        Of the job; a dot leads into nested settings.
    names : tuple of str
        Such as ("-o", "--output"); empty for a positional argument.
    parse : callable
        Turns one word into the value.
    metavar : str
        What stands for the value in help texts.
    many : bool
        Whether several words may follow, each also a list with commas.
    switch : bool
        Whether it stands alone and means yes.
    negative : bool
        Whether the switch means no.
    commas : bool
        Whether commas part the values of one word.
    """

    field: str
    names: tuple[str, ...]
    help: str
    parse: Callable[[str], Any] = str
    metavar: str = ""
    many: bool = False
    switch: bool = False
    negative: bool = False
    commas: bool = True

    @property
    def destination(self) -> str:
        """Name in the parsed arguments."""
        return "job_" + self.field.replace(".", "__")

    def words(self, value: object) -> list[str]:
        """Write a value as it is typed."""
        name = self.names[-1:]
        if self.switch:
            return list(name) if bool(value) != self.negative else []
        if isinstance(value, tuple | list):
            return [*name, *(_word(item) for item in value)]
        if isinstance(value, dict):
            return [*name, *(f"{key}={_word(item)}" for key, item in value.items())]
        return [*name, _word(value)]


@dataclass(frozen=True)
class JobCommand:
    """A command that does one kind of job.

    Parameters
    ----------
    kind : str
        Of the job.
    words : tuple of str
        What is typed after the program's name.
    defaults : mapping of str to callable
        Give values of fields that the shell, unlike the job, does without.
    """

    kind: str
    words: tuple[str, ...]
    options: tuple[Option, ...]
    defaults: Mapping[str, Callable[[], Any]]

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options, and those all jobs have."""
        for option in self.options:
            _add(parser, option)
        parser.add_argument(
            "--job", type=Path, metavar="FILE", help="job file; options given here go before it"
        )
        parser.add_argument(
            "--save-job", type=Path, metavar="FILE", help="write the job to a file, then do it"
        )
        add_json_option(parser)

    def job(self, arguments: argparse.Namespace, kind: type[KindOfJob]) -> KindOfJob:
        """Build the job from the arguments, and write it where asked.

        Parameters
        ----------
        kind : type
            Class of the job.

        Raises
        ------
        UserFacingError
            If the job file cannot be read or the job cannot be done.
        """
        fields: dict[str, Any] = {name: default() for name, default in self.defaults.items()}
        if arguments.job is not None:
            given = read_job(arguments.job)
            if given.kind != self.kind:
                raise InvalidParameterError(
                    f"is a job to {given.kind}, not to {self.kind}",
                    path=arguments.job,
                    remedy=f"Use {PROGRAM} {' '.join(COMMAND_WORDS[given.kind])}",
                )
            fields = given.model_dump()
        fields["kind"] = self.kind
        for option in self.options:
            if hasattr(arguments, option.destination):
                value = getattr(arguments, option.destination)
                _set(fields, option.field, _joined(value) if option.many else value)
        self._require(fields)
        job = make_job(fields)
        if not isinstance(job, kind):
            raise TypeError(f"a {type(job).__name__} where a {kind.__name__} was declared")
        if arguments.save_job is not None:
            write_job(arguments.save_job, job)
        return job

    def command_line(self, job: Job) -> list[str]:
        """Write a job as the words that do it.

        Parameters
        ----------
        job : Job
            Of this kind.

        Returns
        -------
        list of str
            Settings that have their default are left out.
        """
        words = [PROGRAM, *self.words]
        plain = make_job(
            {"kind": self.kind, **{o.field: _get(job, o.field) for o in self.options if self._needed(o)}}
        )
        for option in self.options:
            value = _get(job, option.field)
            if not option.names or (value != _get(plain, option.field) or self._needed(option)):
                words += option.words(value)
        return words

    def _needed(self, option: Option) -> bool:
        field = KINDS[self.kind].model_fields.get(option.field)
        return field is not None and field.is_required()

    def _require(self, fields: Mapping[str, Any]) -> None:
        for option in self.options:
            if self._needed(option) and fields.get(option.field) in (None, [], ()):
                typed = option.names[-1] if option.names else option.metavar
                raise InvalidParameterError(
                    f"{' '.join(self.words)} needs {typed}: {option.help}",
                    remedy=f"See {PROGRAM} {' '.join(self.words)} --help",
                )


KINDS: Mapping[str, type[Job]] = {
    "segment": SegmentJob,
    "measure": MeasureJob,
    "evaluate": EvaluateJob,
    "finetune": FineTuneJob,
    "adapt": AdaptJob,
    "references": ReferenceTrainingJob,
}

COMMAND_WORDS: Mapping[str, tuple[str, ...]] = {
    "segment": ("segment",),
    "measure": ("measure",),
    "evaluate": ("evaluate",),
    "finetune": ("train", "finetune"),
    "adapt": ("train", "adapt"),
    "references": ("train", "references"),
    # Made by the wizard, and done where its run folder is.
    "adapt_then_teach": ("run",),
}


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Declare `--json`."""
    parser.add_argument("--json", action="store_true", help="print what happens as JSON, one object a line")


def absolute_path(text: str) -> Path:
    """Make a typed path independent of the current folder.

    Returns
    -------
    Path
        Absolute, without following links.
    """
    return Path(text).expanduser().absolute()


def quoted(words: Sequence[str]) -> str:
    """Join words as the shell of this machine needs them."""
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


def _add(parser: argparse.ArgumentParser, option: Option) -> None:
    settings: dict[str, Any] = {"help": option.help, "default": argparse.SUPPRESS}
    if option.switch:
        action = "store_false" if option.negative else "store_true"
        parser.add_argument(*option.names, dest=option.destination, action=action, **settings)
        return
    settings["metavar"] = option.metavar or option.field.rpartition(".")[2].upper()
    if option.many:
        parted = option.names and option.commas
        settings["type"] = lambda text: _several(option.parse, text) if parted else [option.parse(text)]
        settings["nargs"] = "+" if option.names else "*"
    else:
        settings["type"] = option.parse
    if not option.names:
        settings.setdefault("nargs", "?")
        parser.add_argument(option.destination, **settings)
        return
    parser.add_argument(*option.names, dest=option.destination, **settings)


def _several(parse: Callable[[str], Any], text: str) -> list[Any]:
    return [parse(part.strip()) for part in text.split(",") if part.strip()]


def _joined(lists: Sequence[Sequence[Any]]) -> list[Any] | dict[Any, Any]:
    items = [item for part in lists for item in part]
    # Pairs are the items of a mapping, such as the weights of loss terms.
    return dict(items) if items and all(isinstance(item, tuple) for item in items) else items


def _set(fields: dict[str, Any], name: str, value: object) -> None:
    *folders, last = name.split(".")
    for folder in folders:
        fields[folder] = dict(fields.get(folder, {}))
        fields = fields[folder]
    fields[last] = value


def _get(job: Job, name: str) -> Any:  # noqa: ANN401 - whatever the field holds
    value: Any = job
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _word(value: object) -> str:
    if value is None:
        return "none"
    return plain_number(value) if isinstance(value, float) else str(value)
