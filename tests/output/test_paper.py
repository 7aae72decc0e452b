"""Paper: every symbol is read by a camera, says what its slip says, and nothing tells one sheet from another.

Pages are rendered as a printer would and read back by a decoder of another house than the maker's.
"""

import ctypes
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from secrets import SystemRandom

import numpy
import pypdfium2
import pytest
import zxingcpp
from pypdfium2 import raw
from werkzeug.test import TestResponse

from kiosk.domain.rounds import Admission
from kiosk.domain.slips import new_code, normalise, spaced
from kiosk.domain.theme import Logo, Theme
from kiosk.library.catalogues import Catalogue, read_catalogues
from kiosk.output import paper
from kiosk.output.paper import (
    CALL,
    POSTER_LANGUAGES,
    PROMISE,
    SLIP_LANGUAGES,
    PaperError,
    PaperTexts,
    Size,
    SlipOrigin,
    paper_texts,
    poster_page,
    slip_address,
    slip_origin,
    slip_sheets,
)
from kiosk.screen.texts import SCREEN
from kiosk.settings import shipped_folder
from tests.tools.builders import tree
from tests.tools.command_line import OPEN, Run, printed
from tests.tools.desk_side import Desk
from tests.tools.languages import GUEST_LANGUAGES
from tests.tools.qr_codes import DPI, Image, read, rendered

ADDRESS = "https://svara.example"
LINK = f"{ADDRESS}/s/abcdEFGH1234_-xy"
UNIT = "Dagverksamheten"
ORIGIN = SlipOrigin(UNIT, "Stadsmissionens ombudsmannaskap", "2026-05-31")
NAMED_ROUND = "Stadsmissionens ombudsmannaskap – 2026-05-31"


@pytest.fixture(scope="module", autouse=True)
def _symbols_made_once() -> Iterator[None]:
    """Make the symbol of an address once for all tests, because most lay the same codes out differently."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paper, "_symbol", cache(paper._symbol))
        yield


@pytest.fixture(scope="module")
def guest() -> dict[str, Catalogue]:
    return read_catalogues([shipped_folder("translations")], "guest")


@pytest.fixture(scope="module")
def codes() -> list[str]:
    return [new_code("BCD", SystemRandom()) for _ in range(13)]


@pytest.fixture(scope="module")
def sheets_in(guest: dict[str, Catalogue], codes: list[str]) -> Callable[[tuple[str, ...]], bytes]:
    """sheets_in(languages) -> the slips of `codes`, compiled once for all tests."""
    return cache(
        lambda languages: slip_sheets(ADDRESS, codes, paper_texts(guest, languages), ORIGIN, Random(1))
    )


@pytest.fixture(scope="module")
def poster_of(guest: dict[str, Catalogue]) -> Callable[[Size], bytes]:
    """poster_of(size) -> a poster in three languages, compiled once for all tests."""
    return cache(lambda size: poster_page(LINK, paper_texts(guest, ["sv", "en", "ar"]), size, UNIT))


def blurred(image: Image) -> Image:
    from scipy import ndimage

    changed: Image = ndimage.gaussian_filter(image, 2)
    return changed


def askew(image: Image) -> Image:
    from scipy import ndimage

    changed: Image = ndimage.rotate(image, 7, cval=255, order=1)
    return changed


SEEN: dict[str, Callable[[Image], Image]] = {
    "straight": lambda image: image,
    "from the side": lambda image: numpy.rot90(image),
    "askew": askew,
    "blurred": blurred,
    "askew and blurred": lambda image: blurred(askew(image)),
}


def runs(pdf: bytes) -> Iterator[tuple[int, str, str]]:
    """(page, font, text) of each run of letters, in the order of the page."""
    for number, page in enumerate(pypdfium2.PdfDocument(pdf)):
        text = page.get_textpage()
        for run_of_text in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], textpage=text):
            yield number, run_of_text.get_font().get_base_name(), run_of_text.extract()


def lines(pdf: bytes) -> list[str]:
    return [text.strip() for _, _, text in runs(pdf)]


def pictures(pdf: bytes) -> list[str]:
    """What a screen reader says of each figure."""
    texts: list[str] = []

    def walk(element: object) -> None:
        size = raw.FPDF_StructElement_GetAltText(element, None, 0)
        if size:
            buffer = ctypes.create_string_buffer(size)
            raw.FPDF_StructElement_GetAltText(element, buffer, size)
            texts.append(buffer.raw.decode("utf-16-le").rstrip("\x00"))
        for at in range(max(0, raw.FPDF_StructElement_CountChildren(element))):
            child = raw.FPDF_StructElement_GetChildAtIndex(element, at)
            if child:
                walk(child)

    for page in pypdfium2.PdfDocument(pdf):
        tree = raw.FPDF_StructTree_GetForPage(page)
        for at in range(raw.FPDF_StructTree_CountChildren(tree)):
            walk(raw.FPDF_StructTree_GetChildAtIndex(tree, at))
        raw.FPDF_StructTree_Close(tree)
    return texts


@pytest.mark.slow
@pytest.mark.parametrize("how", SEEN)
@pytest.mark.parametrize("languages", [("sv",), ("sv", "ar"), ("sv", "en", "ar", "fa", "uk")])
def test_every_slips_symbol_is_read_blurred_and_rotated(
    how: str, languages: tuple[str, ...], sheets_in: Callable[[tuple[str, ...]], bytes], codes: list[str]
) -> None:
    assert read(sheets_in(languages), SEEN[how]) == sorted(slip_address(ADDRESS, code) for code in codes)


@pytest.mark.slow
def test_the_check_catches_symbols_of_12_mm(
    guest: dict[str, Catalogue], codes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check above can fail: the same sheet with small symbols, straight and blurred."""
    monkeypatch.setattr(paper, "SLIP_SYMBOL_MM", 12)
    sheets = slip_sheets(ADDRESS, codes, paper_texts(guest, ["sv"]), ORIGIN, Random(1))
    assert len(read(sheets)) == len(codes)
    assert read(sheets, blurred) == []


