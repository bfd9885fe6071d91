"""A HubSpot in one process: the consent page, the token endpoints, and what an account says of itself."""
