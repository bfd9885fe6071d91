"""Trying a rule before it is saved: samples, previews, tests, and how often it would have fired."""
