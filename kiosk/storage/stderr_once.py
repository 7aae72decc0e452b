"""Messages on a running program's standard error. Each message is printed once.

A system journal adds the time to each line, so a line per request would reveal when guests answered.
"""

import sys
from functools import cache


@cache
def print_once(message: str) -> None:
    """Print a message to standard error unless this process printed it before. It must hold no data of a
    request."""
    print(message, file=sys.stderr)
