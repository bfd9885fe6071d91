"""A field of a destination, as far as it is known, and what it takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext

from rules.mappings.fitting import UTC, Fit, Misfit, date_in, datetime_in, number, refuse, text, truth

OPTIONS_MOST: Final = 200
NAMED_MOST: Final = 5  # options that a sentence names
SEVERAL: Final = ";"  # stands between the values of a field that takes several
TYPES: Final = (
    *("text", "number", "boolean", "date", "datetime", "select", "multiselect", "email", "phone", "url"),
)  # fmt: skip
_MAIL: Final = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>.]+")
_LINK: Final = re.compile(r"https?://\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TargetField:
    """One field. ``type`` is "" where nobody knows it; ``identifier``: a record is found by it."""

    id: str
    label: str
    type: str = ""
    required: bool = False
    read_only: bool = False
    identifier: bool = False
    options: tuple[tuple[str, str], ...] = ()  # (value, label)

    @classmethod
    def of(cls, id: str, name: str, facts: Mapping[str, Any]) -> TargetField:
        """From an entry of a directory of fields. What is not as it should be counts as not known."""
        told = facts.get("options")
        options = [_option(one) for one in told[:OPTIONS_MOST]] if isinstance(told, list) else []
        return cls(
            id=id,
            label=name or id,
            type=facts["type"] if facts.get("type") in TYPES else "",
            required=facts.get("required") is True,
            read_only=facts.get("read_only") is True,
            identifier=facts.get("identifier") is True,
            options=tuple(one for one in options if one[0]),
        )

    @property
    def needed(self) -> bool:
        """Without it a record cannot be found or made."""
        return (self.identifier or self.required) and not self.read_only

    def fit(self, value: Any) -> Any:
        """The value as the field takes it, or a ``Misfit``."""
        if self.read_only:
            return Misfit(gettext("cannot be sent: the field is read-only there"))
        match self.type:
            case "select":
                return self._chosen(value)
            case "multiselect":
                return self._several(value)
            case _:
                return _FITS.get(self.type, _as_it_is)(value)

    def _chosen(self, value: Any) -> Any:
        said = text(value)
        if isinstance(said, Misfit) or not self.options:
            return said
        wanted = said.strip().casefold()
        for by in (0, 1):  # by its value, else by its label
            if found := next((one for one in self.options if one[by].casefold() == wanted), None):
                return found[0]
        return refuse(value, gettext("which is none of its options: %(options)s") % {"options": self._named()})

    def _several(self, value: Any) -> Any:
        members = value if isinstance(value, list) else value.split(SEVERAL) if isinstance(value, str) else [value]
        chosen = [self._chosen(member) for member in members if member not in (None, "")]
        misfit = next((one for one in chosen if isinstance(one, Misfit)), None)
        return misfit or SEVERAL.join(dict.fromkeys(chosen))

    def _named(self) -> str:
        names = ", ".join(label or value for value, label in self.options[:NAMED_MOST])
        return f"{names}, …" if len(self.options) > NAMED_MOST else names


def _option(told: Any) -> tuple[str, str]:
    if not isinstance(told, Mapping) or not isinstance(told.get("value"), str):
        return "", ""
    label = told.get("label")
    return told["value"], label if isinstance(label, str) and label else told["value"]


def _as_it_is(value: Any) -> Any:
    """Of a field that nobody knows: single values as they are, a list as several of them."""
    if not isinstance(value, list):
        return text(value) if isinstance(value, dict) else value
    members = [text(member) for member in value if member is not None]
    misfit = next((one for one in members if isinstance(one, Misfit)), None)
    return misfit or SEVERAL.join(members)


def _mail(value: Any) -> Any:
    said = value.strip() if isinstance(value, str) else ""
    return said if _MAIL.fullmatch(said) else refuse(value, gettext("which is no e-mail address"))


def _link(value: Any) -> Any:
    said = value.strip() if isinstance(value, str) else ""
    return said if _LINK.fullmatch(said) else refuse(value, gettext("which is no address such as https://example.com"))


_FITS: Final[Mapping[str, Fit]] = {
    "text": text,
    "phone": text,
    "number": number,
    "boolean": truth,
    "date": date_in(UTC),
    "datetime": datetime_in(UTC),
    "email": _mail,
    "url": _link,
}
