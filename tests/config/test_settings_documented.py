from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import env

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8").strip()
SOURCES = sorted((ROOT / "config").rglob("*.py"))
READERS = {  # and which of their arguments is the default
    "env.text": 1,
    "env.number": 1,
    "env.words": 1,
    "env.one_of": 2,
    "env.pairs": 1,
    "env.database": 1,
    "os.environ.get": 1,
}


def test_every_variable_is_documented_with_its_default_and_no_other() -> None:
    read = {name: default for source in SOURCES for name, default in reads(source.read_text(encoding="utf-8"))}
    assert documented() == read


def test_every_variable_is_explained_in_one_line() -> None:
    _, *paragraphs = EXAMPLE.split("\n\n")
    for paragraph in paragraphs:
        explanation, _ = paragraph.splitlines()
        assert explanation.startswith("# ")
        assert explanation.endswith(".")


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("env.text('A')", ("A", "")),
        ("env.number('A', 64)", ("A", "64")),
        ("env.one_of('A', ('x', 'y'), 'y')", ("A", "y")),
        ("env.words('A', '' if MODE == 'production' else 'x')", ("A", "")),
        ("os.environ.get('A', 'x')", ("A", "x")),
    ],
)
def test_it_sees_how_a_variable_is_read(source: str, found: tuple[str, str]) -> None:
    assert list(reads(source)) == [found]


def test_it_knows_every_reader() -> None:
    readers = inspect.getmembers(env, lambda member: inspect.isfunction(member) and member.__module__ == env.__name__)
    assert {f"env.{name}" for name, _ in readers} == {name for name in READERS if name.startswith("env.")}


def documented() -> dict[str, str]:
    lines = [line.partition("=") for line in EXAMPLE.splitlines() if line and not line.startswith("#")]
    return {name: value.strip('"') for name, _, value in lines}


def reads(source: str) -> Iterator[tuple[str, str]]:
    """The variables that a module reads under a literal name, each with the default that holds in production."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in READERS and isinstance(node.args[0], ast.Constant):
            place = READERS[ast.unparse(node.func)]
            yield str(node.args[0].value), literal(node.args[place]) if place < len(node.args) else ""


def literal(default: ast.expr) -> str:
    if isinstance(default, ast.IfExp):
        assert ast.unparse(default.test) == "MODE == 'production'"
        default = default.body
    assert isinstance(default, ast.Constant)
    return str(default.value)
