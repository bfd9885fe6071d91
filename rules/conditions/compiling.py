"""Conditions, prepared once so that asking them of a payload is quick."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from rules.conditions.operators import (
    COMPARISONS,
    READERS,
    UNFIT,
    Comparison,
    Reader,
    as_decimal,
    as_instant,
    as_number,
    as_single,
    fold,
    multiply,
)
from rules.conditions.schema import EQUAL, ORDER, PRESENCE
from rules.conditions.words import VALUE_MOST, asking, sentence, target_words
from rules.instants import instant
from rules.paths import MISSING, Path, parse_path
from rules.showing import cut, described, shown

Side = tuple[Reader, str, Any]  # how the field is read, what to call that, and what it is compared with


class Target(NamedTuple):
    """What a clause compares with: how the field is read for it, and how it is put in words.

    A tuple, because one is made for each event where two fields are compared. ``misfit`` says in words why there
    is nothing to compare with.
    """

    read: Reader
    expected: str
    wanted: Any
    asked: str
    denied: str
    misfit: str = ""


Aim = Callable[[Any], Target]  # payload -> what to compare with


@dataclass(frozen=True, slots=True)
class CompiledClause:
    """One clause. ``aim`` gives what to compare with, for a payload."""

    path: str  # its place in the conditions, such as ``all[1]``
    field: Path
    op: str
    compare: Comparison
    negated: bool
    aim: Aim


@dataclass(frozen=True, slots=True)
class CompiledGroup:
    """Clauses and groups under ``all``, ``any`` or ``not``; ``words`` read them aloud."""

    kind: str
    members: tuple[CompiledClause | CompiledGroup, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """Conditions ready to be asked. ``root`` is None when there are none; ``fault`` says why they cannot be asked."""

    root: CompiledClause | CompiledGroup | None
    fault: str = ""


def compile_conditions(conditions: Mapping[str, Any] | None) -> Compiled:
    """Prepare conditions that passed ``check``.

    Never raises: one rule that a later or an earlier version of this code wrote must not stop all the others of
    its workspace, so it is compiled into a fault and always says no.
    """
    try:
        return Compiled(root=_node(conditions, path="") if conditions else None)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return Compiled(root=None, fault="The conditions of this rule cannot be read: save the rule again.")


def _node(node: Mapping[str, Any], *, path: str) -> CompiledClause | CompiledGroup:
    stem = f"{path}." if path else ""
    if "not" in node:
        member = _node(node["not"], path=f"{stem}not")
        return CompiledGroup(kind="not", members=(member,), words=sentence(node["not"]))
    kind = "all" if "all" in node else "any" if "any" in node else ""
    if not kind:
        return _clause(node, path=path)
    members = tuple(_node(member, path=f"{stem}{kind}[{position}]") for position, member in enumerate(node[kind]))
    return CompiledGroup(kind=kind, members=members, words=sentence(node))


def _clause(clause: Mapping[str, Any], *, path: str) -> CompiledClause:
    op = clause["op"]
    return CompiledClause(
        path=path,
        field=parse_path(clause["field"]),
        op=op,
        compare=COMPARISONS[op],
        negated=op == "neq" or (op in PRESENCE and clause.get("value") is False),
        aim=_aim_at_other(clause) if "other" in clause else _aim_at_value(clause),
    )


# --------------------------------------------------------------------------- a value that the customer wrote


def _aim_at_value(clause: Mapping[str, Any]) -> Aim:
    read, expected, wanted = _value(clause["op"], clause.get("value"))
    if clause.get("ignore_case"):
        read, wanted = _folding(read), fold(wanted)
    asked, denied = asking(clause, target_words(clause), dated=read is as_instant)
    target = Target(read=read, expected=expected, wanted=wanted, asked=asked, denied=denied)
    return lambda _payload: target


def _value(op: str, value: Any) -> Side:
    if op in ORDER:
        return _ordered(value) or _refuse(value)
    if op == "between":
        sides = [_ordered(bound) or _refuse(bound) for bound in value]
        return sides[0][0], sides[0][1], tuple(side[2] for side in sides)
    return *READERS[op], value


def _refuse(value: Any) -> Side:
    raise ValueError(f"{shown(value)} is neither a number nor a date.")


# --------------------------------------------------------------------------- another field of the payload


def _aim_at_other(clause: Mapping[str, Any]) -> Aim:
    path, factor = parse_path(clause["other"]["field"]), clause["other"].get("factor", 1)
    words, equal = target_words(clause), clause["op"] in EQUAL
    needed = "not a single value" if equal else "neither a number nor a date" if factor == 1 else "not a number"

    def aim(payload: Any) -> Target:
        value = path.one(payload)
        side = _single(value) if equal else _ordered(value, factor=factor)
        if side is None:
            asked, denied = asking(clause, words, dated=False)
            misfit = f"{path.text} is {described(value)}{'' if value is MISSING else f', {needed}'}."
            return Target(read=as_single, expected="", wanted=None, asked=asked, denied=denied, misfit=misfit)
        read, expected, wanted = side
        asked, denied = asking(clause, f"{words} ({_written(wanted, value)})", dated=read is as_instant)
        if clause.get("ignore_case"):
            read, wanted = _folding(read), fold(wanted)
        return Target(read=read, expected=expected, wanted=wanted, asked=asked, denied=denied)

    return aim


def _single(value: Any) -> Side | None:
    return None if as_single(value) is UNFIT else (as_single, "a single value", value)


def _ordered(value: Any, *, factor: float = 1) -> Side | None:
    """How to read a field that is compared with this number or date; None when it is neither."""
    if as_number(value) is not UNFIT:
        return (as_number, "a number", value) if factor == 1 else (as_decimal, "a number", multiply(value, factor))
    moment = instant(value) if factor == 1 else None
    return (as_instant, "a date", moment) if moment else None


def _folding(read: Reader) -> Reader:
    return lambda value: fold(read(value))


def _written(wanted: Any, value: Any) -> str:
    """The other side as it was computed, or as it was read."""
    if isinstance(wanted, Decimal):
        return cut(f"{wanted:f}" if abs(wanted.adjusted()) < 21 else str(wanted), most=VALUE_MOST)
    return shown(value, most=VALUE_MOST)
