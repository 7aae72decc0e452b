"""JSON from a file that anybody may have changed."""

import pytest

from kiosk.domain.strict_json import parse


def test_a_document_is_parsed() -> None:
    assert parse('{"a": [1, 2.5, null, true, "å"]}') == {"a": [1, 2.5, None, True, "å"]}


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"a": 1, "a": 1}', '[{"a": 1, "b": 2, "a": 1}]', "NaN", "[-Infinity]", "9" * 5000,
     "[" * 100_000, '{"a":' * 100_000],
)  # fmt: skip
def test_text_that_is_not_strict_json_raises_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(text)
