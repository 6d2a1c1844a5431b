"""Use cases. They take an open transaction and never commit it."""
