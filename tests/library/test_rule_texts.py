"""The rules return codes with values, and each code has a Swedish text for exactly these values."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import kiosk.domain
from kiosk.domain.message import Code
from kiosk.library.rule_texts import TEXTS, reference_text
from tests.tools.syntax import nodes

DOMAIN = Path(kiosk.domain.__file__).parent

CODES = {f"{topic.__name__}.{code.name}": code for topic in Code.__subclasses__() for code in topic}
"""The name of each code in the source, such as RoundFault.TOO_LONG -> the code."""


def raised(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield (name of a code, names of its values) for each message that a module makes. Both have to be
    written out at the call."""
    for node in nodes(path):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Message":
            code, values = node.args
            assert isinstance(values, ast.Dict), ast.unparse(node)
            yield ast.unparse(code), [ast.literal_eval(key) for key in values.keys if key is not None]
            assert None not in values.keys, f"write the values out: {ast.unparse(node)}"


def faults(messages: list[tuple[str, list[str]]]) -> list[tuple[str, list[str]]]:
    """The messages without a code, or with other values than the placeholders of the code's text."""
    return [
        (code, values)
        for code, values in messages
        if code not in CODES or placeholders(reference_text(CODES[code])) != set(values)
    ]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


RAISED = [message for path in sorted(DOMAIN.rglob("*.py")) for message in raised(path)]


def test_every_code_has_one_text_and_every_text_a_code() -> None:
    assert len(set(CODES.values())) == len(CODES)
    assert {str(code) for code in TEXTS} == {str(code) for code in CODES.values()}


def test_every_code_is_returned_with_the_values_of_its_text() -> None:
    assert faults(RAISED) == []
    assert {code for code, _ in RAISED} == CODES.keys()


@pytest.mark.parametrize(
    "call",
    [
        'Message("Omgången är för lång.", {})',
        "Message(RoundFault.TOO_LONG, {})",
        'Message(RoundFault.TOO_LONG, {"days": 1, "weeks": 2})',
        "Message(RoundFault.TOO_WIDE, {})",
    ],
)
def test_the_check_catches_a_planted_message(tmp_path: Path, call: str) -> None:
    (planted := tmp_path / "planted.py").write_text(call)
    assert faults([*raised(planted)])
