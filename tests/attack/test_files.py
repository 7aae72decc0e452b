"""The short version of the attacks on files; `make attack` runs the full version."""

import struct
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.attack import memory, residue, traces
from tests.attack.finding import Finding, Scale
from tests.attack.marks import address_forms, standing_in, text_forms, time_forms, times_between
from tests.attack.watched import NotPossibleHere, traced_writes

AT = datetime(2033, 5, 2, 9, 0, 41)
SECONDS = int(AT.replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    "written",
    [
        b"qkzvpmwxjrth",
        b"Qkzvpmwxjrth".upper(),
        b"qkzvpmwxjrth".hex().encode(),
        b"qkzvpmwxjrth".hex().upper().encode(),
        b64encode(b"qkzvpmwxjrth"),
        b64encode(b"1 qkzvpmwxjrth and more"),
        b64encode(b"1qkzvpmwxjrth and more"),
        "qkzvpmwxjrth".encode("utf-16"),
        b64encode("a qkzvpmwxjrth b".encode("utf-16-le")),
    ],
)
def test_the_search_finds_a_text_in_every_encoding(written: bytes) -> None:
    data = b"before " + written + b" after"
    assert standing_in(data, text_forms("qkzvpmwxjrth"))
    assert not standing_in(data, text_forms("qkzvpmaxjrth"))


@pytest.mark.parametrize(
    "written",
    [
        b"2033-05-02T09:00:41",
        b"[02/May/2033:09:00:41 +0000]",
        b"Mon, 02 May 2033 09:00:41 GMT",
        b"20330502T090041Z",
        str(SECONDS).encode(),
        str(SECONDS * 1000).encode(),
        f"{SECONDS}.25".encode(),
        SECONDS.to_bytes(4, "big"),
        SECONDS.to_bytes(8, "little"),
        (SECONDS * 1000).to_bytes(6, "big"),
        (SECONDS * 1000).to_bytes(8, "big"),
        (SECONDS * 1_000_000).to_bytes(8, "little"),
        struct.pack(">d", SECONDS),
        struct.pack("<f", SECONDS),
        f"{SECONDS:x}".encode(),
        b64encode(SECONDS.to_bytes(8, "big")),
    ],
)
def test_the_search_finds_a_time_in_every_format(written: bytes) -> None:
    data = b"before" + written + b"after"
    assert standing_in(data, time_forms(AT))
    assert not standing_in(data, time_forms(AT.replace(hour=3, minute=47, second=13)))


@pytest.mark.parametrize(
    "written",
    [
        SECONDS.to_bytes(8, "big"),
        (SECONDS * 1_000_000).to_bytes(8, "little"),
        ((SECONDS + 11_644_473_600) * 1_000_000 + 7).to_bytes(8, "little"),
        struct.pack("<d", SECONDS * 1000 + 0.5),
        b"\x38\x91\xb4\xe5\x8b\xd1\xf6\xef\x17",
        f"{SECONDS}123456".encode(),
        f"{SECONDS + 11_644_473_600}123456".encode(),
        b"Mon, 02 May 2033 09:00:41 GMT",
    ],
)
def test_the_search_finds_a_time_within_a_span_in_every_format(written: bytes) -> None:
    since, data = SECONDS, b"before" + written + b" after" + bytes(9)
    if written.startswith(b"\x38"):
        # A time as Chromium wrote it to the database of its service workers.
        since = 1_795_634_708
    assert times_between(data, since - 0.5, since + 1.5)
    assert not times_between(data, since + 100, since + 101)


def test_the_search_finds_an_address_as_text_and_as_four_bytes() -> None:
    for written in (b"127.151.20.33", b"\x7f\x97\x14\x21", b"7f971421", b64encode(b"\x7f\x97\x14\x21")):
        assert standing_in(b"before" + written + b"after", address_forms("127.151.20.33"))


def test_the_parts_of_a_traced_write_are_joined() -> None:
    log = '7 writev(3, [{iov_base="\\x61\\x62", iov_len=2}, {iov_base="\\x63", iov_len=1}], 2) = 3\n'
    assert traced_writes(log) == [b"abc"]


def _bad(findings: list[Finding]) -> list[Finding]:
    """Return the findings that fail. Skips the test if none fails and this machine does not permit some
    attacks."""
    impossible = [finding for finding in findings if isinstance(finding, NotPossibleHere)]
    bad = [finding for finding in findings if not finding.is_good and finding not in impossible]
    if impossible and not bad:
        pytest.skip("; ".join(f"{finding.attack}: {finding.figure}" for finding in impossible))
    return bad


@pytest.mark.slow
@pytest.mark.parametrize("search", [traces.files_finding, traces.writes_finding])
def test_no_trace_of_a_guest_is_left_and_leaky_servers_are_caught(
    search: Callable[[Scale], Finding],
) -> None:
    assert _bad([search(Scale.QUICK)]) == []


@pytest.mark.slow
def test_no_counted_ballot_and_no_order_of_ballots_is_left_in_files_and_plain_rows_are_caught() -> None:
    assert _bad(residue.run(Scale.QUICK)) == []


@pytest.mark.slow
def test_no_counted_form_is_left_in_memory_and_a_plain_allocator_is_caught() -> None:
    assert _bad(memory.run(Scale.QUICK)) == []


@pytest.mark.parametrize("finding", [residue.disk_finding, residue.writes_finding, traces.writes_finding])
def test_an_attack_that_the_machine_does_not_permit_does_not_pass(
    finding: Callable[[Scale], Finding], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tests.attack.residue.SYSTEM_PATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    result = finding(Scale.QUICK)
    assert isinstance(result, NotPossibleHere)
    assert not result.is_good
