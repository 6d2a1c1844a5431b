"""Passwords for the console. IAM makes none itself, so they are made here (`iam-facts.md`, 7)."""

import secrets
import string

SHORTEST = 20
"""Characters, where the account asks for fewer (contract, section 7)."""
LONGEST = 128
"""Characters that IAM takes at most (IAM API Reference, CreateLoginProfile)."""
_SYMBOLS = "!@#%^*_+-="
"""Of those that a password policy counts as symbols, the ones that no shell, mail or form changes."""
_KINDS = (string.ascii_uppercase, string.ascii_lowercase, string.digits, _SYMBOLS)


def generate(at_least: int = 0) -> str:
    """A password with characters of every kind that a policy can ask for.

    Args:
        at_least: The account's minimum length.
    """
    length = min(LONGEST, max(SHORTEST, at_least))
    letters = [secrets.choice(kind) for kind in _KINDS]
    letters += [secrets.choice("".join(_KINDS)) for _ in range(length - len(letters))]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)
