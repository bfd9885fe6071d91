"""Asking a payload: every clause answers, and says what it saw.

Nothing is cut short once the answer is known, because the trace is there to be read as a whole. No payload makes
this raise.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from rules.conditions.compiling import Compiled, CompiledClause, CompiledGroup, Target
from rules.conditions.operators import UNFIT
from rules.paths import MEMBERS_MOST, MISSING
from rules.showing import described, shown

REASONS_MOST: Final = 3  # told of the alternatives that said no


class Clause(NamedTuple):
    """What one clause asked, what it saw, and why it said no (a plain sentence, empty when it said yes).

    A tuple, because a hundred rules make hundreds of them for each event. ``saw`` is JSON, cut short; the bare
    word ``missing`` where there was nothing.
    """

    kind: str  # "condition"; a rule adds other kinds, see ``rules.matching``
    path: str  # its place in the conditions, such as ``all[1]``
    field: str
    op: str
    asked: str
    saw: str
    passed: bool
    why: str = ""

    @property
    def sentence(self) -> str:
        """The clause in one plain sentence, whichever way it went."""
        return self.why or f"{self.asked}: yes, it was {self.saw}."


class Judgement(NamedTuple):
    """Whether the conditions said yes; if not, the first reason; and every clause in the order of the conditions."""

    passed: bool
    reason: str
    clauses: tuple[Clause, ...]


def judge(compiled: Compiled, payload: Any) -> Judgement:
    """Ask a payload. No conditions say yes."""
    if compiled.root is None:
        return Judgement(passed=not compiled.fault, reason=compiled.fault, clauses=())
    clauses: list[Clause] = []
    reason = _judge_node(compiled.root, payload, clauses)
    return Judgement(passed=not reason, reason=reason, clauses=tuple(clauses))


def _judge_node(node: CompiledClause | CompiledGroup, payload: Any, clauses: list[Clause]) -> str:
    """Why the answer is no; empty when it is yes. Adds the clauses it asked."""
    if isinstance(node, CompiledClause):
        clauses.append(_judge_clause(node, payload))
        return clauses[-1].why
    reasons = [_judge_node(member, payload, clauses) for member in node.members]
    if node.kind == "all":
        return next(filter(None, reasons), "")
    if node.kind == "any":
        return _none_of(reasons) if all(reasons) else ""
    return "" if reasons[0] else f"The rule asks that this is not so: {node.words}."


def _none_of(reasons: list[str]) -> str:
    if len(reasons) == 1:
        return reasons[0]
    told = "; ".join(reason.rstrip(".") for reason in reasons[:REASONS_MOST])
    return f"None of {len(reasons)} alternatives said yes: {told}{'; …' if len(reasons) > REASONS_MOST else '.'}"


def _judge_clause(clause: CompiledClause, payload: Any) -> Clause:
    target, name = clause.aim(payload), clause.field.text
    values = clause.field.all(payload)
    for value in values:
        if _says_yes(clause, target, value):
            return Clause("condition", clause.path, name, clause.op, target.asked, shown(value), passed=True)
    saw, why = shown(values[0] if len(values) == 1 else values), _why_not(clause, target, values)
    return Clause("condition", clause.path, name, clause.op, target.asked, saw, passed=False, why=why)


def _says_yes(clause: CompiledClause, target: Target, value: Any) -> bool:
    seen = target.read(value)
    holds = not target.misfit and seen is not UNFIT and clause.compare(seen, target.wanted)
    return holds is not clause.negated


def _why_not(clause: CompiledClause, target: Target, values: list[Any]) -> str:
    name, value = clause.field.text, values[0]
    if target.misfit:
        return target.misfit
    if len(values) > 1:
        some = f"the first {MEMBERS_MOST}" if len(values) == MEMBERS_MOST else str(len(values))
        return f"None of {some} values says yes: {target.asked}."
    if value is MISSING:
        return f"{name} is missing."
    if target.read(value) is UNFIT:
        return f"{name} is {described(value)}, not {target.expected}."
    return f"{name} is {shown(value)}, {target.denied}."
