"""Check a template, fill it in, and say in plain words what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from liquid import BoundTemplate
from liquid.exceptions import LiquidError

from rules.templates.language import OUTPUT_MOST, TAG_NAMES, fill, parse
from rules.templates.values import Refused

SOURCE_LONGEST: Final = 20_000  # characters
BLOCK_LONGEST: Final = 1_000  # characters of one {{ … }} or {% … %}: the library's scanner is quadratic in it
CACHED: Final = 512  # templates
MOST_LINES: Final = 100  # where each line is a template of its own

_CLOSERS: Final = {"{{": "}}", "{%": "%}"}
_WORDINGS: Final = tuple(
    (re.compile(pattern), wording)
    for pattern, wording in (
        (r"expected tag end(\w+), found .*", r"{% \1 %} is never closed: write {% end\1 %} where it ends"),
        (r"(\w+) tag was never closed", r"{% \1 %} is never closed: write {% end\1 %} where it ends"),
        (r"unexpected tag 'end of expression'", r"{% case %} is never closed: write {% endcase %} where it ends"),
        (r"unexpected tag '(end\w+|else|elsif|when)'", r"{% \1 %} closes or divides nothing here: remove it"),
        (r"unexpected tag '(.*)'", rf"there is no tag called \1: possible are {', '.join(TAG_NAMES)}"),
        (r"(missing expression|.*found end of expression)", r"something is missing before the end of the braces"),
        (r"expected end of expression, found word", r"two names stand side by side: a dot or a | is missing"),
        (r"expected end of expression, found '='", r"write == to compare"),
        (r"expected in, found .*", r"a loop needs the word in, as in {% for line in lines %}"),
        (r"missing or unexpected path segment", r"a name is missing after a dot or between brackets"),
        (r"disallowed parentheses.*", r"parentheses are not possible: write two blocks"),
        (r"unexpected '(break|continue)'", r"{% \1 %} stands outside of a loop"),
        (r"unexpected (\"'\"|'\"')", r"a quotation mark is not closed"),
        (r"unexpected '(.)'", r"\1 cannot stand here"),
        (r"output stream limit reached", rf"the text is longer than {OUTPUT_MOST // 1024} KiB"),
        (r"local namespace limit reached", r"its variables hold too much"),
        (r"block nesting limit reached", r"its blocks are nested too deeply"),
        (r"unexpected liquid parsing error", r"it cannot be read: simplify it"),
    )
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a template cannot be used: a plain sentence, and the line it is about (0: it cannot be said)."""

    message: str
    line: int = 1

    def __str__(self) -> str:
        return f"Line {self.line}: {self.message}" if self.line else self.message


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text; the paths of fields that were not there; or why there is no text."""

    text: str
    missing: tuple[str, ...] = ()
    problem: str = ""


def check(source: str, *, by_line: bool = False) -> Problem | None:
    """What is wrong with a template before anything is filled in; None when nothing is. ``by_line``: see ``render``."""
    if by_line:
        return _check_lines(source.splitlines())
    if not is_template(source):
        return _check_length(source)
    template = _compiled(source)
    return template if isinstance(template, Problem) else None


def render(source: str, scope: Mapping[str, Any], *, by_line: bool = False) -> Rendered:
    """Fill a template in. Never raises: what goes wrong is ``problem``, and then the text is empty.

    A field that is not there is empty and listed in ``missing``, unless the filter ``default`` or an ``if`` saw to it.
    ``by_line``: each line is a template of its own and stays one line, so that no value can write a line of its own.
    """
    if by_line:
        return _render_lines(source.splitlines(), scope)
    if not is_template(source):
        problem = _check_length(source)
        return Rendered(text="", problem=str(problem)) if problem else Rendered(text=source)
    template = _compiled(source)
    if isinstance(template, Problem):
        return Rendered(text="", problem=str(template))
    try:
        filled, missing = fill(template, scope)
    except Exception as fault:  # noqa: BLE001  a filter may meet any value at all; a delivery must not fail unexplained
        return Rendered(text="", problem=str(_problem(fault, source)))
    return Rendered(text=filled, missing=missing)


def _check_lines(lines: list[str]) -> Problem | None:
    if len(lines) > MOST_LINES:
        return Problem(f"There are {len(lines)} lines: at most {MOST_LINES} are possible.", MOST_LINES + 1)
    found = ((number, check(line)) for number, line in enumerate(lines, 1))
    return next((Problem(problem.message, number) for number, problem in found if problem), None)


def _render_lines(lines: list[str], scope: Mapping[str, Any]) -> Rendered:
    if problem := _check_lines(lines):
        return Rendered(text="", problem=str(problem))
    filled = [render(line, scope) for line in lines]
    if problems := [f"Line {number}: {one.problem}" for number, one in enumerate(filled, 1) if one.problem]:
        return Rendered(text="", problem=" ".join(problems))
    text = "\n".join(" ".join(one.text.split()) for one in filled)
    return Rendered(text=text, missing=tuple(dict.fromkeys(path for one in filled for path in one.missing)))


def scope(
    payload: Mapping[str, Any], event: Mapping[str, Any], workspace: Mapping[str, Any], severity: str
) -> dict[str, Any]:
    """What a template can name. ``severity`` is the word of our scale, empty when the event has none."""
    event = {**event, "severity": severity}
    return {"severity": severity, **payload, "payload": payload, "event": event, "workspace": workspace}


def is_template(source: str) -> bool:
    """Whether there is anything to be filled in."""
    return "{{" in source or "{%" in source


@lru_cache(maxsize=CACHED)
def _compiled(source: str) -> BoundTemplate | Problem:
    if problem := _check_length(source) or _check_blocks(source):
        return problem
    try:
        return parse(source)
    except (LiquidError, RecursionError) as fault:
        return _problem(fault, source)


def _check_length(source: str) -> Problem | None:
    if len(source) <= SOURCE_LONGEST:
        return None
    return Problem(f"The template has {len(source)} characters: shorten it to {SOURCE_LONGEST}.")


def _check_blocks(source: str) -> Problem | None:
    for opening in re.finditer(r"\{[{%]", source):
        closer = _CLOSERS[opening.group()]
        end = source.find(closer, opening.end())
        line = _line(source, opening.start())
        if end < 0:
            return Problem(f"{opening.group()} is not closed with {closer}.", line)
        if end - opening.start() > BLOCK_LONGEST:
            return Problem(f"shorten what stands between the braces to {BLOCK_LONGEST} characters.", line)
    return None


def _problem(fault: Exception, source: str) -> Problem:
    if isinstance(fault, LiquidError):
        place = fault.token.start_index if fault.token else -1
        line = _line(source, place if place >= 0 else len(source))
        return Problem(f"{_worded(str(fault.message))}.", line)
    if isinstance(fault, Refused):
        return Problem(f"The template cannot be filled in: {fault}.", line=0)
    if isinstance(fault, RecursionError):
        return Problem("The template, or a value in it, is nested too deeply.", line=0)
    return Problem("The template cannot be filled in with these values.", line=0)


def _worded(message: str) -> str:
    for pattern, wording in _WORDINGS:
        if match := pattern.fullmatch(message):
            return match.expand(wording)
    return message


def _line(source: str, position: int) -> int:
    return source.count("\n", 0, position) + 1
