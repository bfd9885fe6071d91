"""Resend in one process: mails, templates, contacts in segments, and the webhooks that tell of bounces."""

from sandbox.resend.accounts import read_section
from sandbox.resend.simulator import resend
from sandbox.simulator import Simulator

SIMULATOR = Simulator(
    slug="resend",
    name="Resend",
    hosts=("api.resend.com",),
    make=resend,
    shows="Mails and contacts of an account",
    keeps="mails",
    read=read_section,
)
