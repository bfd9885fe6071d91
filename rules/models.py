"""Where it goes: rules, their immutable versions, and the catalogue of what has been seen."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from connections.models import Connection
from workspaces.ids import uuid7
from workspaces.tenancy import WorkspaceScoped


class Rule(WorkspaceScoped):
    """Event type → connection + action. What it says lives in its current version; this row is its identity.

    How loud it is, is this row's, too: a delivery that was held back says so itself, and no version has to explain it.
    ``key`` is the same for the same rule in every environment, so that a rule can be promoted with a diff.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.UUIDField(default=uuid7)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="rules")
    name = models.CharField(max_length=128, blank=True)
    active = models.BooleanField(default=True)
    hidden = models.BooleanField(default=False)
    muted_until = models.DateTimeField(null=True)
    quiet_hours = models.JSONField(null=True)  # see restraint.py for the form of this and the next
    digest = models.JSONField(null=True)
    version = models.ForeignKey("RuleVersion", on_delete=models.PROTECT, null=True, related_name="+")
    created_by = models.CharField(max_length=128)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="rule_key_unique")]
        indexes = [models.Index(fields=["organization", "-id"], name="rule_by_organization")]

    def __str__(self) -> str:
        return self.name or str(self.id)


class RuleVersion(models.Model):
    """What a rule said at one time. Never changed: deliveries point at it, so the past stays explainable."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    rule_id = models.UUIDField(db_index=True)  # kept when the rule is deleted
    number = models.PositiveIntegerField()
    event = models.CharField(max_length=128)  # a pattern: "alert.triggered", "alert.*"
    resource = models.CharField(max_length=128, default="", blank=True)  # "": any
    resource_id = models.CharField(max_length=128, default="", blank=True)  # "": any
    min_severity = models.CharField(max_length=16, default="", blank=True)  # "": does not ask
    conditions = models.JSONField(default=dict)
    action = models.CharField(max_length=64)
    inputs = models.JSONField(default=dict)  # the wire contract's rule metadata, less the action
    created_by = models.CharField(max_length=128)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule_id", "number"], name="rule_version_unique")]

    def __str__(self) -> str:
        return f"version {self.number}"


class Mapping(WorkspaceScoped):
    """What a connection's mapping said at one time: never changed, and the one with the highest number is in force.

    So the attempts of a delivery, which name the number, stay explainable. ``rules.mappings`` says what a schema is.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="mappings", db_index=False)
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=64)
    schema = models.JSONField()
    catalog_version = models.CharField(max_length=64, default="", blank=True)  # of the fields as they were then
    created_by = models.CharField(max_length=128)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "number"], name="mapping_number_unique")]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


class EventType(WorkspaceScoped):
    """The catalogue: what a workspace emits. Unknown types are accepted and appear here as seen."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=128)
    label = models.CharField(max_length=128)
    description = models.CharField(max_length=1024, default="", blank=True)
    severity_path = models.CharField(max_length=256, default="severity")
    seen = models.BooleanField(default=False)  # learnt from an event, not declared
    active = models.BooleanField(default=True)
    created_by = models.CharField(max_length=128)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="event_type_unique")]

    def __str__(self) -> str:
        return self.key


class Resource(WorkspaceScoped):
    """The catalogue's other half: what events are about."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=128)
    label = models.CharField(max_length=128)
    description = models.CharField(max_length=1024, default="", blank=True)
    seen = models.BooleanField(default=False)
    active = models.BooleanField(default=True)
    created_by = models.CharField(max_length=128)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="resource_unique")]

    def __str__(self) -> str:
        return self.key
