"""A home-made history check: clients race while processes are killed and calls to IAM go wrong; then all is compared.

`python -m tests.history --help` says how to run it.
"""
