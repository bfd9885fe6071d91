"""Mappings: which field of a destination gets what of an event, checked on save and explained when it is run.

``canonical`` takes older forms, ``check`` judges what is to be saved, ``compile_mapping`` prepares it once, ``run``
makes the record of one event. What a mapping may say is written down in ``schema``; what a transform does, in
``transforms``; what a field takes, in ``fields``.
"""

from rules.mappings.checking import cannot_be_emptied, canonical, check, emptied, warnings
from rules.mappings.compiling import Compiled, compile_mapping
from rules.mappings.fields import TargetField
from rules.mappings.running import Line, Made, run
from rules.mappings.schema import SCHEMA

__all__ = [
    "SCHEMA",
    "Compiled",
    "Line",
    "Made",
    "TargetField",
    "cannot_be_emptied",
    "canonical",
    "check",
    "compile_mapping",
    "emptied",
    "run",
    "warnings",
]
