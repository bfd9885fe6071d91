"""The product's settings, with the yardstick's one route."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.one_insert"