@pytest.mark.slow
def test_a_symbol_is_at_least_35_mm_on_paper(guest: dict[str, Catalogue]) -> None:
    texts = paper_texts(guest, ["sv"])
    sheets = slip_sheets(ADDRESS, [new_code("BCD", SystemRandom())], texts, ORIGIN, Random(1))
    for pdf in (sheets, *(poster_page(LINK, texts, size, UNIT) for size in Size)):
        [image] = rendered(pdf)
        [symbol] = zxingcpp.read_barcodes(image)
        left, right = symbol.position.top_left.x, symbol.position.top_right.x
        assert (right - left) / DPI * 25.4 >= 35


@pytest.mark.slow
def test_every_code_is_printed_on_its_slip_for_typing(
    sheets_in: Callable[[tuple[str, ...]], bytes], codes: list[str]
) -> None:
    sheets = sheets_in(("sv", "fi"))
    shown = [line for line in lines(sheets) if line.startswith("BCD-")]
    assert sorted(shown) == sorted(spaced(code) for code in codes)
    assert lines(sheets).count("svara.example/q") == len(codes)
    assert [slip_address(ADDRESS, normalise(line)) for line in shown] == pictures(sheets)


@pytest.mark.slow
def test_slips_differ_only_in_their_codes(
    sheets_in: Callable[[tuple[str, ...]], bytes], codes: list[str]
) -> None:
    sheets = sheets_in(("sv", "fi"))
    slips = " ".join(lines(sheets)).split("BCD-")[1:]
    assert len(slips) == len(codes)
    assert len({slip[len("234-567-89B") :].strip() for slip in slips}) == 1


