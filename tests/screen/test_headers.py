"""What the guests' pages allow a browser to load, send and open."""

import re
from pathlib import Path

import pytest

from kiosk.domain.rounds import Admission
from tests.tools.guest_side import Place
from tests.tools.policies import directives

PATHS = ["/", "/thanks", "/practice", "/stored", "/s/poster", "/q", "/k/unknown", "/pair", "/nothing"]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, frozenset(Admission))


@pytest.mark.parametrize("path", PATHS)
def test_a_page_sends_forms_to_this_server_only(place: Place, path: str) -> None:
    assert directives(place.client.get(path))["form-action"] == {"'self'"}


@pytest.mark.parametrize("path", PATHS)
def test_a_page_accepts_no_base_element_and_no_foreign_frame(place: Place, path: str) -> None:
    policy = directives(place.client.get(path))
    assert (policy["base-uri"], policy["frame-ancestors"]) == ({"'none'"}, {"'none'"})


@pytest.mark.parametrize("path", PATHS)
def test_a_page_opens_no_windows_or_dialogs_and_downloads_no_files(place: Place, path: str) -> None:
    allowed = {"allow-forms", "allow-scripts", "allow-same-origin"}
    assert directives(place.client.get(path))["sandbox"] == allowed


@pytest.mark.parametrize("path", PATHS)
def test_a_page_loads_nothing_from_another_server(place: Place, path: str) -> None:
    policy = directives(place.client.get(path))
    assert policy["default-src"] == {"'none'"}
    sources = {source for name, values in policy.items() if name != "sandbox" for source in values}
    foreign = {one for one in sources if not re.fullmatch("'self'|'none'|data:|'sha256-[^']+'", one)}
    assert foreign == set()
    assert policy["script-src"] == policy["connect-src"] == {"'self'"}


@pytest.mark.parametrize("path", ["/", "/s/poster"])
def test_responses_to_ballots_have_the_same_policy_as_the_form(place: Place, path: str) -> None:
    form = directives(place.client.get(path))
    assert directives(place.client.post(path, data={"listened": "99"})) == form
