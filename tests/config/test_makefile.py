from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
DOCUMENTS = [path for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / ".ci" / "run") if path.exists()]


def test_make_alone_lists_every_target_with_what_it_does() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in listed.splitlines() if len(line.split()) > 3} == TARGETS


def test_no_target_is_mistaken_for_a_file() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == TARGETS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_names_only_targets_that_exist(document: Path) -> None:
    assert commands(document.read_text(encoding="utf-8"), script=document.suffix != ".md") <= TARGETS


def test_it_sees_the_commands_of_a_document() -> None:
    text = "To make sense, run `make one`:\n\n```sh\n$ make two\nmake three JACKFIELD_PORT=1\n```\nmake sure to.\n"
    assert commands(text, script=False) == {"one", "two", "three"}


def commands(text: str, *, script: bool) -> set[str]:
    blocks = [text] if script else re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL)
    typed = [name for block in blocks for name in re.findall(r"^(?:\$ )?make ([a-z]+)", block, re.MULTILINE)]
    return {*typed, *re.findall(r"`make ([a-z]+)", text)}
