"""What is plugged in: one workspace's authorised accounts and endpoints."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from workspaces.ids import uuid7
from workspaces.models import EmbedSession, Environment, Organization
from workspaces.sealing import Sealed, SealsSecrets
from workspaces.tenancy import ScopedQuerySet, WorkspaceScoped


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
    # Of an account whose access token runs out; see credentials.py and renewing.py.
    token_fence = models.PositiveIntegerField(default=0)  # grows with every stored token and every claim of a renewal
    token_at = models.DateTimeField(null=True)  # when the token was stored
    token_until = models.DateTimeField(null=True)  # nothing is sent with it from then on; null: it stays good
    renew_at = models.DateTimeField(null=True)  # when a new one shall be asked for; null: never
    renewing_until = models.DateTimeField(null=True)  # somebody is asking for it: the lease
    renew_failures = models.PositiveSmallIntegerField(default=0)  # since the token was stored
    renew_trouble = models.TextField(default="", blank=True)  # why it could not be renewed the last time
    renew_failing_since = models.DateTimeField(null=True)  # no renewal has succeeded since; a stored token clears it
    failed_at = models.DateTimeField(null=True)  # when an attempt last failed, to the minute; counts while failing
    warned_at = models.DateTimeField(null=True)  # half way to being switched off for failing; a success clears it
    told = models.CharField(max_length=16, default="", blank=True)  # what people were told last: a ``notices.Told``
    held_choice = models.CharField(max_length=8, default="", blank=True)  # what becomes of what is held: a ``Choice``
    asked_at = models.DateTimeField(null=True)  # since when somebody is asked for that choice
    old_secret_until = models.DateTimeField(null=True)  # two signing secrets are live until then; null: there is one
    created_by = models.CharField(max_length=128)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "-id"], name="connection_by_organization"),
            models.Index(
                fields=["old_secret_until"], name="connection_old_secret", condition=~Q(old_secret_until=None)
            ),
            models.Index(
                fields=["renew_at"], name="connection_renewal", condition=Q(active=True, renew_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Choice(models.TextChoices):
    """What becomes of the deliveries that were held for a connection, once it is on again. Empty: nothing is said."""

    ASKED = "ask"  # they wait until somebody chooses, for a day at most
    ALL = "all"
    NEWEST = "newest"  # of each rule only the newest about the same thing; the others are superseded
    NONE = "none"


class Outage(models.Model):
    """A destination that many workspaces share has trouble of its own: see ``deliveries.breaking.outages``."""

    provider = models.CharField(max_length=32, primary_key=True)  # the folder's slug
    began_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)  # null: it goes on

    def __str__(self) -> str:
        return self.provider


class Recipient(WorkspaceScoped):
    """A mail address that a customer typed. Nothing is sent to it before its owner has said yes.

    One without a connection is told when a connection of the workspace breaks.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="recipients", null=True)
    address = models.EmailField()
    token_hash = models.BinaryField(unique=True)  # SHA-256 of the mailed link's secret
    # In which mails are written: of whoever named the address, and of its owner's own browser since their yes.
    language = models.CharField(max_length=8, default="", blank=True)  # "": nobody has said
    asked_at = models.DateTimeField(null=True)  # null: the question has still to be mailed
    confirmed_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)  # its owner wants no more of it; the yes is gone then

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "address"], name="recipient_unique"),
            models.UniqueConstraint(
                fields=["workspace", "address"], condition=Q(connection=None), name="recipient_of_notices_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.address


class ProviderApp(SealsSecrets, models.Model):
    """The vendor's own app at a provider, which its customers sign in through: one for each environment.

    So staging signs in through the provider's sandbox app, and production through the real one.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="provider_apps")
    provider = models.CharField(max_length=32)
    environment = models.CharField(max_length=16, choices=Environment)
    client_id = models.CharField(max_length=255)
    client_secret = Sealed()
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    objects: ScopedQuerySet[ProviderApp] = ScopedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "provider", "environment"], name="provider_app_unique")
        ]

    def __str__(self) -> str:
        return f"{self.provider} ({self.environment})"


class PendingAuthorization(SealsSecrets, WorkspaceScoped):
    """One way through a provider's sign-in, from the ticket to its end. Ticket, state and nonce are stored hashed."""

    class Kind(models.TextChoices):
        TICKET = "ticket"  # for whoever sits in the portal, now
        LINK = "link"  # for a colleague, within days

    class Status(models.TextChoices):
        WAITING = "waiting"  # nobody has pressed the button yet
        STARTED = "started"  # somebody is at the provider
        CONNECTED = "connected"
        WRONG_ACCOUNT = "wrong_account"  # another account than the connection's: nothing changed unless confirmed
        FAILED = "failed"  # refused, denied or declined; ``error`` says why
        EXPIRED = "expired"  # never stored: told of a row that was left lying
        WITHDRAWN = "withdrawn"  # a link that its sender took back

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.TICKET)
    status = models.CharField(max_length=16, choices=Status, default=Status.WAITING)
    session = models.ForeignKey(EmbedSession, on_delete=models.CASCADE, null=True, related_name="+")
    provider = models.CharField(max_length=32)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, null=True, related_name="+")
    actor = models.CharField(max_length=128)
    ticket_hash = models.BinaryField(unique=True)
    state_hash = models.BinaryField(unique=True, null=True)
    nonce_hash = models.BinaryField(null=True)  # of the cookie of the browser that began
    verifier = Sealed()  # PKCE; b"" for a provider without it
    asked = models.JSONField(default=dict)  # the connection's settings that decide where to sign in, such as the host
    account = models.JSONField(default=dict)  # {"id", "name", "settings"} of who signed in
    credentials = Sealed()  # only between wrong_account and the customer's word on it
    error = models.CharField(max_length=600, default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()  # of the stage that it is in
    started_at = models.DateTimeField(null=True)  # the ticket was spent
    finished_at = models.DateTimeField(null=True)  # the state was spent

    class Meta:
        indexes = [models.Index(fields=["workspace", "-id"], name="pending_by_workspace")]

    def __str__(self) -> str:
        return f"{self.provider} {self.status}"

    def stage(self, now: datetime) -> Status:
        """The status as a person should see it: what was left lying has expired."""
        lying = self.status in (self.Status.WAITING, self.Status.STARTED, self.Status.WRONG_ACCOUNT)
        return self.Status.EXPIRED if lying and self.expires_at <= now else self.Status(self.status)


class DirectoryRun(WorkspaceScoped):
    """The reading of one directory, such as a Slack workspace's channels: one row, used again for every run.

    ``next_at`` is when somebody shall take it next: a page, a wait that the vendor asked for, a lease that ends, or the
    next day's run. ``number`` tells the runs apart and ``fence`` the claims.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="directory_runs")
    kind = models.CharField(max_length=32)  # the key of the provider's DirectoryKind
    reason = models.CharField(max_length=16)  # why it was begun: a ``directory.Why``
    number = models.IntegerField(default=1)
    fence = models.IntegerField(default=0)
    reading = models.BooleanField(default=True)  # false: it has ended, and next_at is the next one's start
    cursor = models.TextField(default="")
    pages = models.IntegerField(default=0)
    counted = models.IntegerField(default=0)  # entries read so far
    failures = models.IntegerField(default=0)  # since the run began
    gaps = models.JSONField(default=list)  # sentences: what the vendor does not list for us
    trouble = models.TextField(default="")  # why it waits or ended without success, and what to do
    refusal = models.TextField(default="")  # the trouble, if it was the credentials; until a page is read with others
    asked_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)  # when a run last ended, however it ended
    completed_at = models.DateTimeField(null=True)  # when a run last came to the end of the directory
    next_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "kind"], name="directory_run_unique")]
        indexes = [models.Index(fields=["next_at"], name="directory_run_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class DirectoryEntry(WorkspaceScoped):
    """One thing that an account holds, such as a Slack channel, as the vendor last told us of it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=32)
    external_id = models.CharField(max_length=128, db_collation="C")
    name = models.CharField(max_length=255)
    folded = models.CharField(max_length=512, db_collation="C")  # the name as searched: by code point, without case
    facts = models.JSONField(default=dict)
    usable = models.BooleanField(default=True)  # neither archived nor gone: these are shown first
    seen_in = models.IntegerField()  # the number of the run that saw it last
    seen_at = models.DateTimeField(db_default=Now())
    gone_at = models.DateTimeField(null=True)  # since when the vendor no longer lists it for us
    renamed_from = models.CharField(max_length=255, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "kind", "external_id"], name="directory_entry_unique")
        ]
        indexes = [
            # The id comes along, so that looking for a part of a name reads this index and no rows.
            models.Index(fields=["connection", "kind", "usable", "folded", "id"], name="directory_entry_by_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def archived(self) -> bool:
        """Whether the vendor keeps it only for reading."""
        return self.facts.get("is_archived") is True
