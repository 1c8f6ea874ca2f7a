"""Filters that people type, such as `area_um2 > 50 and not touches_border`.

The text is read with Python's own parser, and then only the few kinds of node named here are worked out, with
arrays of the table and nothing else: no call, no attribute, no index, no power.
"""

from __future__ import annotations

import ast
import difflib
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dinocell_app.base.errors import InvalidParameterError
from dinocell_app.tables.cell_store import CellColumn

LONGEST = 1000
"""Letters a filter may have."""

_REMEDY = "Write for example area_px2 > 100 and not touches_border"
_QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|`([^`]+)`""")
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.divide,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


@dataclass(frozen=True)
class _YesNo:
    values: NDArray[np.bool_] | bool


@dataclass(frozen=True)
class _Number:
    values: NDArray[np.float64] | float


@dataclass(frozen=True)
class _Text:
    word: str


_Value = _YesNo | _Number | _Text | CellColumn
_Columns = Mapping[str, CellColumn]


class FilterExpression:
    """A filter that was read and names only columns there are.

    Parameters
    ----------
    text : str
        What was typed.
    columns : mapping of str to CellColumn
        The columns it may name.

    Raises
    ------
    InvalidParameterError
        With one sentence saying what cannot be understood.
    """

    def __init__(self, text: str, columns: _Columns) -> None:
        self.text = text.strip()
        self._quoted_names: dict[str, str] = {}
        self._tree = self._parse()
        first_row = {name: CellColumn(column.values[:1], column.words) for name, column in columns.items()}
        self.mask(first_row)

    def mask(self, columns: _Columns) -> NDArray[np.bool_]:
        """Tell for each cell whether it passes.

        Parameters
        ----------
        columns : mapping of str to CellColumn
            All of the same length.

        Returns
        -------
        ndarray of shape (n,), bool
            A comparison with a missing value is not true.

        Raises
        ------
        InvalidParameterError
            If the filter names a column there is not, or mixes numbers with text.
        """
        length = len(next(iter(columns.values())).values) if columns else 0
        try:
            with np.errstate(all="ignore"):
                result = self._yes_no(self._value(self._tree, columns))
        except RecursionError as error:
            raise _refusal("the filter has too many parts within each other") from error
        return np.array(np.broadcast_to(result, (length,)), np.bool_)

    def _parse(self) -> ast.expr:
        if len(self.text) > LONGEST:
            raise _refusal(
                f"the filter is longer than {LONGEST} letters", "Split it into ranges and a filter"
            )
        if not self.text:
            raise _refusal("the filter is empty")

        def named(match: re.Match[str]) -> str:
            if match.group(1) is not None:
                return match.group(1)
            name = f"column_{len(self._quoted_names)}_in_quotes"
            self._quoted_names[name] = match.group(2)
            return name

        text = _QUOTED.sub(named, self.text)
        try:
            return ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            unquoted = _QUOTED.sub("", self.text)
            if re.search(r"(?<![=<>!])=(?!=)", unquoted):
                raise _refusal(
                    "a filter compares with == rather than =", "Write == between the two sides"
                ) from error
            if re.search(r"\b(AND|OR|NOT|IN)\b", unquoted):
                raise _refusal("and, or, not and in are written in small letters") from error
            raise _refusal("the filter cannot be understood") from error

    def _value(self, node: ast.expr, columns: _Columns) -> _Value:
        if isinstance(node, ast.Constant):
            return _constant(node.value)
        if isinstance(node, ast.Name):
            return self._column(node.id, columns)
        if isinstance(node, ast.BoolOp):
            return self._joined(node, columns)
        if isinstance(node, ast.UnaryOp):
            return self._signed(node, columns)
        if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            left, right = (self._number(self._value(side, columns)) for side in (node.left, node.right))
            return _Number(_ARITHMETIC[type(node.op)](left, right))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr):
            raise _refusal("conditions are joined with the words and, or")
        if isinstance(node, ast.Compare):
            return self._compared(node, columns)
        raise _refusal(
            "a filter has only columns, numbers, text in quotes, + - * /, comparisons, and, or, not, in"
        )

    def _column(self, name: str, columns: _Columns) -> _Value:
        name = self._quoted_names.get(name, name)
        column = columns.get(name)
        if column is None:
            near = difflib.get_close_matches(name, list(columns), n=1)
            remedy = f"Did you mean {near[0]}" if near else "Choose a name from the table"
            raise _refusal(f"there is no column {name!r}", remedy)
        if column.words is not None:
            return column
        if column.values.dtype == np.bool_:
            return _YesNo(column.values)
        return _Number(column.values.astype(np.float64, copy=False))

    def _joined(self, node: ast.BoolOp, columns: _Columns) -> _Value:
        join = operator.and_ if isinstance(node.op, ast.And) else operator.or_
        result = self._yes_no(self._value(node.values[0], columns))
        for part in node.values[1:]:
            result = join(result, self._yes_no(self._value(part, columns)))
        return _YesNo(result)

    def _signed(self, node: ast.UnaryOp, columns: _Columns) -> _Value:
        value = self._value(node.operand, columns)
        if isinstance(node.op, ast.Not):
            return _YesNo(np.logical_not(self._yes_no(value)))
        if isinstance(node.op, ast.USub):
            return _Number(-self._number(value))
        if isinstance(node.op, ast.UAdd):
            return _Number(self._number(value))
        raise _refusal("~ cannot be used in a filter", "Write not")

    def _compared(self, node: ast.Compare, columns: _Columns) -> _Value:
        result: NDArray[np.bool_] | bool = True
        left = node.left
        for how, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(how, ast.In | ast.NotIn):
                step = self._contained(left, right, columns)
                step = np.logical_not(step) if isinstance(how, ast.NotIn) else step
            elif type(how) in _COMPARISONS:
                step = _compare(how, self._value(left, columns), self._value(right, columns))
            else:
                raise _refusal("is cannot be used in a filter", "Write ==")
            result = np.logical_and(result, step)
            left = right
        return _YesNo(result)

    def _contained(self, left: ast.expr, right: ast.expr, columns: _Columns) -> NDArray[np.bool_] | bool:
        value = self._value(left, columns)
        if isinstance(right, ast.Tuple | ast.List):
            result: NDArray[np.bool_] | bool = False
            for choice in right.elts:
                result = np.logical_or(result, _compare(ast.Eq(), value, self._value(choice, columns)))
            return result
        within = self._value(right, columns)
        if isinstance(value, _Text) and isinstance(within, CellColumn):
            return _of_words(within, lambda word: value.word.casefold() in word.casefold())
        raise _refusal(
            "in needs a list or a column of text", 'Write for example label in (1, 2) or "drug" in folder'
        )

    def _yes_no(self, value: _Value) -> NDArray[np.bool_] | bool:
        if isinstance(value, _YesNo):
            return value.values
        raise _refusal("a filter must be a condition", "Compare with a number or a text")

    def _number(self, value: _Value) -> NDArray[np.float64] | float:
        if isinstance(value, _Number):
            return value.values
        raise _refusal("only numbers can be added, subtracted, multiplied and divided")


def _constant(value: object) -> _Value:
    if isinstance(value, bool):
        return _YesNo(value)
    if isinstance(value, str):
        return _Text(value)
    if isinstance(value, int | float):
        try:
            return _Number(float(value))
        except OverflowError as error:
            raise _refusal("a number in the filter is too large") from error
    raise _refusal("a filter has only numbers, text in quotes, True and False")


def _compare(how: ast.cmpop, left: _Value, right: _Value) -> NDArray[np.bool_] | bool:
    compare = _COMPARISONS[type(how)]
    if isinstance(left, _Number) and isinstance(right, _Number):
        numbers: NDArray[np.bool_] = compare(left.values, right.values)
        if isinstance(how, ast.NotEq):
            numbers = numbers & ~np.isnan(left.values) & ~np.isnan(right.values)
        return numbers
    if isinstance(how, ast.Eq | ast.NotEq):
        if isinstance(left, _YesNo) and isinstance(right, _YesNo):
            answers: NDArray[np.bool_] = compare(left.values, right.values)
            return answers
        if isinstance(left, _Text) and isinstance(right, CellColumn):
            left, right = right, left
        if isinstance(left, CellColumn) and isinstance(right, _Text):
            wanted = right.word
            return _of_words(left, lambda word: bool(compare(word, wanted)))
    raise _refusal("numbers are compared with numbers, and text with text by == or !=")


def _of_words(column: CellColumn, test: Callable[[str], bool]) -> NDArray[np.bool_]:
    passing = np.array([test(word) for word in column.words or ()], np.bool_)
    if not len(passing):
        return np.zeros(len(column.values), np.bool_)
    chosen: NDArray[np.bool_] = passing[column.values]
    return chosen


def _refusal(what: str, remedy: str = _REMEDY) -> InvalidParameterError:
    return InvalidParameterError(what, remedy=remedy)
