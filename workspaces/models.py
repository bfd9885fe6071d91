"""Who speaks: the vendor, its tenants' workspaces, and the keys they hold."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from workspaces.ids import uuid7
from workspaces.sealing import Sealed, SealsSecrets
from workspaces.tenancy import ScopedQuerySet, WorkspaceScoped


class Environment(models.TextChoices):
    """Which of the vendor's worlds a workspace lives in."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


class Organization(models.Model):
    """The vendor. Its id is a version 4 UUID: the published node client refuses version 7 here."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=100)
    embed_origins = models.JSONField(default=list)  # who may frame the portal, when a session does not say
    theme = models.JSONField(default=dict)  # see embed/theme.py
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class Workspace(models.Model):
    """One tenant in one environment: the boundary of isolation."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="workspaces")
    name = models.CharField(max_length=50)
    description = models.CharField(max_length=1024, null=True)  # noqa: DJ001  null is the wire contract's word for none
    tenant = models.CharField(max_length=128)
    environment = models.CharField(max_length=16, choices=Environment, default=Environment.PRODUCTION)
    allowed_origins = models.JSONField(default=list)  # may emit from a browser; empty: any
    capture_only = models.BooleanField(default=False)  # record instead of send, for the whole workspace
    retention_days = models.PositiveSmallIntegerField(null=True)  # null: the installation's
    ruleset_version = models.PositiveBigIntegerField(default=1)  # moves with every change of a rule
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    objects: ScopedQuerySet[Workspace] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="workspace_name_unique"),
            models.UniqueConstraint(fields=["organization", "tenant", "environment"], name="workspace_tenant_unique"),
        ]

    def __str__(self) -> str:
        return self.name


class PublishableKey(WorkspaceScoped):
    """May emit events into one workspace, and nothing else; made to be seen, so it is stored readable."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    text = models.CharField(max_length=128, unique=True)
    key_id = models.CharField(max_length=32)
    name = models.CharField(max_length=64, default="Default")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True)  # set when it was rotated: the overlap's end
    last_used_at = models.DateTimeField(null=True)  # to the minute; see access.py

    def __str__(self) -> str:
        return f"{self.name} ({self.key_id})"

    def live(self, now: datetime) -> bool:
        """Whether it may still be used."""
        return self.expires_at is None or self.expires_at > now


class MachineKey(SealsSecrets, models.Model):
    """The vendor's back-end: an access key, and a secret that signs short-lived JWTs (so it must be readable by us)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="machine_keys")
    name = models.CharField(max_length=64, default="Default")
    access_key = models.CharField(max_length=64, unique=True)
    secret = Sealed()
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.access_key})"


class Role(models.TextChoices):
    """What somebody in the portal may do; what each may is the table in ``access.py``."""

    VIEWER = "viewer"
    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"


class SessionType(models.TextChoices):
    """How much of a workspace a session opens."""

    WORKSPACE = "workspace"
    RESOURCE = "resource"  # only what is about one resource
    DASHBOARD = "dashboard"  # the overview, to look at


class EmbedSession(WorkspaceScoped):
    """One person's stay in the portal, minted by the vendor's back-end. Its tokens are stored hashed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    role = models.CharField(max_length=16, choices=Role, default=Role.MEMBER)
    session_type = models.CharField(max_length=16, choices=SessionType, default=SessionType.WORKSPACE)
    external_user_id = models.CharField(max_length=255, default="", blank=True)
    resource = models.CharField(max_length=128, default="", blank=True)
    resource_id = models.CharField(max_length=128, default="", blank=True)
    scopes = models.JSONField(default=list)
    origins = models.JSONField(default=list)  # who may frame it, as worked out when it was minted
    launch_page = models.CharField(max_length=16, default="dashboard")
    theme = models.JSONField(default=dict)
    language = models.CharField(max_length=8, default="", blank=True)  # "": what the browser asks for
    token_hash = models.BinaryField(unique=True)  # SHA-256 of what the vendor's back-end holds
    frame_hash = models.BinaryField(unique=True, null=True)  # of what the frame got for its launch token
    launch_hash = models.BinaryField(unique=True, null=True)  # null: spent
    launch_expires_at = models.DateTimeField()
    ttl_seconds = models.PositiveSmallIntegerField(default=1800)
    created_by = models.CharField(max_length=128)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "-id"], name="session_by_workspace")]

    def __str__(self) -> str:
        return f"sess_{self.id}"


class AuditEntry(models.Model):
    """Who changed what: written in the same transaction as the change."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, null=True, related_name="+")
    actor = models.CharField(max_length=128)
    verb = models.CharField(max_length=64)  # "rule.created"
    subject = models.CharField(max_length=128)  # the id of what was changed
    detail = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["workspace", "-id"], name="audit_by_workspace")]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.subject}"


class Notice(WorkspaceScoped):
    """Something that has to be told to those who asked for it: a connection broke, may be switched off, or recovered.

    Kept for a month. Who gets it is in its messages, which are written in the same transaction.
    """

    class Kind(models.TextChoices):
        INACTIVE = "connection.inactive"
        WARNING = "connection.warning"
        RECOVERED = "connection.recovered"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=32, choices=Kind)
    subject = models.UUIDField()  # the connection's id
    facts = models.JSONField(default=dict)  # the connection as it was told of: name, type, inactive_reason, since, held
    occurred_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["workspace", "subject", "-id"], name="notice_by_subject")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class LifecycleWebhook(SealsSecrets, models.Model):
    """An address of the vendor's own that is told what becomes of its customers' connections."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="lifecycle_webhooks")
    url = models.CharField(max_length=2_000)
    secret = Sealed()
    event_types = models.JSONField(default=list)  # kinds of notices; empty: all
    active = models.BooleanField(default=True)  # false: it answered 410
    created_by = models.CharField(max_length=128)
    created_at = models.DateTimeField(db_default=Now())

    objects: ScopedQuerySet[LifecycleWebhook] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.url


class Message(models.Model):
    """The outbox: one notice to one receiver. ``due_at`` is set exactly while somebody shall send it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="messages")
    webhook = models.ForeignKey(LifecycleWebhook, on_delete=models.CASCADE, null=True, related_name="+")
    address = models.EmailField(default="", blank=True)  # of a mail; the other kind has a webhook
    due_at = models.DateTimeField(null=True, db_default=Now())
    attempt_count = models.PositiveSmallIntegerField(default=0)  # begun, whether or not somebody came back from it
    sent_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="message_due", condition=Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"message {self.id}"
