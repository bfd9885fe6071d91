"""Capture: the built-in destination that keeps events instead of sending them."""

from connections.providers.capture.provider import Capture

PROVIDER = Capture()
