"""What happened: events, decisions, deliveries and attempts.

These four tables are range-partitioned on their own time-ordered id (see ``partitions.py``), so that a week can be
dropped instead of deleted. A Delivery's id is derived from its event and rule, an Attempt's from its delivery and
number: the primary key itself is the unique constraint. None of the four has a foreign key in the database: each
would cost a lock on a hot row at every insert, and would stand in the way of dropping a partition.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from workspaces.ids import uuid7
from workspaces.tenancy import ScopedQuerySet


class Status(models.TextChoices):
    """How far an event is: the wire contract's words."""

    PENDING = "pending"
    PROCESSING = "processing"
    RETRYING = "retrying"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


class State(models.TextChoices):
    """How far a delivery is. The first four are open; ``due_at`` is set exactly while somebody shall take it."""

    PENDING = "pending"
    SENDING = "sending"  # claimed; due again when the lease ends
    RETRYING = "retrying"
    HELD = "held"  # waits for its connection
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELED = "canceled"
    MUTED = "muted"  # its rule fired while it was muted
    SUPERSEDED = "superseded"  # held, and left out for a newer one about the same thing; see superseding.py
    DIGESTED = "digested"  # folded into the message of another delivery: its carrier; see folding.py

    @property
    def status(self) -> Status:
        """The state in the wire contract's words."""
        return _STATUS[self]


_STATUS = {
    State.PENDING: Status.PENDING,
    State.SENDING: Status.PROCESSING,
    State.RETRYING: Status.RETRYING,
    State.HELD: Status.RETRYING,
    State.DELIVERED: Status.COMPLETED,
    State.FAILED: Status.FAILED,
    State.CANCELED: Status.CANCELED,
    State.MUTED: Status.CANCELED,
    State.SUPERSEDED: Status.CANCELED,
    State.DIGESTED: Status.COMPLETED,
}
TEST = "test"  # the kind of an event that was asked for by hand: sent and told as a test, and counted nowhere
OPEN_STATES = (State.PENDING, State.SENDING, State.RETRYING, State.HELD)


