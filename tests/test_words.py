"""Every word of the portal is there in every language, and the compiled catalogue is the one that is kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from django.template import Context, Template
from django.utils import translation

from tests import words

_PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


HOMES = pytest.mark.parametrize("home", words.homes(), ids=lambda home: home.name)


@pytest.fixture(scope="module")
def found() -> dict[Path, Catalog]:
    return words.found()


@HOMES
@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_word_is_translated_and_no_other_is_kept(found: dict[Path, Catalog], home: Path, language: str) -> None:
    kept = words.read(home, language)
    wanted = {(message.context, str(message.id)) for message in found[home] if message.id}
    assert {(message.context, str(message.id)) for message in kept if message.id} == wanted, "run `make words`"
    assert words.untranslated(kept) == []


@HOMES
@pytest.mark.parametrize("language", words.LANGUAGES)
def test_what_is_compiled_is_what_is_kept(home: Path, language: str) -> None:
    compiled = words.catalogue(home, language).with_suffix(".mo").read_bytes()
    assert compiled == words.compiled(words.read(home, language)), "run `make words`"


@HOMES
@pytest.mark.parametrize("language", words.LANGUAGES)
def test_a_translation_has_the_same_places_for_values(home: Path, language: str) -> None:
    for message in words.read(home, language):
        ids, strings = _texts(message.id), _texts(message.string)
        for string in filter(None, strings):
            assert set(_PLACE.findall(string)) <= {place for id in ids for place in _PLACE.findall(id)}, string
            assert set(_PLACE.findall(ids[-1])) == set(_PLACE.findall(strings[-1])), string


def test_german_is_spoken() -> None:
    with translation.override("de"):
        text = Template('{% load i18n %}{% translate "Settings" %}').render(Context())
    assert text == "Einstellungen"


def _texts(one: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [one] if isinstance(one, str) else list(one or ())
