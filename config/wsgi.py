"""The WSGI application, for granian or any other server."""

from __future__ import annotations

import os

import django

from config.checks import stop_if_incomplete
from config.requests import PlainHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)
stop_if_incomplete()
application = PlainHandler()