class Happening(models.Model):
    """What the four have in common: whose it is, without foreign keys."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization_id = models.UUIDField()
    workspace_id = models.UUIDField()

    class Meta:
        abstract = True


class Event(Happening):
    """One product event as it was received. ``payload`` is the text itself: order and numbers intact."""

    kind = models.CharField(max_length=32, default="event")  # the wire contract's "type"
    event = models.CharField(max_length=128)
    resource = models.CharField(max_length=128, default="global")
    resource_id = models.CharField(max_length=128, default="", blank=True)
    payload = models.TextField()
    severity = models.PositiveSmallIntegerField(null=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    total_rules = models.PositiveIntegerField(default=0)
    completed_count = models.PositiveIntegerField(default=0)
    failed_count = models.PositiveIntegerField(default=0)
    canceled_count = models.PositiveIntegerField(default=0)
    created_by = models.CharField(max_length=128)
    created_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)

    objects: ScopedQuerySet[Event] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "-id"], name="event_by_workspace"),
            models.Index(fields=["organization_id", "-id"], name="event_by_organization"),
            models.Index(fields=["workspace_id", "id"], name="event_undecided", condition=Q(decided_at=None)),
            models.Index(fields=["workspace_id", "-id"], name="event_failed", condition=Q(status="failed")),
            models.Index(
                fields=["workspace_id", "id"], name="event_silent", condition=Q(total_rules=0) & ~Q(completed_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.id}"


class Decision(Happening):
    """Why each rule did or did not fire: one row an event (the same id), a verdict for every rule considered."""

    verdicts = models.JSONField(default=list)
    ruleset_version = models.PositiveBigIntegerField()
    decided_at = models.DateTimeField(db_default=Now())

    objects: ScopedQuerySet[Decision] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"decision on {self.id}"


class Delivery(Happening):
    """One event under one rule."""

    event_id = models.UUIDField()
    rule_id = models.UUIDField()
    rule_version_id = models.UUIDField()
    connection_id = models.UUIDField()
    provider = models.CharField(max_length=32)
    lane = models.UUIDField()  # what is paced together: a connection, or one channel of it
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    due_at = models.DateTimeField(null=True)
    ready = models.BooleanField(default=True, db_default=True)  # may be due: what a claim looks at; see claiming.py
    fence = models.PositiveIntegerField(default=0)  # grows with every claim; an old claimer's result is not taken
    lost = models.PositiveSmallIntegerField(default=0, db_default=0)  # claims in a row that nobody ever answered for
    attempt_count = models.PositiveIntegerField(default=0)
    first_sent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    waits_until = models.DateTimeField(null=True)  # not before then, whatever else happens: its rule's settings say so
    carrier_id = models.UUIDField(null=True)  # the delivery whose message carries it; itself: a carrier. See folding.py
    note = models.TextField(default="", db_default="", blank=True)  # why it waits for that, or is muted or digested
    last_code = models.CharField(max_length=32, default="", blank=True)
    last_error = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects: ScopedQuerySet[Delivery] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(
                fields=["workspace_id", "lane", "due_at", "id"],
                name="delivery_ready",
                condition=Q(ready=True) & ~Q(due_at=None),
            ),
            models.Index(fields=["due_at"], name="delivery_scheduled", condition=Q(ready=False) & ~Q(due_at=None)),
            models.Index(fields=["state", "connection_id"], name="delivery_open", condition=Q(state__in=OPEN_STATES)),
            models.Index(fields=["event_id"], name="delivery_by_event"),
            models.Index(fields=["carrier_id", "id"], name="delivery_folded", condition=~Q(carrier_id=None)),
            models.Index(fields=["workspace_id", "-id"], name="delivery_by_workspace"),
            models.Index(fields=["workspace_id", "-id"], name="delivery_failed", condition=Q(state="failed")),
        ]

    def __str__(self) -> str:
        return f"delivery {self.id}"


class Attempt(Happening):
    """One try: the exact request and answer, with everything secret struck out."""

    delivery_id = models.UUIDField()
    number = models.PositiveIntegerField()
    code = models.CharField(max_length=32)
    culprit = models.CharField(max_length=16)
    reason = models.TextField()
    fix = models.TextField(default="", blank=True)
    exchanges = models.JSONField(default=list)  # [{"request": …, "response": …}], one for each step
    notes = models.JSONField(default=list)
    reference = models.CharField(max_length=256, default="", blank=True)
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()

    objects: ScopedQuerySet[Attempt] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.delivery_id}"

    @property
    def finished_at(self) -> datetime:
        """When it was over."""
        return self.started_at + timedelta(milliseconds=self.duration_ms)


class Lane(models.Model):
    """What is paced together. A row exists only where a vendor sets a pace or has asked us to wait."""

    id = models.UUIDField(primary_key=True)
    pace_ms = models.PositiveIntegerField(default=0)  # least time between two sends; 0: none
    next_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"lane {self.id}"


class Window(models.Model):
    """What a rule with a digest or quiet hours has said lately; see folding.py. A row exists only for such a rule."""

    id = models.UUIDField(primary_key=True)  # the rule's
    ends_at = models.DateTimeField(null=True)  # of the digest's window; none has begun without
    singles = models.PositiveIntegerField(default=0, db_default=0)  # single messages in that window
    carrier_id = models.UUIDField(null=True)  # the last delivery that others could be folded into
    touched_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"window of {self.id}"


class IdempotencyRecord(models.Model):
    """A caller's ``Idempotency-Key``: unique across time, and so not in a partitioned table."""

    id = models.BigAutoField(primary_key=True)
    owner_id = models.UUIDField()  # its workspace; of a bulk call with a machine token, the organization
    route = models.CharField(max_length=16)
    key = models.CharField(max_length=255)
    body_hash = models.BinaryField()
    status = models.PositiveSmallIntegerField()
    answer = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner_id", "route", "key"], name="idempotency_key_unique")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_by_age")]

    def __str__(self) -> str:
        return self.key


class Capture(models.Model):
    """What would have been sent: kept for the capture destination and for workspaces that only record."""

    id = models.UUIDField(primary_key=True)  # the delivery's
    organization_id = models.UUIDField()
    workspace_id = models.UUIDField()
    request = models.JSONField()
    body = models.TextField()
    captured_at = models.DateTimeField(db_default=Now())

    objects: ScopedQuerySet[Capture] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [models.Index(fields=["workspace_id", "-id"], name="capture_by_workspace")]

    def __str__(self) -> str:
        return f"capture of {self.id}"


class Aftermath(models.Model):
    """What a vendor told of a delivery after it had taken it, such as a bounce. The delivery stays as it is."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization_id = models.UUIDField()
    workspace_id = models.UUIDField()
    connection_id = models.UUIDField()
    delivery_id = models.UUIDField(db_index=True)
    call_id = models.CharField(max_length=128)  # the vendor's: one call is kept once, however often it comes
    kind = models.CharField(max_length=16)  # an ``Afterwards``
    words = models.TextField()
    happened_at = models.DateTimeField()
    heard_at = models.DateTimeField(db_default=Now())

    objects: ScopedQuerySet[Aftermath] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection_id", "call_id"], name="aftermath_call_unique")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.delivery_id}"
