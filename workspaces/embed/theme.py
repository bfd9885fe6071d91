"""The look that a vendor may give the portal: a closed list of tokens, checked, and readable in both schemes.

Colours are ``#rrggbb``. Those at the top belong to the light scheme, those under ``dark`` to the dark one. The text
on the accent is computed. A pair that a person could not read (WCAG 2.2, 1.4.3: 4.5 to 1) is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

READABLE = 4.5
COLOURS = ("accent", "surface", "surface-raised", "text", "text-muted", "border", "success", "warning", "danger")
SCHEMES = ("system", "light", "dark")
DENSITIES = {"comfortable": "1", "compact": "0.8"}
FONTS = {
    "system": "system-ui, sans-serif",
    "sans": "Inter, 'Helvetica Neue', Arial, sans-serif",
    "rounded": "ui-rounded, 'SF Pro Rounded', system-ui, sans-serif",
    "serif": "Georgia, 'Times New Roman', serif",
    "mono": "ui-monospace, 'SF Mono', Menlo, Consolas, monospace",
}
RADIUS_MOST = 24  # pixels
LIGHT = {
    "accent": "#2f5bd7",
    "surface": "#f6f7f9",
    "surface-raised": "#ffffff",
    "text": "#1b2230",
    "text-muted": "#566074",
    "border": "#dfe3ea",
    "success": "#12703f",
    "warning": "#8a5300",
    "danger": "#b3261e",
}
DARK = {
    "accent": "#8fb0ff",
    "surface": "#12151b",
    "surface-raised": "#1a1f28",
    "text": "#e8ebf1",
    "text-muted": "#a5afc0",
    "border": "#2c3442",
    "success": "#6fd39b",
    "warning": "#f0b75e",
    "danger": "#ff9d94",
}
_COLOUR = re.compile("#[0-9a-f]{6}")
_INK = ("text", "text-muted", "accent", "success", "warning", "danger")  # all of these carry words
_PAPER = ("surface", "surface-raised")

Faults = list[tuple[str, str]]


def check(theme: Mapping[str, Any], *, over: Mapping[str, Any] | None = None) -> Faults:
    """What is wrong with a theme laid over another that is right: (token, mend). Nothing: it can be used."""
    light = {name: value for name, value in theme.items() if name in COLOURS}
    dark = theme.get("dark", {})
    if not isinstance(dark, Mapping):
        return [("dark", "must be an object of colours.")]
    faults = _unknown(theme) + _colour_faults(light, "") + _colour_faults(dark, "dark.") + _setting_faults(theme)
    if faults:
        return faults
    light, dark = _colours(merged(over or {}, theme))
    return _contrast_faults(light, "") + _contrast_faults(dark, "dark.")


def properties(*themes: Mapping[str, Any]) -> dict[str, str]:
    """CSS custom properties of checked themes, the later over the earlier. Empty for no theme at all."""
    theme = merged(*themes)
    if not theme:
        return {}
    light, dark = _colours(theme)
    found = {f"--{name}": f"light-dark({light[name]}, {dark[name]})" for name in COLOURS}
    found["--on-accent"] = f"light-dark({_on(light['accent'])}, {_on(dark['accent'])})"
    scheme = theme.get("scheme", "system")
    found["color-scheme"] = "light dark" if scheme == "system" else scheme
    if "radius" in theme:
        found["--radius"] = f"{theme['radius']}px"
    if "density" in theme:
        found["--density"] = DENSITIES[theme["density"]]
    if "font" in theme:
        found["--font"] = FONTS[theme["font"]]
    return found


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def merged(*themes: Mapping[str, Any]) -> dict[str, Any]:
    """Several themes as one, the later over the earlier."""
    merged: dict[str, Any] = {}
    for theme in themes:
        dark = {**merged.get("dark", {}), **theme.get("dark", {})}
        merged |= {**theme, **({"dark": dark} if dark else {})}
    return merged


def _colours(theme: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Every colour of both schemes, light and dark."""
    light = {**LIGHT, **{name: value for name, value in theme.items() if name in COLOURS}}
    dark = {**DARK, **_dark_accent(light["accent"], theme), **theme.get("dark", {})}
    return light, dark


def _dark_accent(accent: str, theme: Mapping[str, Any]) -> dict[str, str]:
    """A brand's colour for the dark scheme, when only the light one was given: the same, as much lighter as it must."""
    if "accent" not in theme:
        return {}
    paper = [theme.get("dark", {}).get(name, DARK[name]) for name in _PAPER]
    shades = (_lighter(accent, step / 20) for step in range(21))
    readable = (shade for shade in shades if min(contrast(shade, each) for each in paper) >= READABLE)
    return {"accent": next(readable, "#ffffff")}


def _lighter(colour: str, share: float) -> str:
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return "#" + "".join(f"{round(part + (255 - part) * share):02x}" for part in parts)


def _on(accent: str) -> str:
    return max("#ffffff", "#000000", key=lambda ink: contrast(ink, accent))


def _luminance(colour: str) -> float:
    """Relative luminance. Source: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# --------------------------------------------------------------------------- checks


def _unknown(theme: Mapping[str, Any]) -> Faults:
    known = (*COLOURS, "dark", "scheme", "radius", "density", "font")
    return [(name, f"is not a token; there are {', '.join(known)}.") for name in theme if name not in known]


def _colour_faults(colours: Mapping[str, Any], where: str) -> Faults:
    faults = [(f"{where}{name}", f"is not a colour; there are {', '.join(COLOURS)}.")
              for name in colours if name not in COLOURS]  # fmt: skip
    return faults + [
        (f"{where}{name}", "must be a colour as #rrggbb, in lower case.")
        for name, value in colours.items()
        if name in COLOURS and not (isinstance(value, str) and _COLOUR.fullmatch(value))
    ]


def _setting_faults(theme: Mapping[str, Any]) -> Faults:
    choices = {"scheme": SCHEMES, "density": tuple(DENSITIES), "font": tuple(FONTS)}
    faults = [
        (name, f"must be one of {', '.join(known)}.")
        for name, known in choices.items()
        if name in theme and theme[name] not in known
    ]
    radius = theme.get("radius", 0)
    if isinstance(radius, bool) or not isinstance(radius, int) or not 0 <= radius <= RADIUS_MOST:
        faults.append(("radius", f"must be a number of pixels from 0 to {RADIUS_MOST}."))
    return faults


def _contrast_faults(colours: Mapping[str, str], where: str) -> Faults:
    pairs = [(ink, paper, contrast(colours[ink], colours[paper])) for ink in _INK for paper in _PAPER]
    return [
        (f"{where}{ink}", f"has a contrast of {ratio:.1f} to 1 against {where}{paper}; it needs {READABLE}.")
        for ink, paper, ratio in pairs
        if ratio < READABLE
    ]
