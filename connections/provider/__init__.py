"""The provider contract: what a destination declares, and the values it exchanges with the pipeline.

A provider *declares* (who it is, what it asks for, what it can do, how fast) and *describes* what to do.
It performs nothing: ``deliver(job)`` is a generator that yields a step, is sent the reply to it, and returns
an ``Outcome``. So find-or-create is two yields, and a provider is tested without a socket.

Everything here is a plain value. Nothing in this package, nor in ``providers/``, imports Django, Celery or requests.
"""

from __future__ import annotations

from connections.provider.accounts import Account, Client, Refusal
from connections.provider.contract import Course, Identification, Listing, Lookup, Provider, Revocation
from connections.provider.declaring import Action, Auth, ClientAuth, DirectoryKind, Fault, Field, Kind, OAuth2, Pace
from connections.provider.directories import DirectoryPage, Entry, Unread
from connections.provider.hearing import Afterwards, Heard
from connections.provider.jobs import Digest, DigestLine, EventFacts, Job, WorkspaceFacts
from connections.provider.outcomes import Code, Culprit, Inactive, Outcome
from connections.provider.steps import Answer, Failure, Mail, Record, Reply, Request, Step, Trouble

__all__ = [
    "Account",
    "Action",
    "Afterwards",
    "Answer",
    "Auth",
    "Client",
    "ClientAuth",
    "Code",
    "Course",
    "Culprit",
    "Digest",
    "DigestLine",
    "DirectoryKind",
    "DirectoryPage",
    "Entry",
    "EventFacts",
    "Failure",
    "Fault",
    "Field",
    "Heard",
    "Identification",
    "Inactive",
    "Job",
    "Kind",
    "Listing",
    "Lookup",
    "Mail",
    "OAuth2",
    "Outcome",
    "Pace",
    "Provider",
    "Record",
    "Refusal",
    "Reply",
    "Request",
    "Revocation",
    "Step",
    "Trouble",
    "Unread",
    "WorkspaceFacts",
]
