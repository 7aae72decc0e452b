"""Runs the command in the test's own folder."""

from collections.abc import Callable

from click.testing import Result

Run = Callable[..., Result]


def printed(done: Result) -> str:
    assert done.exit_code == 0, done.stderr
    return done.stdout


OPEN = ("round", "open", "--survey", "ombudsmannaskap", "--tree", "vasteras", "--days", "90")
