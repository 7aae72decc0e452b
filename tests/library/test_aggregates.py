"""Aggregates of other organisations: signed, checked, and kept only from keys that somebody trusts."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import pytest

from kiosk.domain.aggregate import NodeFigures
from kiosk.domain.comparison import Party, compare
from kiosk.domain.noise import STRONG_EPSILON
from kiosk.domain.rounds import ProtectionLevel
from kiosk.domain.survey import Pictures
from kiosk.domain.tally import StatementTally
from kiosk.library.aggregate_file import CONTEXT, DESCRIPTION, SIGNATURE, read_aggregate, write_aggregate
from kiosk.library.aggregates import (
    distrust,
    import_aggregate,
    received,
    remove_aggregate,
    trust,
    trusted_keys,
)
from kiosk.library.changes import RefusedError
from kiosk.library.signing import KEY_FILE, existing_key, in_groups, own_key, read_fingerprint, sign
from kiosk.settings import Settings, read_settings
from tests.tools.aggregate_files import members_of, packed, with_change, without
from tests.tools.aggregates import AGGREGATE, MADE, OUTPUT, STATEMENT, round_of


def settings_of(folder: Path) -> Settings:
    return read_settings({"KIOSK_DATA": str(folder / "data"), "KIOSK_KEYS": str(folder / "keys")})


@pytest.fixture(scope="module")
def sender(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_of(tmp_path_factory.mktemp("sender"))


@pytest.fixture(scope="module")
def sent(sender: Settings) -> bytes:
    return write_aggregate(sender, AGGREGATE)


@pytest.fixture
def receiver(tmp_path: Path, sender: Settings) -> Settings:
    """An installation that trusts the sender's key."""
    settings = settings_of(tmp_path)
    trust(settings, own_key(sender).fingerprint, "Staden")
    return settings


def kept(settings: Settings) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in settings.data.rglob("*") if path.is_file()}


def signed_again(settings: Settings, members: dict[str, bytes]) -> bytes:
    """The changed tables with hashes and a signature that fit, as only the key's owner can make them."""
    described = json.loads(members[DESCRIPTION])
    for one in described["resources"]:
        one["hash"] = f"sha256:{sha256(members[one['path']]).hexdigest()}"
    description = json.dumps(described).encode()
    key, signature = sign(settings, CONTEXT + description)
    mark = json.dumps({"algorithm": "Ed25519", "public_key": key.hex, "signature": signature}).encode()
    return packed({**members, DESCRIPTION: description, SIGNATURE: mark})


def test_an_aggregate_file_reads_back_as_written(sent: bytes) -> None:
    read = read_aggregate(sent).aggregate
    [of_round] = read.rounds
    assert (read.organisation, read.year, read.made_at, read.outputs) == ("Staden", 2026, MADE, (OUTPUT,))
    assert of_round.nodes == AGGREGATE.rounds[0].nodes
    [statement] = of_round.round.survey.statements
    assert statement.scale.labels == STATEMENT.scale.labels
    assert statement.means(STATEMENT)
    assert statement.texts == STATEMENT.texts


@pytest.mark.parametrize("epsilon", ["3/2", "1", "3/4", "1/2"])
def test_a_protected_round_is_received_with_its_epsilon(
    epsilon: str, sender: Settings, receiver: Settings
) -> None:
    usual = round_of({"staden": (4, 6, 10)}, is_protected=True)
    of_round = replace(usual, round=replace(usual.round, epsilon=Fraction(epsilon)))
    import_aggregate(receiver, write_aggregate(sender, replace(AGGREGATE, rounds=(of_round,))))
    [signed] = received(receiver).aggregates
    [kept_round] = signed.aggregate.rounds
    assert kept_round.round.epsilon == Fraction(epsilon)
    assert (kept_round.round.level is ProtectionLevel.STRONG) is (Fraction(epsilon) <= STRONG_EPSILON)


def test_options_without_an_order_are_sent_as_such_and_not_compared(sender: Settings) -> None:
    scale = replace(STATEMENT.scale, pictures=Pictures.NONE, is_ordered=False)
    unordered = replace(STATEMENT, scale=scale, agreeing=())
    rounds = (round_of({"staden": (4, 6, 10)}, statement=unordered),)
    read = read_aggregate(write_aggregate(sender, replace(AGGREGATE, rounds=rounds))).aggregate
    [statement] = read.rounds[0].round.survey.statements
    assert (statement.scale, statement.agreeing_options) == (scale, ())
    assert compare([Party("staden", read)]) == ()


