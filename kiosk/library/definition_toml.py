"""Writes definition files: plain keys first, then [[sections]]."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def definition_toml(values: Mapping[str, Any]) -> str:
    """Return the TOML text of a definition. A list of dictionaries becomes sections, which come last; other
    values are texts, whole numbers, booleans and lists of them."""
    lines = [f"{key} = {_value(value)}" for key, value in values.items() if not _is_sections(value)]
    for key, rows in values.items():
        if _is_sections(rows):
            lines += [line for row in rows for line in _section(key, row)]
    return "\n".join(lines) + "\n"


def _is_sections(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _section(key: str, row: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", f"[[{key}]]")
    yield from (f"{name} = {_value(value)}" for name, value in row.items())


def _value(value: object) -> str:
    """Return a TOML value. JSON's notation is valid in TOML, except for DEL, which texts do not hold."""
    return json.dumps(value, ensure_ascii=False)
