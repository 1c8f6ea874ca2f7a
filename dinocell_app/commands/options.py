"""Options of job commands, made from the fields of jobs: the parser, the job, and its command line."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_origin

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.base.lengths import Area, Length, plain_number
from dinocell_app.jobs.job_files import make_job, read_job, write_job
from dinocell_app.jobs.job_kinds import (
    AdaptJob,
    EvaluateJob,
    FineTuneJob,
    MeasureJob,
    ReferenceTrainingJob,
    SegmentJob,
)
from dinocell_app.jobs.setting import Declared, Setting, declared, value_of

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
    """One setting of a job as it is typed."""

    declared: Declared

    @property
    def positional(self) -> bool:
        """Whether it has no name."""
        return self.declared.setting.place == "positional"

    @property
    def required(self) -> bool:
        """Whether a job has to have it."""
        return self.declared.field.is_required()

    @property
    def switch(self) -> bool:
        """Whether it stands alone: it turns the default round."""
        return self.declared.kind is bool

    @property
    def names(self) -> tuple[str, ...]:
        """Such as ("-o", "--output"); empty for a positional argument."""
        if self.positional:
            return ()
        named = self.declared.name.rpartition(".")[2].replace("_", "-")
        return self.declared.setting.flags or (f"--{named}",)

    @property
    def destination(self) -> str:
        """Name in the parsed arguments."""
        return "job_" + self.declared.name.replace(".", "__")

    @property
    def help(self) -> str:
        """What it does, what can be typed, limits and default."""
        setting = self.declared.setting
        if setting.off:
            return setting.off
        remarks = "; ".join(part for part in (setting.typed, self.declared.remarks) if part)
        return f"{setting.help.rstrip('.')} ({remarks})" if remarks else setting.help

    @property
    def metavar(self) -> str:
        """What stands for the value in help texts."""
        if self.declared.choices:
            return f"{{{','.join(self.declared.choices)}}}"
        usual = {int: "N", float: "X", Length: "LENGTH", Area: "AREA"}.get(self.declared.item)
        return self.declared.setting.metavar or usual or self.declared.name.rpartition(".")[2].upper()

    def add(
        self, parser: argparse._ActionsContainer, name: str = "", default: object = argparse.SUPPRESS
    ) -> None:
        """Declare the option; what is not typed is not among the arguments, unless a default is given.

        Parameters
        ----------
        name : str
            In the parsed arguments; "" for `destination`.
        """
        name = name or self.destination
        settings: dict[str, Any] = {"help": self.help, "default": default}
        if self.switch:
            action = "store_false" if self.declared.default else "store_true"
            parser.add_argument(*self.names, dest=name, action=action, **settings)
            return
        settings["metavar"] = self.metavar
        if self.declared.several:
            settings |= {"type": self._several, "nargs": "*" if self.positional else "+"}
        else:
            # A positional argument that is left out has its default read, be it a mark for nothing.
            settings |= {"type": self.read, "nargs": "?"} if self.positional else {"type": self.read}
        if self.positional:
            parser.add_argument(name, **settings | {"default": None})
        else:
            parser.add_argument(*self.names, dest=name, **settings)

    def read(self, text: str) -> Any:  # noqa: ANN401 - whatever the field holds
        """Read one typed word."""
        field = self.declared
        if field.optional and text == "none":
            return None
        if field.setting.parse is not None:
            return field.setting.parse(text)
        if field.item in (Length, Area):
            return field.item.parse(text)
        if field.item is Path:
            return absolute_path(text)
        return _number(field.item, text) if field.item in (int, float) else text

    def _several(self, text: str) -> list[Any]:
        if get_origin(self.declared.kind) is dict:
            return [_pair(text)]
        if self.positional or self.declared.item is Path or not self.declared.setting.commas:
            return [self.read(text)]
        return [self.read(part.strip()) for part in text.split(",") if part.strip()]

    def words(self, value: object) -> list[str]:
        """Write a value as it is typed."""
        name = self.names[-1:]
        if self.switch:
            return list(name) if bool(value) != self.declared.default else []
        if isinstance(value, tuple | list):
            return [*name, *map(_word, value)]
        if isinstance(value, dict):
            return [*name, *(f"{key}={_word(item)}" for key, item in value.items())]
        return [*name, _word(value)]


@dataclass(frozen=True)
class JobCommand(Generic[KindOfJob]):
    """A command that does one kind of job.

    Parameters
    ----------
    words : tuple of str
        What is typed after the program's name.
    defaults : mapping of str to callable
        Give values of fields that the shell, unlike the job, does without.
    """

    job_class: type[KindOfJob]
    words: tuple[str, ...]
    defaults: Mapping[str, Callable[[], Any]] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Kind of the job."""
        return str(self.job_class.model_fields["kind"].default)

    @cached_property
    def options(self) -> tuple[Option, ...]:
        """What can be typed, places first."""
        options = [Option(each) for each in declared(self.job_class).values() if each.setting.place != "file"]
        return tuple(sorted(options, key=lambda option: not option.required))

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options, and those all jobs have."""
        groups: dict[Setting | None, argparse._ActionsContainer] = {None: parser}
        for option in self.options:
            group = option.declared.group
            if group not in groups and group is not None:
                groups[group] = parser.add_argument_group(group.label, group.help or None)
            option.add(groups[group])
        parser.add_argument("--job", type=Path, metavar="FILE", help="Job file; options given here go first.")
        parser.add_argument(
            "--save-job", type=Path, metavar="FILE", help="Write the job to a file, then do it."
        )
        add_json_option(parser)

    def job(self, arguments: argparse.Namespace, start: Mapping[str, Any] | None = None) -> KindOfJob:
        """Build the job from the arguments, and write it where asked.

        Parameters
        ----------
        start : mapping of str to object, optional
            Fields that go before those of a job file, and behind what is typed.

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
        fields |= start or {}
        fields["kind"] = self.kind
        self._take(arguments, fields)
        self._require(fields)
        job = make_job(fields)
        if not isinstance(job, self.job_class):
            raise TypeError(f"a {type(job).__name__} where a {self.job_class.__name__} was declared")
        if arguments.save_job is not None:
            write_job(arguments.save_job, job)
        return job

    def given(self, arguments: argparse.Namespace) -> dict[str, Any]:
        """Collect the fields of the job that were typed."""
        fields: dict[str, Any] = {}
        self._take(arguments, fields)
        return fields

    def _take(self, arguments: argparse.Namespace, fields: dict[str, Any]) -> None:
        for option in self.options:
            value = getattr(arguments, option.destination, None)
            if hasattr(arguments, option.destination) and not (option.positional and not value):
                _set(fields, option.declared.name, _joined(value) if isinstance(value, list) else value)

    def command_line(self, job: KindOfJob) -> list[str]:
        """Write a job as the words that do it.

        Returns
        -------
        list of str
            Settings that have their default are left out.
        """
        words = [PROGRAM, *self.words]
        for option in self.options:
            value = value_of(job, option.declared.name)
            if option.required or value != option.declared.default:
                words += option.words(value)
        return words

    def _require(self, fields: Mapping[str, Any]) -> None:
        for option in self.options:
            if option.required and fields.get(option.declared.name) in (None, [], ()):
                typed = option.names[-1] if option.names else option.metavar
                raise InvalidParameterError(
                    f"{' '.join(self.words)} needs {typed}: {option.declared.setting.help}",
                    remedy=f"See {PROGRAM} {' '.join(self.words)} --help",
                )


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


def add_settings(parser: argparse.ArgumentParser, *names: str) -> None:
    """Declare settings of a segmentation for another command; the arguments have their names."""
    for name in names:
        each = declared(SegmentJob)[name]
        Option(each).add(parser, name, each.default)


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Declare `--json`."""
    parser.add_argument("--json", action="store_true", help="Print what happens as JSON, one object a line.")


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


def _pair(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidParameterError(
            f"'{text}' is no name with a number", remedy="Give name=number, as in cell_probability=2"
        )
    return name.strip(), _number(float, value)


def _number(kind: type[int | float], text: str) -> float | int:
    try:
        return kind(text)
    except ValueError as error:
        wanted = "whole number" if kind is int else "number"
        raise InvalidParameterError(f"'{text}' is not a {wanted}", remedy=f"Give a {wanted}") from error


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


def _word(value: object) -> str:
    if value is None:
        return "none"
    return plain_number(value) if isinstance(value, float) else str(value)
