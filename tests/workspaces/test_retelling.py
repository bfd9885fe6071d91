"""Sentences that were stored in English, told to somebody who reads German."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation
from django.utils.translation.trans_real import catalog

from workspaces import retelling
from workspaces.retelling import retell

SAID = {
    "{a} accepted it ({b}).": "{a} hat es angenommen ({b}).",
    "{a} asks us to slow down ({b}).": "Auf Wunsch von {a} geht es langsamer ({b}).",
    "The receiver": "Der Empfänger",
    "Severity {a} is below {b}.": "Dringlichkeit {a} liegt unter {b}.",
    "{a} That is a fault of ours.": "{a} Das ist unser Fehler.",
    "It is gone.": "Es ist fort.",
    "{field} is {saw}, not more than {value}.": "{field} ist {saw}, nicht mehr als {value}.",
}


@pytest.fixture(autouse=True)
def _german(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with translation.override("de"):
        words = catalog()._catalog  # type: ignore[attr-defined]
        known = dict(words.items())
        own = {f"{retelling.STORED}\x04{text}": said for text, said in SAID.items()}
        monkeypatch.setattr(words, "_catalogs", [{**own, "high": known["high"], "low": known["low"], "": known[""]}])
        retelling._patterns.cache_clear()
        retelling._retold.cache_clear()
        yield
    retelling._patterns.cache_clear()
    retelling._retold.cache_clear()


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ("It is gone.", "Es ist fort."),
        ("The receiver accepted it (200).", "Der Empfänger hat es angenommen (200)."),
        ("Slack asks us to slow down (429).", "Auf Wunsch von Slack geht es langsamer (429)."),
        ("Severity low is below high.", "Dringlichkeit niedrig liegt unter hoch."),
        ("It is gone. That is a fault of ours.", "Es ist fort. Das ist unser Fehler."),
        ("It is gone. The receiver accepted it (200).", "Es ist fort. Der Empfänger hat es angenommen (200)."),
        ('value is "a\nb", not more than 5.', 'value ist "a\nb", nicht mehr als 5.'),
    ],
)
def test_a_stored_sentence_is_told_in_the_readers_language(stored: str, told: str) -> None:
    assert retell(stored) == told


@pytest.mark.parametrize("text", ["", "Whatever the vendor said.", "{a} {b}", "%(name)s", "a\\1(?P<x>.)"])
def test_what_nobody_has_translated_stays_as_it_is(text: str) -> None:
    assert retell(text) == text


def test_whoever_reads_english_gets_it_as_it_was_stored() -> None:
    with translation.override("en"):
        assert retell("It is gone.") == "It is gone."


def test_hostile_texts_take_no_time() -> None:
    assert retell("a is b, " * 2_000)
