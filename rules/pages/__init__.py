"""The pages of where events go."""
