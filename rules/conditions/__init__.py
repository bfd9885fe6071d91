"""Conditions on the payload: typed, checked on save by a published schema, and able to say what they saw.

``check`` judges them when they are saved, ``compile_conditions`` prepares them once, ``judge`` asks one payload,
``sentence`` reads them aloud. What a clause means is written down in ``schema`` (its shape) and ``operators``.
"""

from rules.conditions.checking import Problem, check
from rules.conditions.compiling import Compiled, compile_conditions
from rules.conditions.judging import Clause, Judgement, judge
from rules.conditions.schema import SCHEMA
from rules.conditions.words import sentence

__all__ = [
    "SCHEMA",
    "Clause",
    "Compiled",
    "Judgement",
    "Problem",
    "check",
    "compile_conditions",
    "judge",
    "sentence",
]
