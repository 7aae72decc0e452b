"""Reads JSON from files that somebody may have changed.

Python's reader takes the last of two equal keys, NaN, and raises RecursionError for deep nesting.
"""

import json
from typing import Any


def parse(text: str) -> Any:
    """Parse a JSON document. Raises ValueError, and nothing else, for what is not strict JSON (RFC 8259)."""
    try:
        return json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return members


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")