@pytest.mark.slow
def test_a_sheet_reveals_neither_the_order_of_codes_nor_the_time(
    guest: dict[str, Catalogue], codes: list[str]
) -> None:
    words = paper_texts(guest, ["sv"])
    sheets = slip_sheets(ADDRESS, codes, words, ORIGIN, Random(1))
    assert slip_sheets(ADDRESS, codes[::-1], words, ORIGIN, Random(1)) == sheets
    assert pictures(slip_sheets(ADDRESS, codes, words, ORIGIN, Random(2))) != pictures(sheets)
    metadata = pypdfium2.PdfDocument(sheets).get_metadata_dict()
    assert (metadata["CreationDate"], metadata["ModDate"]) == ("", "")
    assert not [mark for mark in (b"CreateDate", b"ModifyDate", b"MetadataDate") if mark in sheets]


@pytest.mark.slow
@pytest.mark.parametrize("size", Size)
@pytest.mark.parametrize("how", SEEN)
def test_a_posters_symbol_has_its_address(size: Size, how: str, poster_of: Callable[[Size], bytes]) -> None:
    pdf = poster_of(size)
    assert read(pdf, SEEN[how]) == [LINK]
    assert pictures(pdf) == [LINK]


def test_a_poster_is_one_page_in_its_paper_size(guest: dict[str, Catalogue]) -> None:
    millimetres = {Size.A4: (210, 297), Size.A5: (148, 210), Size.A6: (105, 148)}
    for size, expected in millimetres.items():
        [page] = pypdfium2.PdfDocument(poster_page(LINK, paper_texts(guest, ["sv"]), size, UNIT))
        assert tuple(round(points / 72 * 25.4) for points in page.get_size()) == expected


@pytest.mark.slow
def test_a_poster_has_the_promise_of_the_screen_in_each_language(guest: dict[str, Catalogue]) -> None:
    text = " ".join(lines(poster_page(LINK, paper_texts(guest, guest), Size.A4, UNIT)))
    for code in ("sv", "en", "ro", "pl", "uk", "ru", "es", "fi"):
        assert guest[code].texts[SCREEN["anonymous"]] in text
        assert guest[code].texts[paper.CALL] in text


LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 1"><path fill="#e00" d="M0 0h2v1H0z"/></svg>'
NAMED = Theme("Stadsmissionen", None)
DRAWN = Theme("Stadsmissionen", Logo("logo.svg", "image/svg+xml", LOGO))


def red_pixels(pdf: bytes) -> int:
    """Number of pixels of the logo on the first page."""
    page = pypdfium2.PdfDocument(pdf)[0].render(scale=1).to_numpy().astype(int)
    return int(((page.max(axis=2) > 200) & (page.min(axis=2) < 60)).sum())


@pytest.mark.slow
def test_paper_shows_the_organisations_name_or_logo(guest: dict[str, Catalogue], codes: list[str]) -> None:
    words = paper_texts(guest, ["sv"])
    for theme in (Theme(), NAMED, DRAWN):
        origin = replace(ORIGIN, theme=theme)
        sheet = slip_sheets(ADDRESS, codes[:1], words, origin, Random(1))
        for pdf in (sheet, poster_page(LINK, words, Size.A6, UNIT, theme)):
            assert ("Stadsmissionen" in lines(pdf)) == (theme is NAMED)
            assert (red_pixels(pdf) > 0) == (theme is DRAWN)


def test_the_error_for_an_unreadable_logo_names_the_remedy(guest: dict[str, Catalogue]) -> None:
    theme = Theme("Stadsmissionen", Logo("logo.png", "image/png", b"\x89PNG\r\n\x1a\n"))
    with pytest.raises(PaperError, match="save it again"):
        poster_page(LINK, paper_texts(guest, ["sv"]), Size.A6, UNIT, theme)


def test_arabic_and_persian_are_set_in_the_arabic_font(guest: dict[str, Catalogue]) -> None:
    arabic = set(guest["ar"].texts[paper.CALL] + guest["fa"].texts[SCREEN["anonymous"]]) - set(" .")
    pdf = poster_page(LINK, paper_texts(guest, ["sv", "ar", "fa"]), Size.A4, UNIT)
    fonts = {char: font.split("+")[1] for _, font, text in runs(pdf) for char in text if char in arabic}
    assert len(fonts) > 20
    assert {font.split("-")[0] for font in fonts.values()} == {"NotoSansArabic"}


