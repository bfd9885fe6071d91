"""The words of the portal: found in the source, kept in ``locale/``, compiled for Django.

    python -m tests.words    bring the catalogues up to date; new words come in empty, lost ones go

English is the source, so it has no catalogue. What providers declare (labels, hints) is words, too.
"""

from __future__ import annotations

import ast
import io
import os
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

Message = tuple[str, Any, str | None]  # where, what (one text, or singular and plural), context


def found() -> Catalog:
    """Every word that the source wants translated."""
    catalog = Catalog(project="Jackfield", charset="utf-8", fuzzy=False)
    for place, words, context in [*_in_python(), *_in_templates(), *_in_providers(), *_in_outcomes()]:
        catalog.add(words, locations=[(place, 0)], context=context)
    return catalog


def catalogue(language: str) -> Path:
    """Where a language's words are kept."""
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    """A language's words as they are kept."""
    path = catalogue(language)
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
        yield from (action.label, action.description)
    for field in [*provider.fields, *(field for action in provider.actions for field in action.fields)]:
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


def main() -> int:
    """Update every catalogue and say what is still to be translated."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    template = found()
    for language in LANGUAGES:
        catalog, path = read(language), catalogue(language)
        begun = catalog.creation_date
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        catalog.creation_date = begun  # or every run would be a change
        _head(catalog, language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalog, omit_header=False, sort_output=True, include_lineno=False, width=120)
        path.with_suffix(".mo").write_bytes(compiled(catalog))
        missing = untranslated(catalog)
        print(f"{language}: {len(catalog)} texts, {len(missing)} to translate")
    return 0


def _head(catalog: Catalog, language: str) -> None:
    catalog.header_comment = f"# Jackfield in {Locale.parse(language).english_name}, kept up to date by `make words`."
    catalog.project, catalog.version = "Jackfield", "1"
    catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = ""


if __name__ == "__main__":
    sys.exit(main())
