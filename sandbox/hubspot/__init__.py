"""A HubSpot in one process: the consent page, the token endpoints, and accounts with contacts, lists and notes."""

from sandbox.hubspot.seeding import read
from sandbox.hubspot.simulator import hubspot
from sandbox.simulator import Simulator

SIMULATOR = Simulator(
    slug="hubspot",
    name="HubSpot",
    hosts=("app.hubspot.com", "api.hubapi.com"),
    make=hubspot,
    shows="Accounts with their contacts, lists and notes",
    client=("b5a1c0de-0000-4000-8000-000000000001", "sandbox-hubspot-secret"),
    keeps="contacts",
    read=read,
)
