"""A rule while somebody writes it: what stands in the form, read into a rule's wording and written back."""