def test_a_pdf_has_a_title_and_language_for_screen_readers(guest: dict[str, Catalogue]) -> None:
    pdf = poster_page(LINK, paper_texts(guest, ["fi", "en"]), Size.A5, UNIT)
    assert pypdfium2.PdfDocument(pdf).get_metadata_dict()["Title"] == guest["en"].texts[paper.CALL]
    assert b"/Lang(en)" in pdf
    assert b"/Lang(fi)" in pdf


HOSTILE = '#panic("x") $x$ *b* _i_ `c` @r <l> \\ // [a] #include "/etc/passwd"'


def test_texts_are_never_interpreted_as_markup() -> None:
    words, code = PaperTexts("sv", False, HOSTILE, HOSTILE), new_code("BCD", SystemRandom())
    poster = poster_page(LINK, [words], Size.A4, HOSTILE)
    sheets = slip_sheets(ADDRESS, [code], [words], SlipOrigin(HOSTILE, HOSTILE, "2026-05-31"), Random(1))
    for pdf, number in ((poster, 3), (sheets, 4)):
        text = "".join(lines(pdf)).replace(" ", "")
        assert text.count(HOSTILE.replace(" ", "")) == number


REFUSED: dict[str, tuple[str, str]] = {
    "turned round": ("abc\u202edef", "changes its direction"),
    "a line break": ("abc\ndef", "line break"),
    "a script no font has": ("こんにちは", 'no glyph for "こ"'),
    "a whole book": ("ett långt ord " * 400, "do not fit"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", REFUSED)
def test_an_unprintable_text_is_refused(case: str) -> None:
    text, reason = REFUSED[case]
    with pytest.raises(PaperError, match=reason):
        poster_page(LINK, [PaperTexts("sv", False, "Svara", text)], Size.A6, UNIT)
    with pytest.raises(PaperError, match=reason):
        slip_sheets(
            ADDRESS,
            [new_code("BCD", SystemRandom())],
            [PaperTexts("sv", False, "Svara", text)],
            ORIGIN,
            Random(1),
        )


@pytest.mark.parametrize("case", ["turned round", "a line break", "a script no font has"])
def test_an_unprintable_name_of_a_unit_or_round_is_refused(guest: dict[str, Catalogue], case: str) -> None:
    text, reason = REFUSED[case]
    words, code = paper_texts(guest, ["sv"]), new_code("BCD", SystemRandom())
    with pytest.raises(PaperError, match=reason):
        poster_page(LINK, words, Size.A6, text)
    for origin in (replace(ORIGIN, unit=text), replace(ORIGIN, round=text)):
        with pytest.raises(PaperError, match=reason):
            slip_sheets(ADDRESS, [code], words, origin, Random(1))


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2, 3, 4, 6, 12])
def test_every_slip_names_its_unit_and_round_in_every_layout(
    guest: dict[str, Catalogue], codes: list[str], number: int
) -> None:
    words = paper_texts(guest, list(guest)[:number])
    text = " ".join(lines(slip_sheets(ADDRESS, codes, words, ORIGIN, Random(1))))
    assert text.count(UNIT) == text.count(NAMED_ROUND) == len(codes)


@pytest.mark.slow
@pytest.mark.parametrize("size", Size)
def test_a_poster_names_its_unit_in_every_layout(guest: dict[str, Catalogue], size: Size) -> None:
    longest = sorted(guest, key=lambda code: -len(guest[code].text(CALL) + guest[code].text(PROMISE)))
    for number in range(1, POSTER_LANGUAGES[size] + 1):
        pdf = poster_page(LINK, paper_texts(guest, longest[:number]), size, UNIT)
        assert " ".join(lines(pdf)).count(UNIT) == 1


