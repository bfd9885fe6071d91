"""The look a vendor may give the portal: closed, checked, and readable."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspaces.embed.theme import DARK, LIGHT, READABLE, check, contrast, merged, properties


def test_our_own_colours_are_readable_in_both_schemes() -> None:
    assert check({}) == []


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000000", "#ffffff", 21.0), ("#ffffff", "#ffffff", 1.0), ("#767676", "#ffffff", 4.54)]
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(other, one) == contrast(one, other)


@pytest.mark.parametrize(
    ("theme", "token", "words"),
    [
        ({"accent": "#ffff00"}, "accent", "contrast"),
        ({"text": "#cccccc"}, "text", "4.5"),
        ({"dark": {"surface": "#ffffff"}}, "dark.text", "dark.surface"),
        ({"accent": "red"}, "accent", "#rrggbb"),
        ({"accent": "#2F5BD7"}, "accent", "lower case"),
        ({"accent": "#123456; } body { display: none"}, "accent", "#rrggbb"),
        ({"accent": None}, "accent", "#rrggbb"),
        ({"on-accent": "#ffffff"}, "on-accent", "not a token"),
        ({"background-image": "url(https://evil.example)"}, "background-image", "not a token"),
        ({"dark": []}, "dark", "object"),
        ({"dark": {"radius": 4}}, "dark.radius", "not a colour"),
        ({"radius": 25}, "radius", "24"),
        ({"radius": True}, "radius", "number"),
        ({"radius": "4px"}, "radius", "number"),
        ({"scheme": "sepia"}, "scheme", "system"),
        ({"font": "Comic Sans"}, "font", "serif"),
        ({"font": ["system"]}, "font", "serif"),
        ({"density": "airy"}, "density", "compact"),
    ],
)
def test_it_refuses_by_name_what_it_cannot_use(theme: dict[str, Any], token: str, words: str) -> None:
    faults = dict(check(theme))
    assert words in faults[token]


def test_a_theme_is_judged_over_the_one_it_will_be_laid_on() -> None:
    midnight = {"surface": "#101010", "surface-raised": "#181818", "text": "#f0f0f0", "text-muted": "#b0b0b0"}
    light_inks = {"accent": "#8fb0ff", "success": "#6fd39b", "warning": "#f0b75e", "danger": "#ff9d94"}
    assert check({"text": "#f0f0f0"})
    assert check({"text": "#f0f0f0"}, over={**midnight, **light_inks}) == []


def test_later_themes_win_token_by_token() -> None:
    both = merged({"accent": "#7c3aed", "dark": {"text": "#ffffff"}}, {"radius": 2, "dark": {"surface": "#000000"}})
    assert both == {"accent": "#7c3aed", "radius": 2, "dark": {"text": "#ffffff", "surface": "#000000"}}


def test_no_theme_writes_no_style() -> None:
    assert properties({}, {}) == {}


def test_the_properties_are_what_the_stylesheet_reads() -> None:
    found = properties({"accent": "#7c3aed", "scheme": "dark", "radius": 2, "density": "compact", "font": "serif"})
    assert found["--accent"].startswith("light-dark(#7c3aed, ")
    assert (found["color-scheme"], found["--radius"], found["--density"]) == ("dark", "2px", "0.8")
    assert found["--font"].startswith("Georgia")


@given(st.integers(0, 0xFFFFFF))
def test_whatever_the_accent_its_text_and_its_dark_shade_are_readable(colour: int) -> None:
    accent = f"#{colour:06x}"
    found = properties({"accent": accent})
    light_ink, dark_ink = found["--on-accent"].removeprefix("light-dark(").removesuffix(")").split(", ")
    dark = found["--accent"].removesuffix(")").split(", ")[1]
    assert contrast(light_ink, accent) >= READABLE
    assert contrast(dark_ink, dark) >= READABLE
    assert min(contrast(dark, DARK["surface"]), contrast(dark, DARK["surface-raised"])) >= READABLE


def test_the_stylesheet_has_the_same_defaults() -> None:
    from pathlib import Path

    css = (Path(__file__).parents[3] / "static" / "portal.css").read_text()
    for name in LIGHT:
        assert f"--{name}: light-dark({LIGHT[name]}, {DARK[name]});" in css
