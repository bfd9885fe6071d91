"""Wiring: it may import everything, and nothing imports it."""
