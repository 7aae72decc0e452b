"""A strict JSON reader, for files that somebody may have edited.

Python's reader keeps the last of two equal keys, accepts NaN, and raises RecursionError for deep nesting.
"""

import json
from typing import Any


def parse(text: str) -> Any:
    """Parse a JSON document. Raises ValueError, and no other error, for text that is not strict JSON (RFC
    8259), or in which an object has a key twice. A number beyond the range of `float`, such as 1e999, is
    infinite."""
    try:
        return json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the members of an object. Raises ValueError if a key occurs twice."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return members


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON number")
