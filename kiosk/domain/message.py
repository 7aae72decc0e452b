"""A message with values, said in whatever language its reader has chosen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reason:
    """A message id of the staff catalogue, with {placeholders}, and what to fill in."""

    message: str
    values: dict[str, Any]

    def said(self, translate: Callable[[str], str]) -> str:
        """In the words of a catalogue."""
        return translate(self.message).format(**self.values)
