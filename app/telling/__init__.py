"""Telling people what happens: rounds for a courier, over Slack and mail."""
