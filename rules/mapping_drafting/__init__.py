"""The form of a mapping: its rows as they are typed, stored, changed by buttons, and shown."""
