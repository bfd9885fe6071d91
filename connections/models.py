"""What is plugged in: one workspace's authorised accounts and endpoints."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from workspaces.ids import uuid7
from workspaces.sealing import Sealed, SealsSecrets
from workspaces.tenancy import WorkspaceScoped


class Connection(SealsSecrets, WorkspaceScoped):
    """One workspace's account or endpoint at a provider. Secrets are sealed; ``settings`` holds none."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.CharField(max_length=32)  # the folder's slug
    name = models.CharField(max_length=128)
    settings = models.JSONField(default=dict)
    credentials = Sealed()
    active = models.BooleanField(default=True)
    inactive_reason = models.CharField(max_length=64, default="", blank=True)
    hidden = models.BooleanField(default=False)
    retry_delays = models.JSONField(null=True)  # seconds between attempts; null: the standard schedule
    failing_since = models.DateTimeField(null=True)  # everything has failed since; one success clears it
    created_by = models.CharField(max_length=128)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [models.Index(fields=["organization", "-id"], name="connection_by_organization")]

    def __str__(self) -> str:
        return self.name


class Recipient(WorkspaceScoped):
    """A mail address that a customer typed. Nothing is sent to it before its owner has said yes."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="recipients")
    address = models.EmailField()
    token_hash = models.BinaryField(unique=True)  # SHA-256 of the mailed link's secret
    asked_at = models.DateTimeField(null=True)  # null: the question has still to be mailed
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "address"], name="recipient_unique")]

    def __str__(self) -> str:
        return self.address