@pytest.mark.slow
def test_a_long_unit_name_fits_on_slips_and_posters(guest: dict[str, Catalogue], codes: list[str]) -> None:
    name = "Dagverksamheten för kvinnor vid Stora torget i Västerås"
    words = paper_texts(guest, ["sv", "ar", "uk"])
    sheets = slip_sheets(ADDRESS, codes, words, replace(ORIGIN, unit=name), Random(1))
    text = " ".join(lines(sheets))
    assert text.count("i Västerås") == text.count(NAMED_ROUND) == len(codes)
    assert read(sheets) == sorted(slip_address(ADDRESS, code) for code in codes)
    for size in Size:
        assert name in " ".join(lines(poster_page(LINK, words, size, name)))


def test_a_slip_shows_the_last_day_of_its_round(desk: Desk) -> None:
    midnight = datetime(2026, 6, 1)
    for closes_at, day in ((midnight, "2026-05-31"), (midnight + timedelta(hours=1), "2026-06-01")):
        assert slip_origin(replace(desk.round, closes_at=closes_at), "frida", Theme()).last_day == day


def test_an_address_too_long_for_a_camera_is_refused(guest: dict[str, Catalogue]) -> None:
    with pytest.raises(PaperError, match="choose a shorter"):
        poster_page("https://" + "a" * 200, paper_texts(guest, ["sv"]), Size.A4, UNIT)


@pytest.mark.slow
def test_a_long_address_fits_on_its_slip(guest: dict[str, Catalogue], codes: list[str]) -> None:
    address = "https://svara.stadsmissionen-i-en-stad-med-langt-namn.example"
    sheets = slip_sheets(address, codes, paper_texts(guest, ["sv", "ar"]), ORIGIN, Random(1))
    assert read(sheets, blurred) == sorted(slip_address(address, code) for code in codes)
    boxes = [box for page in pypdfium2.PdfDocument(sheets) for box in boxes_of(page, "stadsmissionen")]
    assert boxes
    assert max(right - left for left, _, right, _ in boxes) <= paper.SLIP_SYMBOL_MM / 25.4 * 72 + 1


def boxes_of(page: pypdfium2.PdfPage, word: str) -> Iterator[tuple[float, float, float, float]]:
    """Left, bottom, right and top, in points, of each run of letters with the word."""
    text = page.get_textpage()
    for piece in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], textpage=text):
        if word in piece.extract().replace("\u200b", ""):
            yield piece.get_bounds()


# -- the staff's page ----------------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, admission=frozenset(Admission), languages=frozenset({"ar", "fi"}))


def ask_for_slips(desk: Desk, **changes: object) -> TestResponse:
    asked = {
        "csrf_token": desk.token("/admin/links"), "round": "r", "unit": "frida", "number": "12",
        "languages": ["sv", "ar"], **changes,
    }  # fmt: skip
    return desk.client.post("/admin/links/slips", data=asked)


@pytest.mark.slow
def test_a_file_with_slips_has_the_units_name_and_not_its_id(desk: Desk) -> None:
    desk.sign_in()
    response = ask_for_slips(desk, unit="second_hand")
    assert response.headers["Content-Disposition"] == "attachment; filename=slips-second-hand.pdf"


def ask_for_poster(desk: Desk, **asked: object) -> TestResponse:
    page = desk.client.get("/admin/links").text
    token = desk.token("/admin/links") if "csrf_token" in page else ""
    return desk.client.post("/admin/links/poster", data={"csrf_token": token, **asked})


@pytest.mark.slow
@pytest.mark.parametrize("name", ["anna", "bo"])
def test_staff_print_slips_that_guests_can_answer_with(desk: Desk, name: str) -> None:
    desk.sign_in(name)
    response = ask_for_slips(desk)
    assert response.mimetype == "application/pdf"
    assert response.headers["Content-Disposition"] == "attachment; filename=slips-frida.pdf"
    assert response.headers["Cache-Control"] == "no-store"
    addresses = read(response.data)
    assert len(set(addresses)) == 12
    for address in addresses:
        before, _, code = address.partition("#")
        assert before == "http://guest.example/q"
        assert desk.store.unit_of_slip(code) == ("r", "frida")
    text, named = "".join(lines(response.data)), f"{desk.round.survey.title} – 2026-05-31"
    assert text.count("FRIDA") == text.replace(" ", "").count(named.replace(" ", "")) == 12


