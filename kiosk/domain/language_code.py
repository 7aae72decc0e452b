"""Language codes, such as `fa`, `fa_AF` or `sr_Latn_RS`: BCP 47, written with underscores."""

import re

LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(_[A-Za-z]{4})?(_[A-Za-z]{2})?")


def is_language_code(text: str) -> bool:
    """Return whether a text is a language code that folders, settings and spreadsheets may use."""
    return LANGUAGE_CODE.fullmatch(text) is not None
