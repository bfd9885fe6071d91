"""What import-linter cannot say: which standard and outside modules a pure module or a verb may know."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PURE = {  # the file or folder, and the one library it may know
    "rules/severity.py": set(),
    "rules/patterns.py": set(),
    "rules/paths.py": set(),
    "rules/instants.py": set(),
    "rules/showing.py": set(),
    "rules/matching.py": set(),
    "rules/conditions": {"jsonschema"},
    "rules/templates": {"liquid", "markupsafe"},
    "deliveries/backoff.py": set(),
    "connections/provider.py": set(),
    "connections/verdicts.py": set(),
    "connections/envelope.py": set(),
    "connections/alerts.py": set(),
    "connections/providers": {"standardwebhooks"},
    "workspaces/ids.py": set(),
    "workspaces/keys.py": set(),
}
OURS = {"config", "workspaces", "connections", "rules", "deliveries"}
APPS = ("workspaces", "connections", "rules", "deliveries")
FACES = {"api.py", "pages.py", "emit.py", "access.py", "admin.py"}  # only these may know of requests and responses
WEB = ("django.http", "django.forms", "django.shortcuts", "django.template", "django.views", "ninja")


@pytest.mark.parametrize("place", PURE)
def test_a_pure_module_knows_the_standard_library_its_one_library_and_other_pure_modules(place: str) -> None:
    pure = tuple(name.removesuffix(".py").replace("/", ".") for name in PURE)
    for path in _files(place):
        for module in _imports(path):
            root = module.split(".")[0]
            known = root in sys.stdlib_module_names or root in PURE[place]
            assert known or module.startswith(pure), f"{path.relative_to(ROOT)} imports {module}"


def test_no_verb_knows_of_requests_pages_or_forms() -> None:
    verbs = [path for app in APPS for path in _files(app) if path.name not in FACES and _is_verb(path)]
    assert len(verbs) > 20
    for path in verbs:
        for module in _imports(path):
            assert not module.startswith(WEB), f"{path.relative_to(ROOT)} imports {module}"


def _is_verb(path: Path) -> bool:
    """Wire shapes and what reads a caller belong to the API's face; migrations and commands to Django."""
    return not {"migrations", "management"} & set(path.parts) and path.stem not in WIRE


WIRE = {"wire", "shapes", "bodies", "callers", "strict", "emitting", "catalogue", "changes"}


def _files(place: str) -> Iterator[Path]:
    path = ROOT / place
    return iter([path]) if path.is_file() else path.rglob("*.py")


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