def test_the_description_explains_every_column_and_has_no_key(sent: bytes, sender: Settings) -> None:
    members = members_of(sent)
    described = json.loads(members[DESCRIPTION])
    for resource in described["resources"]:
        header = members[resource["path"]].decode("utf-8-sig").split("\r\n")[0].split(",")
        assert [field["name"] for field in resource["schema"]["fields"]] == header
        assert all(field["description"] for field in resource["schema"]["fields"])
    private = (sender.keys / KEY_FILE).read_text().strip()
    assert not any(private.encode() in member for member in members.values())


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    assert existing_key(settings) is None
    assert own_key(settings) == own_key(settings) == existing_key(settings)
    assert (settings.keys / KEY_FILE).stat().st_mode & 0o777 == 0o600
    (settings.keys / KEY_FILE).write_text("damaged")
    with pytest.raises(RefusedError, match="är skadad"):
        own_key(settings)


def test_a_file_from_a_trusted_key_is_received_until_it_is_removed(sent: bytes, receiver: Settings) -> None:
    import_aggregate(receiver, sent)
    [signed] = received(receiver).aggregates
    assert signed.aggregate.organisation == "Staden"
    remove_aggregate(receiver, signed.key.fingerprint, 2026)
    assert received(receiver).aggregates == ()


TAMPERING: dict[str, tuple[Callable[[dict[str, bytes]], dict[str, bytes]], str]] = {
    "a figure": (lambda m: with_change(m, "figures.csv", b",10\r", b",11\r"), "Signaturen stämmer inte"),
    "the description": (
        lambda m: with_change(m, DESCRIPTION, b"Staden", b"Stades"),
        "Signaturen stämmer inte",
    ),
    "the signature": (
        lambda m: with_change(m, SIGNATURE, b'"signature": "', b'"signature": "0'),
        "Signaturen",
    ),
    "another key": (
        lambda m: with_change(m, SIGNATURE, b'"public_key": "', b'"public_key": "00'),
        "Signaturen",
    ),
    "a missing table": (lambda m: without(m, "outputs.csv"), "Signaturen stämmer inte"),
    "a table more": (lambda m: {**m, "more.csv": b""}, "Signaturen stämmer inte"),
    "no signature": (lambda m: without(m, SIGNATURE), "inte signerad"),
    "a signature that is none": (lambda m: {**m, SIGNATURE: b"[]"}, "Signaturen stämmer inte"),
    "no description": (lambda m: without(m, DESCRIPTION), "inga sammanställda siffror"),
    "another kind": (
        lambda m: with_change(m, DESCRIPTION, b'"kiosk-aggregate"', b'"x"'),
        "inga sammanställda",
    ),
    "another version": (
        lambda m: with_change(m, DESCRIPTION, b'"format_version": 1', b'"format_version": 2'),
        "formatets version 2",
    ),
}


@pytest.mark.parametrize("case", TAMPERING)
def test_a_changed_file_is_refused_with_the_reason_and_nothing_is_kept(
    case: str, sent: bytes, receiver: Settings
) -> None:
    change, reason = TAMPERING[case]
    before = kept(receiver)
    with pytest.raises(RefusedError, match=reason):
        import_aggregate(receiver, packed(change(members_of(sent))))
    assert kept(receiver) == before


@pytest.mark.parametrize("end", [0, 100, -1])
def test_a_truncated_file_is_refused(end: int, sent: bytes, receiver: Settings) -> None:
    before = kept(receiver)
    with pytest.raises(RefusedError, match="avkortad"):
        import_aggregate(receiver, sent[:end])
    assert kept(receiver) == before


UNDER_K = {
    "a unit under k": {"staden": (4, 6, 10), "frida": (2, 1, 1)},
    "a rest under k": {"staden": (4, 6, 10), "frida": (3, 5, 9)},
    "a unit larger than the whole": {"staden": (2, 2, 2), "frida": (3, 3, 3)},
    "a whole under k": {"staden": (1, 1, 2)},
}


@pytest.mark.parametrize("case", UNDER_K)
@pytest.mark.parametrize("is_protected", [False, True])
def test_figures_of_fewer_than_k_are_refused_although_they_are_signed(
    case: str, is_protected: bool, sender: Settings, receiver: Settings
) -> None:
    under = replace(AGGREGATE, rounds=(round_of(UNDER_K[case], is_protected=is_protected),))
    before = kept(receiver)
    with pytest.raises(RefusedError, match="färre än 5 svar"):
        import_aggregate(receiver, write_aggregate(sender, under))
    assert kept(receiver) == before


