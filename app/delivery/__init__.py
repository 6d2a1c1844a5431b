"""How work reaches reconcile: one small protocol, one implementation for one process so far."""
