"""Microsoft Teams in one process: workflows that take cards, and the channels they post them in."""

from sandbox.simulator import Simulator
from sandbox.teams.simulator import teams
from sandbox.teams.workflows import read_section

SIMULATOR = Simulator(
    slug="teams",
    name="Teams",
    hosts=("*.logic.azure.com", "*.powerplatform.com"),
    make=teams,
    shows="Cards in the channels of workflows",
    keeps="cards",
    read=read_section,
)