BAD_SLIPS: dict[str, tuple[dict[str, object], str]] = {
    "none": ({"number": "0"}, "mellan 1 och 200"),
    "too many": ({"number": "201"}, "mellan 1 och 200"),
    "no number": ({"number": "tio"}, "mellan 1 och 200"),
    "another unit": ({"unit": "other"}, "Valet finns inte längre."),
    "another round": ({"round": "other"}, "Valet finns inte längre."),
    "no language": ({"languages": []}, "Kryssa i minst ett alternativ."),
    "a language guests may not choose": ({"languages": ["en"]}, "Valet finns inte längre. Välj igen."),
}


@pytest.mark.parametrize("case", BAD_SLIPS)
def test_invalid_input_for_slips_is_reported_beside_the_field(desk: Desk, case: str) -> None:
    changes, words = BAD_SLIPS[case]
    desk.sign_in()
    response = ask_for_slips(desk, **changes)
    assert response.status_code == 400
    assert words in " ".join(re.findall('class="problem"[^>]*>([^<]*)', response.text))


@pytest.mark.slow
def test_slips_can_only_be_printed_for_units_of_the_round(desk: Desk) -> None:
    elsewhere = replace(desk.round, id="r2", tree=tree("elsewhere"))
    desk.store.open_round(elsewhere, desk.now)
    desk.sign_in()
    assert ask_for_slips(desk, round="r2", unit="elsewhere").mimetype == "application/pdf"
    response = ask_for_slips(desk, round="r2", unit="frida")
    assert response.status_code == 400
    assert "Verksamheten är inte med i den omgången." in response.text


def test_printing_needs_a_csrf_token_and_a_sign_in(desk: Desk) -> None:
    desk.sign_in()
    assert ask_for_slips(desk, csrf_token="").status_code == 400
    assert ask_for_poster(desk, csrf_token="").status_code == 400
    desk.client.delete_cookie("desk", path="/")
    assert ask_for_poster(desk).status_code == 401


