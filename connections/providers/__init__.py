"""One folder is one provider."""
