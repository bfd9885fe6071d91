"""The release of HubSpot's APIs that is pretended."""

VERSION = "2026-03"
