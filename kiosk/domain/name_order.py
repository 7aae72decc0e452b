"""The order in which Swedish readers expect names: å, ä and ö after z, numbers by value."""

import re

_NUMBER = re.compile("([0-9]+)")
_AFTER_Z = str.maketrans({"å": "z\ue000", "ä": "z\ue001", "æ": "z\ue001", "ö": "z\ue002", "ø": "z\ue002"})


def name_key(name: str) -> tuple[tuple[tuple[int, str], ...], str]:
    """Return the sort key of a name: "Stad 2" is before "Stad 10", "Zon" before "Åsen", "Ängen" and "Öst".

    Capitals matter only between names that are equal without them.
    """
    parts = _NUMBER.split(name.casefold().translate(_AFTER_Z))
    return tuple((int(part), "") if at % 2 else (0, part) for at, part in enumerate(parts)), name
