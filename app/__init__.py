"""Gatehouse: the door to a lab's AWS accounts."""