def test_slips_are_not_offered_for_a_round_that_does_not_admit_them(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sign_in()
    page = desk.client.get("/admin/links/slips").text
    assert "Hämta lappar" not in page
    assert "Ingen omgång tar emot svar från lappar nu." in page
    assert ask_for_slips(desk).status_code == 400


@pytest.mark.slow
@pytest.mark.parametrize("size", Size)
def test_staff_can_print_each_poster(desk: Desk, size: Size) -> None:
    posters = [desk.store.links.add(Admission.POSTER, unit) for unit in ("frida", "matcentralen")]
    kiosk = desk.store.links.add(Admission.KIOSK, "frida")
    desk.sign_in("bo")
    for link in posters:
        asked: dict[str, object] = {"link": link.code, "size": size.value, "languages": ["sv", "fi"]}
        response = ask_for_poster(desk, **asked)
        assert response.mimetype == "application/pdf"
        assert read(response.data) == [f"http://guest.example/s/{link.code}"]
        assert desk.round.tree.node(link.unit_id).name in lines(response.data)
    asked["link"] = kiosk.code
    assert ask_for_poster(desk, **asked).status_code == 400


def test_a_posters_code_is_shown_only_between_posters_of_one_unit(desk: Desk) -> None:
    units = ("frida", "matcentralen", "matcentralen")
    codes = [desk.store.links.add(Admission.POSTER, unit).code for unit in units]
    desk.sign_in("bo")
    page = desk.client.get("/admin/links/poster").text
    assert [f"({code})" in page for code in codes] == [False, True, True]


@pytest.mark.slow
@pytest.mark.parametrize("size", Size)
def test_the_promised_number_of_languages_fits_in_any_combination(
    size: Size, guest: dict[str, Catalogue]
) -> None:
    longest = sorted(guest, key=lambda code: -len(guest[code].text(CALL) + guest[code].text(PROMISE)))
    for codes in (list(guest), longest):
        assert poster_page(LINK, paper_texts(guest, codes[: POSTER_LANGUAGES[size]]), size, UNIT)


@pytest.mark.slow
def test_too_many_languages_are_refused_with_the_number_that_fits(tmp_path: Path) -> None:
    desk = Desk(tmp_path, admission=frozenset(Admission), languages=frozenset(GUEST_LANGUAGES))
    link = desk.store.links.add(Admission.POSTER, "frida")
    desk.sign_in("bo")
    asked: dict[str, object] = {"link": link.code, "size": "A6", "languages": list(GUEST_LANGUAGES)}
    refused = ask_for_poster(desk, **asked)
    assert refused.status_code == 400
    summary = refused.text.split('id="notice"')[1].split("</div>")[0]
    assert (
        '<a href="#poster-languages">Språk: På A6 får högst 5 språk plats. Kryssa för färre.</a>' in summary
    )
    assert 'id="poster-languages"' in refused.text


@pytest.mark.slow
def test_slips_are_offered_in_few_languages_to_save_paper(tmp_path: Path) -> None:
    desk = Desk(tmp_path, admission=frozenset(Admission), languages=frozenset(GUEST_LANGUAGES))
    desk.sign_in("bo")
    page = desk.client.get("/admin/links/slips").text
    form = page.split('action="/admin/links/slips#notice"')[1].split("</form>")[0]
    ticked = re.findall(r'name="languages" value="(\w+)" checked', form)
    assert len(ticked) == SLIP_LANGUAGES
    printed = ask_for_slips(desk, number="50", languages=ticked)
    assert len(pypdfium2.PdfDocument(printed.data)) <= 8


LOCAL = {"slips": ask_for_slips, "poster": ask_for_poster}


@pytest.mark.slow
@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://localhost", "http://127.1"])
def test_paper_with_a_local_address_can_only_be_printed_as_a_trial(desk: Desk, address: str) -> None:
    link = desk.store.links.add(Admission.POSTER, "frida")
    desk.sign_in("bo")
    asked: dict[str, object] = {"link": link.code, "size": "A6", "languages": ["sv"]}
    pages = [desk.client.get(f"/admin/links/{kind}").text for kind in LOCAL]
    assert ['name="trial"' in page for page in pages] == [False, False]
    desk.app.extensions["desk"].guest_address = address
    for kind, ask in LOCAL.items():
        fields = asked if kind == "poster" else {}
        refused = ask(desk, **fields)
        assert refused.status_code == 400
        assert f'href="#{kind}-trial"' in refused.text
        assert f'id="{kind}-trial"' in refused.text
        assert address in refused.text
    assert desk.store.printed_slips("r") == {}
    for kind, ask in LOCAL.items():
        fields = asked if kind == "poster" else {}
        assert ask(desk, trial="y", **fields).mimetype == "application/pdf"


def test_the_slips_form_selects_the_running_round_by_default(desk: Desk) -> None:
    later = replace(
        desk.round, id="later", opens_at=desk.round.closes_at, closes_at=desk.round.closes_at + timedelta(90)
    )
    desk.store.open_round(later, desk.now)
    desk.sign_in("bo")
    form = desk.client.get("/admin/links/slips").text.split('id="slips-round"')[1].split("</select>")[0]
    assert re.findall('<option value="([^"]+)"', form) == ["r", "later"]
    assert "selected" not in form


@pytest.mark.slow
def test_the_languages_of_slips_are_those_of_the_chosen_round(tmp_path: Path) -> None:
    desk = Desk(tmp_path, admission=frozenset(Admission), languages=frozenset({"ar", "fi"}))
    swedish = replace(desk.round.survey, id="own", translations={})
    [first, *others] = swedish.statements
    swedish = replace(swedish, statements=(replace(first, text="Otranslated"), *others))
    later = replace(
        desk.round, id="later", name="Hösten", survey=swedish, opens_at=desk.round.closes_at,
        closes_at=desk.round.closes_at + timedelta(90),
    )  # fmt: skip
    desk.store.open_round(later, desk.now)
    desk.sign_in("bo")
    boxes = re.findall(r'value="(\w+)"(?:\s*(data-rounds="[^"]*"))?( checked)?', languages_of_slips(desk))
    assert boxes == [
        ("sv", "", " checked"),
        *((code, 'data-rounds="r"', " checked") for code in ("ar", "fi")),
    ]
    assert ask_for_slips(desk, languages=["sv", "ar"]).mimetype == "application/pdf"
    refused = ask_for_slips(desk, round="later", languages=["sv", "ar"])
    assert refused.status_code == 400
    assert "Omgången du valde kan inte besvaras på arabiska (" in refused.text
    assert re.findall(r'value="(\w+)"[^>]* checked', refused.text) == ["sv"], "the next click succeeds"
    assert desk.store.printed_slips("later") == {}
    assert ask_for_slips(desk, round="later", languages=["sv"]).mimetype == "application/pdf"


def languages_of_slips(desk: Desk) -> str:
    return desk.client.get("/admin/links/slips").text.split('id="slips-languages"')[1].split("</fieldset>")[0]


@pytest.mark.slow
def test_a_poster_says_whether_a_round_accepts_its_answers(desk: Desk) -> None:
    desk.store.links.add(Admission.POSTER, "frida")
    desk.sign_in("bo")
    closes, before = desk.round.closes_at, desk.now
    assert "Tar emot svar till " in desk.client.get("/admin/links/poster").text
    for now, words in ((closes, "Tar inte emot svar"), (before, "Tar emot svar till ")):
        desk.now = now
        desk.sign_in("bo")
        assert words in desk.client.get("/admin/links/poster").text


# -- the command ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_command_writes_sheets_and_posters(run: Run, tmp_path: Path) -> None:
    printed(run("init"))
    of_round = printed(run(*OPEN)).split()[0]
    slips = ("slips", "--round", of_round, "--unit", "frida", "--number", "7", "--pdf")
    known = {"KIOSK_GUEST_ADDRESS": ADDRESS, "KIOSK_LANGUAGES": "ar,en"}
    assert "7 slips" in printed(run(*slips, "slips.pdf", "--languages", "sv,ar", **known))
    sheets = (tmp_path / "slips.pdf").read_bytes()
    assert len(read(sheets)) == " ".join(lines(sheets)).count("FRIDA") == 7
    poster = ("poster", "--unit", "frida", "--size", "A6", "--languages", "sv", "--out")
    first = printed(run(*poster, "first.pdf", **known)).split()[-1]
    assert printed(run(*poster, "second.pdf", **known)).split()[-1] == first
    assert read((tmp_path / "second.pdf").read_bytes()) == [first]
    assert "FRIDA" in lines((tmp_path / "second.pdf").read_bytes())


MISTAKES: dict[str, tuple[tuple[str, ...], str]] = {
    "a file that is there": (("slips", "--pdf", "there.pdf"), "exists already"),
    "a folder that is not": (("slips", "--pdf", "no/slips.pdf"), "there is no folder no"),
    "a language nobody reviewed": (
        ("slips", "--pdf", "new.pdf", "--trial", "--languages", "ar"),
        "there are: sv",
    ),
    "languages without sheets": (("slips", "--languages", "sv"), "add --pdf FILE"),
    "a poster of no unit": (("poster", "--out", "new.pdf", "--trial", "--unit", "other"), "no unit 'other'"),
    "a poster over a file": (("poster", "--out", "there.pdf"), "exists already"),
    "slips that no phone can open": (("slips", "--pdf", "new.pdf"), "only this machine can open"),
    "a poster that no phone can open": (("poster", "--out", "new.pdf"), "set it, or add --trial"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistaken_print_command_writes_no_paper_and_no_link(run: Run, tmp_path: Path, mistake: str) -> None:
    (command, *words), reason = MISTAKES[mistake]
    printed(run("init"))
    of_round = printed(run(*OPEN)).split()[0]
    (tmp_path / "there.pdf").touch()
    given = ("--round", of_round) if command == "slips" else ()
    done = run(command, *given, "--unit", "frida", *words)
    assert done.exit_code == 2
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "new.pdf").exists()
    assert (tmp_path / "there.pdf").stat().st_size == 0
