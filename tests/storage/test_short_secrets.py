"""Whoever reads the database finds no short secret by trying all of them, however its digest is stored."""

import hmac
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from hashlib import sha256
from math import log2
from pathlib import Path

import pytest

import kiosk.storage
from kiosk.desk.login.second_factor import RECOVERY_CODE_LENGTH, RECOVERY_LETTERS
from kiosk.domain.envelope import MARK_BYTES
from kiosk.domain.slips import ALPHABET, SECRET_LENGTH
from kiosk.storage import Pairing, Store, pairing_codes
from tests.tools.builders import a_store

NOW = datetime(2026, 12, 1, 9, 0)
KEY = "s" * 32
PAIRING = Pairing("frida", "anna", valid_during_round=True)

DIGITS = 2
"""Digits of the codes that are tried here: with 12 it is the same, and takes minutes of a graphics card."""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store whose pairing codes are short."""
    monkeypatch.setattr(pairing_codes, "PAIRING_DIGITS", DIGITS)
    return a_store(tmp_path)


def texts(folder: Path) -> list[str]:
    """Every text of the database, in every column of every table."""
    with closing(sqlite3.connect(folder / "k.sqlite")) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for name in names for row in database.execute(f"SELECT * FROM {name}")]  # noqa: S608
    return [value for row in rows for value in row if isinstance(value, str)]


def found_by_trying(stored: list[str]) -> set[str]:
    """The codes of which a digest is stored: plain, or keyed with something that is stored beside it."""
    words = {word for text in stored for word in (text, *text.split())}
    return set(_codes_among(words))


def _codes_among(words: set[str]) -> Iterator[str]:
    for number in range(10**DIGITS):
        code = f"{number:0{DIGITS}}"
        digests = {sha256(code.encode()).hexdigest()}
        for word in words:
            digests.add(hmac.digest(word.encode(), code.encode(), "sha256").hex())
            key = hmac.digest(word.encode(), b"kiosk pairing code", "sha256")
            digests.add(hmac.digest(key, code.encode(), "sha256").hex())
        if digests & words:
            yield code


def test_a_pairing_code_is_not_found_by_trying_all_codes(store: Store, tmp_path: Path) -> None:
    code = store.pairing_codes.new(PAIRING, NOW, KEY)
    stored = texts(tmp_path)
    assert any(text.startswith(pairing_codes.PAIRING_CODE) for text in stored)
    assert found_by_trying(stored) == set()
    plain = pairing_codes.PAIRING_CODE + sha256(code.encode()).hexdigest()
    assert found_by_trying([*stored, plain]) == {code}, "the control: a digest without a key"
    assert code in found_by_trying([*stored, KEY]), "the control: the key beside the digest"


LEAST_BITS = 64
"""With so many, a graphics card that tries 10 billion a second needs 58 years."""

BITS = {
    "account_links.py": 128.0,
    "api_tokens.py": 256.0,
    "links.py": 8.0 * MARK_BYTES,
    "second_factors.py": RECOVERY_CODE_LENGTH * log2(len(RECOVERY_LETTERS)),
}
"""Modules that store the digest of a secret without a key, and its random bits."""

KEYED = {"pairing_codes.py"}
"""Modules whose digest has a key that is not in the database: their secrets may be short."""


def test_a_digest_without_a_key_is_that_of_a_long_secret() -> None:
    folder = Path(kiosk.storage.__file__).parent
    sources = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    assert {name for name, source in sources.items() if "sha256(" in source} == BITS.keys()
    assert {name for name, source in sources.items() if "hmac." in source} == KEYED
    assert min(BITS.values()) >= LEAST_BITS
    assert "token_hex(16)" in sources["account_links.py"]
    assert "token_hex(32)" in sources["api_tokens.py"]
    slip = SECRET_LENGTH * log2(len(ALPHABET))
    pairing = pairing_codes.PAIRING_DIGITS * log2(10)
    assert max(slip, pairing) < LEAST_BITS, "the control: sealed, and with a key, because they are too short"
