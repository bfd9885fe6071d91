"""Secrets in model rows: a field for sealed bytes, and the row's own words to seal and unseal it.

    class MachineKey(SealsSecrets):
        id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
        secret = Sealed()

    key = MachineKey(...)
    key.seal("secret", text)
    key.unseal("secret")

The seal is bound to table, row id and field: the id must exist before the seal (we make ids ourselves), and a
table or field that is renamed takes a migration that opens under the old place and seals under the new one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.db import models

from workspaces import crypto


class Sealed(models.BinaryField):  # type: ignore[type-arg]  # generic in its stubs only
    """Sealed bytes; ``b""``, the default, means that there is no secret. Only for models that ``SealsSecrets``."""

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """Django's checks, and ours: ``rotate_encryption`` finds the field only through the model's base."""
        if issubclass(self.model, SealsSecrets):
            return super().check(**kwargs)
        fault = (
            f"{self.model.__name__}.{self.name} is a Sealed field, so {self.model.__name__} must extend SealsSecrets."
        )
        return [*super().check(**kwargs), Error(fault, obj=self, id="workspaces.E002")]


class SealsSecrets(models.Model):
    """A row with secrets. Reading one raises ``crypto.SealBroken`` when it does not belong to this row and field."""

    class Meta:
        abstract = True

    def seal(self, field: str, text: str) -> None:
        """Put a secret text into a sealed field; ``save()`` stores it."""
        setattr(self, field, crypto.seal(text, place=self._own_place(field)))

    def unseal(self, field: str) -> str:
        """The secret text of a sealed field, ``""`` when there is none."""
        sealed = bytes(getattr(self, field))
        return crypto.open_sealed(sealed, place=self._own_place(field)) if sealed else ""

    def seal_values(self, field: str, values: Mapping[str, str]) -> None:
        """Put several named secrets into one sealed field; ``save()`` stores them."""
        self.seal(field, json.dumps(dict(values)))

    def unseal_values(self, field: str) -> dict[str, str]:
        """The named secrets of a sealed field, ``{}`` when there are none."""
        text = self.unseal(field)
        return dict(json.loads(text)) if text else {}

    def _own_place(self, field: str) -> str:
        if self.pk is None:
            raise ValueError(f"A secret is bound to its row, but this {type(self).__name__} has no id yet.")
        return self.place_of(self.pk, field)

    @classmethod
    def place_of(cls, pk: object, field: str) -> str:
        """What a seal is bound to. Raises ``ValueError`` for a field that is not sealed."""
        if field not in cls.sealed_fields():
            raise ValueError(f"{cls.__name__}.{field} is not a Sealed field.")
        return f"{cls._meta.db_table}:{pk}:{field}"

    @classmethod
    def sealed_fields(cls) -> list[str]:
        """The names of the fields that hold secrets."""
        return [field.attname for field in cls._meta.concrete_fields if isinstance(field, Sealed)]

    @classmethod
    def sealed_rows(cls, field: str) -> models.QuerySet[Any]:
        """Every row that has a secret in that field, past any filter of the default manager."""
        return cls._base_manager.exclude(**{field: b""}).order_by("pk")


# --------------------------------------------------------------------------- rotation


def sealed_columns() -> list[tuple[type[SealsSecrets], str]]:
    """Every model with each of its sealed fields."""
    models_with_secrets = [model for model in apps.get_models() if issubclass(model, SealsSecrets)]
    return [(model, field) for model in models_with_secrets for field in model.sealed_fields()]


def count_by_key(model: type[SealsSecrets], field: str) -> Counter[str]:
    """How many rows each key has sealed; the key of a value that cannot be read at all is ``"unreadable"``."""
    return Counter(_key_id(sealed) for _, sealed in _stored(model, field))


def reseal_rows(model: type[SealsSecrets], field: str) -> list[crypto.SealBroken]:
    """Bring every row of a sealed field under the newest key; returns why some could not be.

    The update asks for the bytes that were read: a token that was refreshed in between wins over its older self.
    """
    broken = []
    for pk, sealed in _stored(model, field):
        try:
            if crypto.needs_resealing(sealed):
                renewed = crypto.reseal(sealed, place=model.place_of(pk, field))
                model.sealed_rows(field).filter(pk=pk, **{field: sealed}).update(**{field: renewed})
        except crypto.SealBroken as fault:
            broken.append(fault)
    return broken


def _stored(model: type[SealsSecrets], field: str) -> Iterator[tuple[Any, bytes]]:
    for pk, sealed in model.sealed_rows(field).values_list("pk", field).iterator(chunk_size=500):
        yield pk, bytes(sealed)


def _key_id(sealed: bytes) -> str:
    try:
        return crypto.key_id_of(sealed)
    except crypto.SealBroken:
        return "unreadable"
