"""Connections that break: noticed, switched off, told of, and what waits for them held until they are mended."""
