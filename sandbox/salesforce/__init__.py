"""A Salesforce in one process: the consent page, the token endpoint, and orgs with contacts and campaigns."""

from sandbox.salesforce.orgs import APP
from sandbox.salesforce.simulator import salesforce
from sandbox.simulator import Simulator

SIMULATOR = Simulator(
    slug="salesforce",
    name="Salesforce",
    hosts=("login.salesforce.com", "test.salesforce.com", "*.my.salesforce.com"),
    make=salesforce,
    shows="Contacts, and the campaigns that they are members of",
    client=(APP.client_id, APP.client_secret),
    keeps="contacts",
)
