"""One way to write a value down, so that two equal values have one hash."""

import hashlib
import json
from typing import Any

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
"""Made once: `json.dumps` makes one for each value, which takes as long as writing a short one down."""


def dumps(value: Any) -> str:
    """JSON with sorted keys, no white space and plain ASCII. NaN raises ValueError."""
    return _ENCODER.encode(value)


def digest(value: Any) -> str:
    """`sha256:` and 64 hex digits over the canonical form."""
    return f"sha256:{hashlib.sha256(dumps(value).encode()).hexdigest()}"
