"""The words of the portal: found in the source, kept in ``locale/`` folders, compiled for Django.

    python -m tests.words    bring the catalogues up to date; new words come in empty, lost ones go

English is the source, so it has no catalogue. What providers declare (labels, hints) is words, too.
"""

from __future__ import annotations

import ast
import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from connections.provider import Provider
from rules.conditions.words import phrases
from workspaces.retelling import STORED

ROOT = Path(__file__).parents[1]
ROOMS = ("config", "workspaces", "connections", "rules", "deliveries")
LANGUAGES = ("de",)
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}

# Who stores sentences: reasons, notes, verdicts.
STORED_BY = (
    "rules/matching.py",
    "rules/conditions/*.py",
    "rules/mappings/*.py",
    "connections/*.py",
    "connections/providers/**/*.py",
    "deliveries/*.py",
    "deliveries/breaking/*.py",
    "deliveries/showing/*.py",
    "deliveries/trying/*.py",
)
_OF_A_PROVIDER = re.compile("connections/providers/[^/]+")
_OF_THE_API = re.compile("shapes|api|^emit|^reading$|^ingest$")  # it speaks English
_SENTENCE = re.compile(r"(?=[^a-z]*[a-z])[A-Z{“\"'][^\n<>=]* [^\n<>=]*[.!?]", re.DOTALL)

Message = tuple[str, Any, str | None]  # where, what (one text, or singular and plural), context


def found() -> dict[Path, Catalog]:
    """Every word that the source wants translated, by the folder that keeps it.

    A provider's words stay in its folder unless they stand outside of all providers, too. So adding a provider changes
    nothing else; what two providers say is kept by both.
    """
    plain = [*_in_python(), *_in_templates(), *_in_providers(), *_in_outcomes()]
    known = {words for _, words, _ in plain}
    said = [*plain, *(message for message in _in_stored() if message[1] not in known)]
    common = {(words, context) for place, words, context in said if not _OF_A_PROVIDER.match(place)}
    catalogs = {home: Catalog(project="Jackfield", charset="utf-8", fuzzy=False) for home in homes()}
    for place, words, context in said:
        own = _OF_A_PROVIDER.match(place) if (words, context) not in common else None
        catalogs[ROOT / own[0] if own else ROOT].add(words, locations=[(place, 0)], context=context)
    return catalogs


def homes() -> list[Path]:
    """The folders with catalogues: the project's, and each provider's."""
    return [ROOT, *sorted(path.parent for path in (ROOT / "connections/providers").glob("*/provider.py"))]


def catalogue(home: Path, language: str) -> Path:
    """Where a language's words are kept."""
    return home / "locale" / language / "LC_MESSAGES" / "django.po"


