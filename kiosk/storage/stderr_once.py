"""What a running program says on its standard error: each message once.

A journal gives every line its second. A line a request would tell when guests answered.
"""

import sys
from functools import cache


@cache
def say_once(message: str) -> None:
    """Say it, unless this process said the same before. A message must hold nothing of a request."""
    print(message, file=sys.stderr)
