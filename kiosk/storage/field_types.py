"""Checks values read from a file against the types that their dataclasses declare, recursively."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints


def fits(value: object, declared: Any) -> bool:
    """Return whether a value has a declared type: a class, a dataclass, a union, a Mapping, a frozenset, or a
    tuple of any length, whose items have one type. The members are checked too. A bool is no int, and an int
    no float.

    Raises TypeError for another generic type, such as list[str].
    """
    origin, arguments = get_origin(declared), get_args(declared)
    if origin is UnionType:
        return any(fits(value, member) for member in arguments)
    if origin is tuple:
        return isinstance(value, tuple) and all(fits(item, arguments[0]) for item in value)
    if origin is frozenset:
        return isinstance(value, frozenset) and all(fits(item, arguments[0]) for item in value)
    if origin is Mapping:
        return isinstance(value, dict) and all(
            fits(key, arguments[0]) and fits(item, arguments[1]) for key, item in value.items()
        )
    if declared is int:
        return type(value) is int
    if not isinstance(value, declared):
        return False
    hints = get_type_hints(declared) if is_dataclass(declared) else {}
    return all(fits(getattr(value, name), hint) for name, hint in hints.items())
