"""Messages as values: the rules return a message id with its values, and the caller translates it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Message:
    """A message id of the desk's catalogue, with {placeholders}, and a value for each of them.

    A value may be a Message itself, which is translated too.
    """

    msgid: str
    values: dict[str, Any]

    def render(self, translate: Callable[[str], str]) -> str:
        """Return the text that `translate` gives for the message id, with the values filled in. KeyError for
        a placeholder without a value."""
        values = {
            name: value.render(translate) if isinstance(value, Message) else value
            for name, value in self.values.items()
        }
        return translate(self.msgid).format(**values)
