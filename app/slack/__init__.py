"""Slack: what people see and do there, over the same services as the API."""