def read(home: Path, language: str) -> Catalog:
    """A language's words as they are kept."""
    path = catalogue(home, language)
    if not path.exists():
        return Catalog(locale=language, charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalog: Catalog) -> bytes:
    """The catalogue as Django loads it."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def untranslated(catalog: Catalog) -> list[str]:
    """The words that have no translation, or one that nobody has looked at."""
    return [str(message.id) for message in catalog if message.id and (message.fuzzy or not _whole(message.string))]


def _whole(string: Any) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)


# --------------------------------------------------------------------------- where words stand


def _in_python() -> Iterator[Message]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            with path.open("rb") as file:
                yield from _extracted(file, str(path.relative_to(ROOT)))


def _in_templates() -> Iterator[Message]:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        as_python = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        flush_left = "\n".join(line.strip() for line in as_python.splitlines())  # or its indentation would be a fault
        yield from _extracted(io.BytesIO(flush_left.encode()), str(path.relative_to(ROOT)))


def _extracted(file: Any, place: str) -> Iterator[Message]:
    for _, words, _, context in extract("python", file, keywords=KEYWORDS):
        yield place, words, context


def _in_providers() -> Iterator[Message]:
    from connections.registry import all_providers

    for slug, provider in all_providers().items():
        place = f"connections/providers/{slug}"
        yield from ((place, text, None) for text in _declared(provider) if text)


def _declared(provider: Provider) -> Iterator[str]:
    yield provider.description
    for action in provider.actions:
        yield from (action.label, action.does, action.description)
    asked = provider.oauth.asked if provider.oauth else ()
    for field in [*provider.fields, *asked, *(field for action in provider.actions for field in action.fields)]:
        yield from (field.label, field.hint, *(label for _, label in field.options))
    for kind in provider.directories:
        yield from (kind.label, kind.label_plural)
    if provider.oauth:
        yield from (*provider.oauth.asks, provider.oauth.installer)


def _in_outcomes() -> Iterator[Message]:
    """What to do about an attempt that failed: it is stored as it was said, and translated when it is shown."""
    for room in ("connections", "deliveries"):
        for path in sorted((ROOT / room).rglob("*.py")):
            place = str(path.relative_to(ROOT))
            yield from ((place, text, None) for text in _fixes(ast.parse(path.read_text(encoding="utf-8"))) if text)


def _fixes(module: ast.Module) -> Iterator[str]:
    """Every text that is given as ``fix``, by itself or by the name of a constant."""
    assigned = (node for node in module.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant))
    constants = {ast.unparse(node.targets[0]): node.value for node in assigned}
    for node in ast.walk(module):
        if isinstance(node, ast.keyword) and node.arg == "fix":
            value = constants.get(ast.unparse(node.value), node.value)
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value


def _in_stored() -> Iterator[Message]:
    """Sentences that are stored as they were said, and told in another language when they are shown."""
    for pattern in STORED_BY:
        for path in (path for path in sorted(ROOT.glob(pattern)) if not _OF_THE_API.search(path.stem)):
            place = str(path.relative_to(ROOT))
            yield from ((place, text, STORED) for text in _sentences(ast.parse(path.read_text(encoding="utf-8"))))
    yield from (("rules/conditions/words.py", text, STORED) for text in phrases())


def _sentences(module: ast.Module) -> Iterator[str]:
    """Every text that reads as one, gaps and all; what documents the code does not count."""
    documents = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    inside = {id(part) for node in ast.walk(module) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(module):
        if id(node) in documents | inside:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SENTENCE.fullmatch(node.value):
            yield node.value
        if isinstance(node, ast.JoinedStr) and _SENTENCE.fullmatch(text := _with_gaps(node)):
            yield text


def _with_gaps(node: ast.JoinedStr) -> str:
    """An f-string as a pattern: its values become ``{a}``, ``{b}``, in their order."""
    names = iter("abcdefghij")
    return "".join(str(part.value) if isinstance(part, ast.Constant) else f"{{{next(names)}}}" for part in node.values)


def main() -> int:
    """Update every catalogue and say what is still to be translated."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    for home, template in found().items():
        for language in LANGUAGES:
            missing = _update(home, language, template)
            name = "" if home == ROOT else f" of {home.name}"
            print(f"{language}: {len(template)} texts{name}, {missing} to translate")
    return 0


def _update(home: Path, language: str, template: Catalog) -> int:
    """Write a catalogue anew and compile it. Returns how many of its words are still to be translated."""
    catalog, path = read(home, language), catalogue(home, language)
    begun = catalog.creation_date
    catalog.update(template, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.creation_date = begun  # or every run would be a change
    _head(catalog, language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, omit_header=False, sort_output=True, include_lineno=False, width=120)
    path.with_suffix(".mo").write_bytes(compiled(catalog))
    return len(untranslated(catalog))


def _head(catalog: Catalog, language: str) -> None:
    catalog.header_comment = f"# Jackfield in {Locale.parse(language).english_name}, kept up to date by `make words`."
    catalog.project, catalog.version = "Jackfield", "1"
    catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = ""


if __name__ == "__main__":
    sys.exit(main())
