"""Stored passwords cost an attacker who guesses as much as RFC 9106 recommends, an unknown name as much."""

import pytest
from argon2 import extract_parameters, profiles

from kiosk.storage import hash_password, passwords, verify
from tests.tools.passwords import SHIPPED, SHIPPED_DUMMY


@pytest.mark.slow
def test_a_password_is_hashed_with_what_rfc_9106_recommends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", SHIPPED)
    parameters = extract_parameters(hash_password("a long password"))
    recommended = profiles.RFC_9106_LOW_MEMORY
    assert parameters.type == recommended.type
    assert parameters.memory_cost >= recommended.memory_cost
    assert parameters.time_cost >= recommended.time_cost


@pytest.mark.slow
def test_an_unknown_name_costs_as_much_as_a_known_one() -> None:
    assert extract_parameters(SHIPPED_DUMMY) == extract_parameters(SHIPPED.hash("a long password"))


@pytest.mark.parametrize(
    "stored",
    ["", "secret", "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$", "$argon2id$v=19$m=8,t=1,p=1$sält$hash"],
)
def test_no_password_matches_a_text_that_is_no_hash(stored: str) -> None:
    assert not verify(stored, "a long password")