VEILED = NodeFigures(20, 0, {STATEMENT.id: StatementTally((19, 0, 0), (0, 0, 0), 1)})
IMPOSSIBLE = {
    "a smaller k": (round_of({"staden": (4, 6, 10)}, k=2), "under 5 svar"),
    "a k of one": (replace(round_of({"staden": (4, 6, 10)}, k=1), nodes={"staden": VEILED}), "under 5 svar"),
    "answers without the veil": (round_of({"staden": (0, 0, 20)}), "inte kan ha räknat"),
    "a unit that answered more often": (
        round_of({"staden": (4, 6, 10), "frida": (5, 4, 3)}),
        "inte kan ha räknat",
    ),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_figures_that_no_count_makes_are_refused(case: str, sender: Settings, receiver: Settings) -> None:
    of_round, reason = IMPOSSIBLE[case]
    with pytest.raises(RefusedError, match=reason):
        import_aggregate(receiver, write_aggregate(sender, replace(AGGREGATE, rounds=(of_round,))))


def test_a_running_round_and_one_of_another_year_are_refused(sender: Settings, receiver: Settings) -> None:
    for changed in (replace(AGGREGATE, made_at=datetime(2026, 5, 1)), replace(AGGREGATE, year=2025)):
        with pytest.raises(RefusedError, match="inte avslutad, eller hör till ett annat år"):
            import_aggregate(receiver, write_aggregate(sender, changed))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("figures.csv", b",10\r", b",-1\r"),
        ("figures.csv", b"categoryOption", b"option"),
        ("rounds.csv", b"2026-03-02T00:00:00", b"in March"),
        ("rounds.csv", b",exact,", b",none,"),
        ("orgunits.csv", b"staden", b"../../etc"),
        ("outputs.csv", b",E,", b",Q,"),
        ("codebook.csv", b",yes,", b",no,"),
        pytest.param(
            "outputs.csv", b",E,", b",%s," % (b"E" * 131_073), id="a field that no CSV reader takes"
        ),
    ],
)
def test_signed_tables_of_another_shape_are_refused(
    name: str, old: bytes, new: bytes, sent: bytes, sender: Settings, receiver: Settings
) -> None:
    changed = signed_again(sender, with_change(members_of(sent), name, old, new))
    with pytest.raises(RefusedError, match="tabeller som inte går att läsa"):
        import_aggregate(receiver, changed)


def test_a_key_that_nobody_trusts_is_refused_with_its_fingerprint(
    sent: bytes, sender: Settings, tmp_path: Path
) -> None:
    settings, fingerprint = settings_of(tmp_path), own_key(sender).fingerprint
    with pytest.raises(RefusedError, match=in_groups(fingerprint)):
        import_aggregate(settings, sent)
    assert not kept(settings)
    trust(settings, read_fingerprint(in_groups(fingerprint).upper()), " Staden ")
    assert trusted_keys(settings) == {fingerprint: "Staden"}
    with pytest.raises(RefusedError, match="staden"):
        trust(settings, "0" * len(fingerprint), "staden")
    assert trusted_keys(settings) == {fingerprint: "Staden"}
    import_aggregate(settings, sent)
    distrust(settings, fingerprint)
    assert received(settings).aggregates == ()
    assert "inte betrodd" in str(received(settings).faulty[0].message.render(str))


def test_an_older_file_does_not_replace_a_newer_one(sender: Settings, receiver: Settings) -> None:
    newer = write_aggregate(sender, replace(AGGREGATE, made_at=MADE + timedelta(days=1), outputs=()))
    import_aggregate(receiver, newer)
    with pytest.raises(RefusedError, match="redan en nyare fil"):
        import_aggregate(receiver, write_aggregate(sender, AGGREGATE))
    assert received(receiver).aggregates[0].aggregate.outputs == ()


def test_ones_own_file_is_refused(sent: bytes, sender: Settings) -> None:
    with pytest.raises(RefusedError, match="er egen"):
        import_aggregate(sender, sent)


def test_a_file_that_was_changed_on_the_disk_is_left_out_and_reported(
    sent: bytes, receiver: Settings
) -> None:
    import_aggregate(receiver, sent)
    [path] = receiver.data.rglob("*.zip")
    path.write_bytes(sent[:-50])
    assert (received(receiver).aggregates, len(received(receiver).faulty)) == ((), 1)


@pytest.mark.parametrize("text", ["", "abcd", "g" * 64, "a" * 63])
def test_a_text_that_is_no_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="64 tecken"):
        read_fingerprint(text)
