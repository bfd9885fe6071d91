"""The published clients of the wire contract, unmodified, against a real server of ours."""
