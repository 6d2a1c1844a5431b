"""Gatehouse in Slack: listeners over the same services as the API."""
