"""What an account holds: contacts, lists and notes, kept in memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sandbox.hubspot.seeding import AccountSeed
from sandbox.pages import now

WRITABLE = ("MANUAL", "SNAPSHOT")
CONTACTS, COMPANIES = "0-1", "0-2"
_WORDS = ("Trials", "Newsletter", "Webinar", "Renewals", "Beta testers", "Churn risk", "Onboarding", "Champions")


@dataclass(slots=True)
class Contact:
    """A person, known by the e-mail address, which no two of them share."""

    id: str
    properties: dict[str, str]
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)

    @property
    def email(self) -> str:
        return self.properties["email"]

    @property
    def name(self) -> str:
        parts = (self.properties.get("firstname", ""), self.properties.get("lastname", ""))
        return " ".join(part for part in parts if part) or self.email


@dataclass(slots=True)
class ContactList:
    """A list; ``object_type`` says of what."""

    id: str
    name: str
    type: str = "MANUAL"
    object_type: str = CONTACTS
    members: set[str] = field(default_factory=set)

    @property
    def writable(self) -> bool:
        return self.type in WRITABLE


@dataclass(frozen=True, slots=True)
class Note:
    """A note on contacts."""

    id: str
    body: str
    timestamp: str
    contacts: tuple[str, ...]
    received_at: str


class Crm:
    """One account's. ``changes`` counts what was written."""

    def __init__(self, seed: AccountSeed) -> None:
        self.contacts: dict[str, Contact] = {}
        self.lists = {one.id: one for one in _lists(seed.generated_lists)}
        self.notes: list[Note] = []
        self.changes = 0
        self._by_email: dict[str, str] = {}
        self._ids = itertools.count(30_001)
        for number in range(1, seed.generated_contacts + 1):
            self.upsert(f"guest{number}@example.com", {"firstname": "Guest", "lastname": str(number)})
        self.changes = 0

    def find(self, email: str) -> Contact | None:
        return self.contacts.get(self._by_email.get(email.lower(), ""))

    def upsert(self, email: str, properties: Mapping[str, str]) -> tuple[Contact, bool]:
        """The contact, and whether it is new. An empty value clears the property."""
        self.changes += 1
        found = self.find(email)
        contact = found or self._made(email.lower())
        contact.properties |= properties
        contact.properties = {name: value for name, value in contact.properties.items() if value}
        contact.updated_at = now()
        return contact, found is None

    def note(self, body: str, timestamp: str, contacts: tuple[str, ...]) -> Note:
        self.changes += 1
        note = Note(str(next(self._ids)), body, timestamp, contacts, now())
        self.notes.append(note)
        return note

    def add(self, wanted: ContactList, ids: list[str]) -> list[str]:
        """Who was not on it before."""
        self.changes += 1
        added = [id for id in ids if id in self.contacts and id not in wanted.members]
        wanted.members.update(added)
        return added

    def remove(self, wanted: ContactList, ids: list[str]) -> list[str]:
        """Who was on it."""
        self.changes += 1
        removed = [id for id in ids if id in wanted.members]
        wanted.members.difference_update(removed)
        return removed

    def _made(self, email: str) -> Contact:
        contact = Contact(str(next(self._ids)), {"email": email})
        self.contacts[contact.id] = contact
        self._by_email[email] = contact.id
        return contact


def _lists(count: int) -> Iterator[ContactList]:
    """A few that every account has, and numbered ones; every tenth of those is filled by HubSpot itself."""
    yield ContactList("1", "Product alerts")
    yield ContactList("2", "Trial users")
    yield ContactList("3", "Everybody in the app", "DYNAMIC")
    yield ContactList("4", "Last year's customers", "SNAPSHOT")
    yield ContactList("5", "Customer companies", object_type=COMPANIES)
    for number in range(1, count + 1):
        words = _WORDS[number % len(_WORDS)]
        yield ContactList(str(100 + number), f"{words} {number}", "DYNAMIC" if number % 10 == 0 else "MANUAL")


class Crms:
    """Each account's, made when it is first asked for."""

    def __init__(self) -> None:
        self._all: dict[int, Crm] = {}
        self._cleared = 0

    def of(self, hub_id: int, seed: AccountSeed) -> Crm:
        if hub_id not in self._all:
            self._all[hub_id] = Crm(seed)
        return self._all[hub_id]

    def clear(self) -> None:
        """As at the start."""
        self._all.clear()
        self._cleared += 1

    @property
    def version(self) -> str:
        return f"{self._cleared}-{sum(crm.changes for crm in self._all.values())}"
