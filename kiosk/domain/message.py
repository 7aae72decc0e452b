"""A message with values, said in whatever language its reader has chosen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reason:
    """A message id of the staff catalogue, with {placeholders}, and what to fill in.

    A value may be a Reason itself, which is translated too.
    """

    message: str
    values: dict[str, Any]

    def said(self, translate: Callable[[str], str]) -> str:
        """In the words of a catalogue."""
        values = {
            name: value.said(translate) if isinstance(value, Reason) else value
            for name, value in self.values.items()
        }
        return translate(self.message).format(**values)
