"""The pages of what is plugged in, and of signing in to accounts."""
