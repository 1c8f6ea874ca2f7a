"""What a field of a job says about itself beside its type, limits and default: words, option and record."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache, cached_property, reduce
from operator import getitem
from types import MappingProxyType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from dinocell_app.base.lengths import Area, Length, plain_number


class Record(Enum):
    """How a field enters the record beside a result, which says whether a result can stay."""

    UNLESS_DEFAULT = "unless default"
    """By its name, unless it has its default: records from before the field existed stay true."""

    ALWAYS = "always"
    """By its name, whatever its value; needed from the day on which a default changes."""

    RESOLVED = "resolved"
    """As what it comes to for an image, such as a checksum; by the code that makes the record."""

    NO_EFFECT = "no effect"
    """Not at all: the result is the same whatever the value."""


@dataclass(frozen=True)
class Setting:
    """Stands in the annotation of a field; forms, options, records and command lines are made from it.

    Parameters
    ----------
    label : str
        In forms, and where two values are compared.
    help : str
        Sentences; the tooltip and, with limits and default, the help of the option.
    typed : str
        What can be typed, as in "18um or 40px"; for the option's help alone.
    off : str
        What the switch of a setting does that is on by default; for the option's help alone.
    unit : str
        Such as "px"; shown behind the label.
    automatic : str
        What an empty value stands for, as in "measured in each image".
    flags : tuple of str
        The option's names where they do not follow from the field's; the last one is written.
    metavar : str
        What stands for the value in help; "" to follow the type.
    parse : callable or None
        Reads one typed word, where the type is not enough.
    place : {"option", "positional", "file"}
        How it is typed in the shell; "file" for what only job files say.
    commas : bool
        Whether commas part several values in one typed word; paths are never parted.
    after_network : bool
        Whether it only matters once the network has run.
    """

    label: str
    help: str = ""
    typed: str = ""
    off: str = ""
    unit: str = ""
    automatic: str = ""
    flags: tuple[str, ...] = ()
    metavar: str = ""
    parse: Callable[[str], Any] | None = None
    place: Literal["option", "positional", "file"] = "option"
    commas: bool = True
    record: Record = Record.UNLESS_DEFAULT
    after_network: bool = False


@dataclass(frozen=True)
class Declared:
    """A field with what it says about itself.

    Parameters
    ----------
    name : str
        In the job; a dot leads into nested settings.
    group : Setting or None
        Of the nested settings that the field is in.
    """

    name: str
    field: FieldInfo
    setting: Setting
    group: Setting | None = None

    @property
    def kind(self) -> Any:  # noqa: ANN401 - a type, or what typing makes of several
        """Type of a value that is given, without None."""
        inside = get_args(self.field.annotation)
        if get_origin(self.field.annotation) not in (Union, types.UnionType):
            return self.field.annotation
        return next(kind for kind in inside if kind is not types.NoneType)

    @property
    def optional(self) -> bool:
        """Whether None is a value."""
        return types.NoneType in get_args(self.field.annotation)

    @property
    def several(self) -> bool:
        """Whether it holds several values."""
        return get_origin(self.kind) in (tuple, dict)

    @property
    def item(self) -> Any:  # noqa: ANN401 - as in `kind`
        """Type of one of its values."""
        item = get_args(self.kind)[-1 if get_origin(self.kind) is dict else 0] if self.several else self.kind
        return get_args(item)[0] if get_origin(item) is Annotated else item

    @property
    def choices(self) -> tuple[str, ...]:
        """Words that it can be, where it is one of a few."""
        return tuple(map(str, get_args(self.item))) if get_origin(self.item) is Literal else ()

    @cached_property
    def default(self) -> Any:  # noqa: ANN401 - whatever the field holds
        """Value where none is given."""
        return self.field.get_default(call_default_factory=True)

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """Lowest and highest value, whether or not it is one itself; None without."""
        rules = self.field.metadata
        lowest = next(
            (rule.ge if isinstance(rule, Ge) else rule.gt for rule in rules if isinstance(rule, Ge | Gt)),
            None,
        )
        highest = next(
            (rule.le if isinstance(rule, Le) else rule.lt for rule in rules if isinstance(rule, Le | Lt)),
            None,
        )
        return lowest, highest  # type: ignore[return-value] # numbers, though the rules allow more

    @property
    def text(self) -> str:
        """Label with the unit."""
        return f"{self.setting.label} ({self.setting.unit})" if self.setting.unit else self.setting.label

    @property
    def lowered(self) -> str:
        """Label within a sentence."""
        label = self.setting.label
        return label if label[1:2].isupper() else label[:1].lower() + label[1:]

    @property
    def remarks(self) -> str:
        """Limits and default in words, as in "0 to 1; default: 0.5"; may be empty."""
        lowest, highest = self.limits
        said = []
        if lowest is not None and highest is not None:
            said.append(f"{lowest:g} to {highest:g}")
        if not self.field.is_required():
            empty = self.default is None or self.default in ("", (), {})
            default = self.setting.automatic if empty else shown(self.default)
            if default and self.kind is not bool:
                said.append(f"default: {default}")
        return "; ".join(said)


class Settings(BaseModel):
    """Frozen settings that refuse names they do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@cache
def declared(kind: type[BaseModel]) -> Mapping[str, Declared]:
    """Walk the fields of a job or of settings, those of nested settings with dots in their names.

    Returns
    -------
    mapping of str to Declared
        In their order; without version and kind of the job.
    """
    found: dict[str, Declared] = {}
    for name, field in kind.model_fields.items():
        setting = next((rule for rule in reversed(field.metadata) if isinstance(rule, Setting)), None)
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, Settings):
            for below in declared(inner).values():
                found[f"{name}.{below.name}"] = Declared(
                    f"{name}.{below.name}", below.field, below.setting, setting
                )
        elif setting is not None:
            found[name] = Declared(name, field, setting)
        elif name not in ("schema_version", "kind"):
            raise TypeError(f"{kind.__name__}.{name} says nothing about itself")
    return MappingProxyType(found)


def value_of(settings: BaseModel, name: str) -> Any:  # noqa: ANN401 - whatever the field holds
    """Give a field; a dot leads into nested settings."""
    value: Any = settings
    for part in name.split("."):
        value = getattr(value, part)
    return value


def recorded(settings: BaseModel) -> dict[str, Any]:
    """Write what a job does to every image, for the record beside a result.

    Returns
    -------
    dict
        Plain JSON values by name. Results with equal records need not be made again.
    """
    plain = settings.model_dump(mode="json")
    record: dict[str, Any] = {}
    for name, each in declared(type(settings)).items():
        value, how = value_of(settings, name), each.setting.record
        if how is Record.UNLESS_DEFAULT and value == each.default:
            continue
        if how in (Record.ALWAYS, Record.UNLESS_DEFAULT):
            given = (
                str(value) if isinstance(value, Length | Area) else reduce(getitem, name.split("."), plain)
            )
            record[name] = each.setting.automatic if value is None else given
    return record


def spelled(kind: type[BaseModel], name: str) -> str:
    """Name a field as people do within a sentence; also what records call something that is no field."""
    known = declared(kind).get(name)
    return known.lowered if known is not None else name.replace("_", " ")


def shown(value: object) -> str:
    """Write a value as people read it."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case float():
            return plain_number(value)
        case tuple() | list():
            return ", ".join(shown(each) for each in value)
        case dict():
            return ", ".join(f"{name} {shown(each)}" for name, each in value.items())
    return str(value)
