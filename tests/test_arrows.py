"""What import-linter cannot say: which standard and outside modules a pure module or a verb may know."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.imports import imports_of

ROOT = Path(__file__).parent.parent
PURE = {  # the file or folder, and the one library it may know
    "rules/severity.py": set(),
    "rules/patterns.py": set(),
    "rules/paths.py": set(),
    "rules/instants.py": set(),
    "rules/quiet.py": set(),
    "rules/sentences.py": set(),
    "rules/suggesting.py": set(),
    "rules/restraint.py": set(),
    "rules/showing.py": set(),
    "rules/matching.py": set(),
    "rules/conditions": {"jsonschema"},
    "rules/mappings": {"jsonschema"},
    "rules/templates": {"liquid", "markupsafe"},
    "deliveries/backoff.py": set(),
    "connections/provider": set(),
    "connections/verdicts.py": set(),
    "connections/answers.py": set(),
    "connections/envelope.py": set(),
    "connections/alerts.py": set(),
    "connections/providers": {"standardwebhooks"},
    "workspaces/ids.py": set(),
    "workspaces/keys.py": set(),
}
VERBS = {
    "workspaces": ("audit", "crypto", "sealing", "machine_tokens", "notices"),
    "connections": (
        *("oauth", "courses", "provider_apps", "connecting/tickets", "connecting/departing", "connecting/arriving"),
        *("connecting/keeping", "connecting/parting", "connecting/forgetting", "connecting/words"),
        *("settling", "recipients", "question_mail", "leaving", "late_pairs", "registry", "addresses", "http", "smtp"),
        *("directory", "reading_on", "entries", "finding", "looking_up", "opening"),
    ),
    "rules": (
        *("authoring", "rulesets", "matching", "versions"),
        *("mapping_catalogue", "mapping_default", "mapping_saving", "mapping_loading"),
    ),
    "deliveries": (
        *("reading", "ingest", "fanout", "deciding", "spreading", "catalogue", "turns", "claiming", "preparing"),
        *("jobs", "mapped", "sending", "recording", "keeping", "draining", "waking", "pacing"),
        *("folding", "digests", "recovery", "retention", "partitions", "quarantine", "unsent", "redaction"),
        *("trying/samples", "trying/preview", "trying/backtest", "trying/testing"),
        *("breaking/failing", "breaking/outages", "breaking/disabling", "breaking/switching", "breaking/awaiting"),
        *("breaking/refusing", "breaking/holding", "breaking/backlog", "breaking/superseding", "breaking/choosing"),
        *("breaking/announcing", "breaking/posting", "breaking/lifecycle", "breaking/notice_mail"),
    ),
}
# What a person will read is put into their language where it is worded: neither knows of a request or a database.
WORDS = ("django.utils.translation", "django.utils.formats")
WEB = ("django.http", "django.forms", "django.shortcuts", "django.template", "django.views", "ninja")


@pytest.mark.parametrize("place", PURE)
def test_a_pure_module_knows_the_standard_library_its_one_library_and_other_pure_modules(place: str) -> None:
    pure = tuple(name.removesuffix(".py").replace("/", ".") for name in PURE)
    for path in _files(place):
        for module in imports_of(path):
            root = module.split(".")[0]
            known = root in sys.stdlib_module_names or root in PURE[place]
            assert known or module.startswith((*pure, *WORDS)), f"{path.relative_to(ROOT)} imports {module}"


@pytest.mark.parametrize("verb", [f"{app}/{name}.py" for app, names in VERBS.items() for name in names])
def test_a_verb_knows_nothing_of_requests_pages_or_forms(verb: str) -> None:
    for module in imports_of(ROOT / verb):
        assert not module.startswith(WEB), f"{verb} imports {module}"


def _files(place: str) -> Iterator[Path]:
    path = ROOT / place
    return iter([path]) if path.is_file() else path.rglob("*.py")
