"""Servers of tests that are told their port get it where no other program takes it in between."""

from pathlib import Path

TESTS = Path(__file__).parent
TAKEN_BACK = "getsockname" + "()"
"""Asks which port a socket was given. A server that is told that port later may find it taken."""


def test_no_test_hands_over_a_port_that_another_program_may_take() -> None:
    users = [path.name for path in TESTS.rglob("*.py") if TAKEN_BACK in path.read_text("utf-8")]
    assert users == []
