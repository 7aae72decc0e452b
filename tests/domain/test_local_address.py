"""Which addresses nobody else can open."""

import pytest

from kiosk.domain.local_address import leads_to_own_machine


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000",
        "http://127.1.2.3",
        "http://localhost:8000/q",
        "https://LOCALHOST.",
        "http://kiosk.localhost",
        "http://[::1]:8000",
        "http://0.0.0.0:8000",
        "http://127.1",
        "http://2130706433:8000",
        "http://0x7f.1",
        "http://0177.0.0.1",
        "http://0",
        "http://127.0.0.1.",
        "http://\uff11\uff12\uff17.0.0.1",
        "http://[::ffff:127.0.0.1]",
        "http://[::ffff:7f00:1]",
        "http://[::]",
    ],
)
def test_a_loopback_address_names_the_own_machine(address: str) -> None:
    assert leads_to_own_machine(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://svara.example",
        "http://192.168.1.5:8000",
        "http://localhost.example",
        "http://[2001:db8::1]",
        "http://[::ffff:192.168.1.5]",
        "http://3232235781",
        "http://128.1",
        "http://127",
        "http://1270.example",
        "http://127.0.0.1.example",
        "svara.example",
        "",
    ],
)
def test_any_other_address_names_another_machine(address: str) -> None:
    assert not leads_to_own_machine(address)
