"""A coordinator makes a scale in the browser, and changes it while no survey uses it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from kiosk.domain.survey import Pictures, Poles, number_scale
from kiosk.library.library import Library, read_library
from tests.tools.desk_side import Desk

OFTEN = ("Aldrig", "Ibland", "Ofta")
OWN = "/admin/scales/hur_ofta"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.sign_in()
    return made


def send(
    desk: Desk, path: str, labels: Sequence[str] = OFTEN, title: str = "Hur ofta", **more: str
) -> TestResponse:
    data = {"csrf_token": desk.token("/admin/walls"), "title": title, "label": [*labels, "", ""], **more}
    return desk.client.post(path, data=data)


def library(desk: Desk) -> Library:
    """The library as it is read from the files."""
    return read_library(desk.settings)


def seen(desk: Desk) -> str:
    return desk.client.get(OWN).text.partition('name="seen" value="')[2].partition('"')[0]


@pytest.mark.slow
def test_a_scale_is_made_under_an_id_from_its_title(desk: Desk) -> None:
    assert send(desk, "/admin/new-scale", bipolar="y").status_code == 303
    scale = library(desk).scales["hur_ofta"]
    assert (scale.title, scale.labels, scale.bipolar) == ("Hur ofta", OFTEN, True)
    page = desk.client.get("/admin/scales").text
    assert "Skalan är sparad: Hur ofta." in page
    assert "sparade en skala</td><td>Hur ofta</td>" in desk.client.get("/admin/log").text
    refused = send(desk, "/admin/new-scale", ("Kanske", "Ja"), "hur Ofta")
    assert (refused.status_code, "En annan skala har samma namn." in refused.text) == (400, True)
    assert send(desk, "/admin/new-scale", ("Kanske", "Ja"), "Hur ofta?").status_code == 303
    assert library(desk).scales["hur_ofta_2"].labels == ("Kanske", "Ja")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("labels", "title", "anchor", "words"),
    [
        (OFTEN, " ", "title", "Skalan behöver ett namn."),
        (("Ja",), "Kort", "label-1", "En skala har mellan 2 och 11 svar."),
        ([f"Svar {n}" for n in range(12)], "Lång", "label-1", "En skala har mellan 2 och 11 svar."),
        (("Ja", "", "ja"), "Lika", "label-3", "Svar 3 står två gånger."),
        (("Ja", "x" * 61), "Bred", "label-2", "högst 60 tecken"),
        (("Ja", "\u200b"), "Osynlig", "label-2", "skriv något som går att läsa."),
    ],
)
def test_a_faulty_scale_is_refused_with_a_link_to_its_field(
    desk: Desk, labels: Sequence[str], title: str, anchor: str, words: str
) -> None:
    before = sorted(library(desk).scales)
    refused = send(desk, "/admin/new-scale", labels, title)
    assert refused.status_code == 400
    assert f'<a href="#{anchor}">' in refused.text
    assert f'id="{anchor}"' in refused.text
    assert words in refused.text
    assert sorted(library(desk).scales) == before


def test_a_scale_with_the_answers_of_another_one_is_refused(desk: Desk) -> None:
    labels = library(desk).scales["agree5"].labels
    refused = send(desk, "/admin/new-scale", labels)
    words = f"Skalan ”{labels[0]} … {labels[-1]}” har redan samma svar i samma ordning."
    assert (refused.status_code, words in refused.text) == (400, True)
    assert send(desk, "/admin/new-scale", labels[::-1]).status_code == 303


@pytest.mark.slow
def test_an_unused_scale_is_changed_and_keeps_keys_that_the_form_does_not_have(desk: Desk) -> None:
    send(desk, "/admin/new-scale")
    assert send(desk, OWN, ("Sällan", *OFTEN), "Ofta?", seen=seen(desk)).status_code == 303
    scale = library(desk).scales["hur_ofta"]
    assert (scale.title, scale.labels) == ("Ofta?", ("Sällan", *OFTEN))
    path = desk.settings.data / "questions" / "scales" / "hur_ofta.toml"
    path.write_text(path.read_text("utf-8").replace("validated = false", "validated = true"), "utf-8")
    send(desk, OWN, seen=seen(desk))
    assert "validated = true" in path.read_text("utf-8")
    assert library(desk).scales["hur_ofta"].labels == OFTEN


def test_a_scale_changed_by_somebody_else_is_not_overwritten(desk: Desk) -> None:
    send(desk, "/admin/new-scale")
    old = seen(desk)
    send(desk, OWN, ("Kanske", "Ja"), seen=old)
    refused = send(desk, OWN, ("Nja", "Ja"), seen=old)
    assert (refused.status_code, "Någon annan har ändrat skalan" in refused.text) == (400, True)
    assert library(desk).scales["hur_ofta"].labels == ("Kanske", "Ja")


def test_a_used_scale_is_neither_changed_nor_removed(desk: Desk) -> None:
    send(desk, "/admin/new-scale")
    token, path = desk.token("/admin/walls"), desk.settings.data / "questions" / "egen.toml"
    path.write_text(
        'id = "egen"\ntitle = "Egen"\nsource = "Vi"\nlicence = "Fri"\nvalidated = false\n'
        '[[statements]]\nid = "a"\ntext = "Jag äter"\noutcome = "Mat"\nscale = "hur_ofta"\n',
        "utf-8",
    )
    assert "/admin/scales/hur_ofta/remove" not in desk.client.get("/admin/scales").text
    assert "En enkät använder den här skalan." in desk.client.get(OWN).text
    assert desk.client.post(f"{OWN}/remove", data={"csrf_token": token}).status_code == 403
    assert library(desk).scales["hur_ofta"].labels == OFTEN
    path.unlink()
    desk.client.get("/admin/scales")
    assert desk.client.post(f"{OWN}/remove", data={"csrf_token": token}).status_code == 303
    assert "hur_ofta" not in library(desk).scales
    assert "tog bort en skala</td><td>Hur ofta</td>" in desk.client.get("/admin/log").text


def test_a_shipped_scale_is_not_changed_but_can_be_the_start_of_another(desk: Desk) -> None:
    assert "följer med programmet" in desk.client.get("/admin/scales/agree5").text
    assert desk.client.get("/admin/scales/no_such").status_code == 404
    like = desk.client.get("/admin/new-scale?like=agree5").text
    for label in library(desk).scales["agree5"].labels:
        assert f'value="{label}"' in like


def test_a_scale_whose_file_lists_no_answers_is_not_opened_in_the_form(desk: Desk) -> None:
    send(desk, "/admin/new-scale")
    path = desk.settings.data / "questions" / "scales" / "hur_ofta.toml"
    path.write_text(path.read_text("utf-8").partition("[[options]]")[0], "utf-8")
    refused = desk.client.get(OWN)
    assert refused.status_code == 400
    assert "Skalans fil har inga svar." in refused.text


NUMBERS = {
    "kind": "numbers", "low-number": "1", "high-number": "7", "low-pole": "Inte alls", "high-pole": "Helt",
}  # fmt: skip


@pytest.mark.slow
def test_a_scale_of_numbers_is_made_changed_and_used(desk: Desk) -> None:
    assert send(desk, "/admin/new-scale", (), **NUMBERS).status_code == 303
    scale = library(desk).scales["hur_ofta"]
    assert scale == replace(number_scale("hur_ofta", Poles(1, "Inte alls", "Helt"), 7), title="Hur ofta")
    shown = desk.client.get(OWN).text
    for words in ('value="Inte alls"', 'value="7"', 'value="numbers" checked'):
        assert words in " ".join(shown.split())
    changed = {**NUMBERS, "low-number": "0", "high-number": "10"}
    assert send(desk, OWN, (), seen=seen(desk), **changed).status_code == 303
    assert len(library(desk).scales["hur_ofta"].labels) == 11
    assert send(desk, OWN, OFTEN, seen=seen(desk)).status_code == 303
    assert library(desk).scales["hur_ofta"].labels == OFTEN, "words in place of numbers"


@pytest.mark.parametrize(
    ("fields", "anchor", "words"),
    [
        ({"low-number": ""}, "low-number", "Lägsta siffran: skriv ett helt tal från 0 till 100."),
        ({"high-number": "0,5"}, "high-number", "Högsta siffran: skriv ett helt tal från 0 till 100."),
        ({"high-number": "101"}, "high-number", "Högsta siffran: skriv ett helt tal från 0 till 100."),
        ({"high-number": "12"}, "high-number", "Från 1 till 12: en skala har mellan 2 och 11 svar"),
        ({"low-number": "7"}, "high-number", "Från 7 till 7: en skala har mellan 2 och 11 svar"),
        ({"low-number": "9"}, "high-number", "Från 9 till 7: en skala har mellan 2 och 11 svar"),
        ({"low-pole": ""}, "low-pole", "Ord vid den lägsta siffran:"),
        ({"high-pole": "x" * 61}, "high-pole", "Ord vid den högsta siffran:"),
        ({"high-pole": "inte ALLS"}, "high-pole", "Skriv olika ord"),
        (
            {"low-number": "0", "high-number": "10", "high-pole": "Helt och hållet"},
            "low-number",
            "har redan samma svar",
        ),
    ],
)
def test_a_faulty_scale_of_numbers_is_refused_with_a_link_to_its_field(
    desk: Desk, fields: Mapping[str, str], anchor: str, words: str
) -> None:
    refused = send(desk, "/admin/new-scale", (), **{**NUMBERS, **fields})
    assert refused.status_code == 400
    assert f'<a href="#{anchor}">' in refused.text
    assert f'id="{anchor}"' in refused.text
    assert words in refused.text
    assert 'value="numbers" checked' in " ".join(refused.text.split())
    assert "hur_ofta" not in library(desk).scales


def test_faces_stand_beside_five_answers_only(desk: Desk) -> None:
    five = ("Usel", "Låg", "Sådär", "Okej", "Toppen")
    refused = send(desk, "/admin/new-scale", five[1:], kind="faces")
    assert (refused.status_code, '<a href="#kind-faces">' in refused.text) == (400, True)
    assert send(desk, "/admin/new-scale", five, kind="faces").status_code == 303
    assert library(desk).scales["hur_ofta"].pictures is Pictures.FACES
    assert send(desk, "/admin/new-scale", five, "Cirklar", kind="circles").status_code == 303
    assert send(desk, OWN, five, seen=seen(desk), kind="words").status_code == 303
    assert library(desk).scales["hur_ofta"].pictures is Pictures.NONE


def test_answers_without_an_order_keep_the_order_in_which_they_are_written(desk: Desk) -> None:
    needs = ("Mat", "Sömn", "Samtal")
    assert send(desk, "/admin/new-scale", needs, kind="unordered", bipolar="y").status_code == 303
    scale = library(desk).scales["hur_ofta"]
    assert (scale.is_ordered, scale.labels[::-1], scale.bipolar) == (False, needs, False)
    like = desk.client.get("/admin/new-scale?like=hur_ofta").text
    assert [like.index(f'value="{label}"') for label in needs] == sorted(
        like.index(f'value="{n}"') for n in needs
    )
    assert 'value="unordered" checked' in " ".join(like.split())


def test_an_unknown_kind_of_scale_is_refused(desk: Desk) -> None:
    assert send(desk, "/admin/new-scale", kind="stars").status_code == 400
