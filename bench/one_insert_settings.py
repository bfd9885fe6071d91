"""The product's settings, with the yardstick's one route and, like the way in for events, no middleware."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.one_insert"
MIDDLEWARE: list[str] = []  # type: ignore[no-redef]
