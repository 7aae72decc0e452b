"""Messages as values: the rules return a code with its values, and the caller shows its text in a language.

The texts of the codes stand in `kiosk/library/rule_texts.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """A message of the rules. Each topic has a class of its own. A word for the topic begins every value, so
    that no two codes are equal."""


@dataclass(frozen=True)
class Message:
    """A message with a value for each of its {placeholders}. `msgid` is a Code if a rule returns it, and a
    Swedish text, the message id in the desk's catalogue, if another layer does.

    A value may be a Message itself, which is translated too.
    """

    msgid: str
    values: dict[str, Any]

    def render(self, translate: Callable[[str], str]) -> str:
        """Return the text that `translate` gives for the code or message id, with the values filled in, such
        as `Catalogue.text`; for Swedish, `reference_text` of `kiosk/library/rule_texts.py`. KeyError for a
        placeholder without a value."""
        values = {
            name: value.render(translate) if isinstance(value, Message) else value
            for name, value in self.values.items()
        }
        return translate(self.msgid).format(**values)
