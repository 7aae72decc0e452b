"""What a guest touches stays where it is, in view and large enough, whatever is asked in any language."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kiosk.desk.rounds.replies import LONGEST_REPLY_CHARACTERS
from kiosk.domain.rounds import Protection
from kiosk.domain.screen_size import Screen
from kiosk.screen.speech import VOICES
from kiosk.storage import Store
from tests.tools.broken_words import BROKEN
from tests.tools.frames import resize
from tests.tools.languages import GUEST_LANGUAGES
from tests.tools.speech import unheard_speech
from tests.web.kiosk_screen import (
    KIOSK,
    LETTERS_ARE_HERE,
    PHONE,
    STATEMENTS,
    TEN_INCH,
    TWENTY_ONE_INCH,
    UPRIGHT,
    Open,
    overflow,
    start,
)
from tests.web.touch import touch

pytestmark = pytest.mark.browser

LANGUAGES = GUEST_LANGUAGES
SMALL_PHONE, NARROW = (360, 640), (320, 568)
SMALL_KIOSK = (1024, 600)
ZOOMED = (195, 422)
"""A phone at 200 %."""

BOXES = """() => document.body.offsetWidth && document.fonts.ready.then(() => Object.fromEntries(
    [...document.querySelectorAll("#bar :is(button, a), #steps button, fieldset > .speaker")]
        .filter((e) => e.checkVisibility({ visibilityProperty: true }))
        .map((e) => [e.id || "speaker", e.getBoundingClientRect()])
        .map(([name, { x, y, width, height }]) => [name, [x, y, width, height].map(Math.round)])))"""
"""Each control that is there, by its id, and where, once the letters have come that it is wide for."""

IN_VIEW = """() => {
    const bottom = document.getElementById("steps").getBoundingClientRect().top;
    const top = document.getElementById("bar").getBoundingClientRect().bottom;
    return [...document.querySelectorAll(".answer")].filter((e) => e.checkVisibility())
        .map((e) => e.getBoundingClientRect()).filter((box) => box.top >= top && box.bottom <= bottom).length;
}"""
"""How many answers are seen in full between the bar and the steps."""

WALK = f"""async ([language, largest]) => {{
    const boxes = {BOXES}, inView = {IN_VIEW}, brokenWords = {BROKEN};
    const root = document.documentElement, usual = root.dataset.size;
    // Timers stand still, so a message to this page itself waits for the page's own reactions.
    const reactions = () => new Promise((done) => {{
        const {{ port1, port2 }} = new MessageChannel();
        port1.onmessage = done;
        port2.postMessage(null);
    }});
    const press = async (selector) => {{
        document.querySelector(selector).click();
        await boxes();
        await reactions();
    }};
    const brokenIn = async (percent) => {{
        root.dataset.size = percent;
        await reactions();
        return brokenWords();
    }};
    const isBegun = !document.getElementById("answers").hidden;
    if (isBegun) await press("#language");
    const picker = await boxes();
    await press(`[data-language="${{language}}"]`);
    if (!isBegun) await press("#start");
    const statements = [];
    const {{ length: number }} = document.querySelectorAll("fieldset");
    for (let at = 0; at < number; at += 1) {{
        if (at > 0) await press("#skip");
        const {{ fit: layout }} = document.getElementById("answers").dataset;
        const seen = {{ controls: await boxes(), layout, answers: inView(), broken: {{}} }};
        for (let percent = 100; percent <= largest; percent += 25) {{
            const words = await brokenIn(percent);
            if (words.length) seen.broken[percent] = words;
        }}
        if (usual === undefined) delete root.dataset.size;
        else root.dataset.size = usual;
        statements.push(seen);
    }}
    for (let at = 1; at < number; at += 1) await press("#back");
    return {{ picker: isBegun ? picker : null, statements }};
}}"""
"""Goes to the first statement in a language, and through all. Returns the boxes of the controls, how many
answers are seen in full, and the broken words by text size in percent up to the largest; and the boxes in the
picker of languages, which the guest comes from."""


def boxes(page: Page) -> dict[str, Any]:
    measured: dict[str, Any] = page.evaluate(BOXES)
    return measured


@pytest.mark.parametrize(
    ("size", "screen", "largest", "answers"),
    [
        (KIOSK, None, 150, 0),
        (TEN_INCH[0], Screen(TEN_INCH[1]), 100, 0),
        (TWENTY_ONE_INCH[0], Screen(TWENTY_ONE_INCH[1]), 150, 0),
        (UPRIGHT[0], Screen(UPRIGHT[1], 600, 700), 150, 0),
        (PHONE, None, 150, 0),
        (SMALL_PHONE, None, 125, 2),
        (NARROW, None, 100, 1),
    ],
    ids=["kiosk", "10 inches", "21 inches", "upright", "phone", "small phone", "narrow"],
)
@pytest.mark.parametrize("is_heard", [False, True], ids=["", "heard"])
def test_on_every_statement_controls_do_not_move_and_answers_are_visible(
    open_page: Open,
    subtests: pytest.Subtests,
    size: tuple[int, int],
    screen: Screen | None,
    largest: int,
    answers: int,
    is_heard: bool,
) -> None:
    """`largest` is the text size in percent up to which words are whole. `answers` are in view at the least
    beside the longest statement. Without speakers, the controls also stay in the picker of languages."""
    audio = unheard_speech() if is_heard else None
    page = open_page(size, "/" if size[0] > 1000 else "/s/poster", screen=screen, audio=audio)
    assert "language" not in boxes(page)
    if is_heard:
        page.locator("fieldset > .speaker").first.wait_for(state="attached")
    before, was_scrolled = dict[str, Any](), False
    for language in LANGUAGES:
        walk = page.evaluate(WALK, [language, largest])
        controls = walk["statements"][0]["controls"]
        assert len(walk["statements"]) == STATEMENTS
        for number, seen in enumerate(walk["statements"], 1):
            with subtests.test("controls stay and words are whole", language=language, statement=number):
                assert seen["controls"] == controls
                assert seen["broken"] == {}
        if answers and not is_heard:
            with subtests.test("answers are seen", language=language):
                assert walk["statements"][1]["answers"] >= answers
                small = {name for name, (*_, width, height) in controls.items() if min(width, height) < 44}
                assert small == set()
        with subtests.test("controls", language=language):
            wanted = {"next", "back", "skip", "start-over", "language", "text-size"}
            assert wanted | ({"speaker"} if is_heard and language in VOICES else set()) <= set(controls)
        if before and not is_heard:
            with subtests.test("controls stay in the picker of languages", language=language):
                if was_scrolled:
                    # Below the longest statement it hides no answer; the picker has no such length.
                    del walk["picker"]["back"]
                assert {name: before[name] for name in walk["picker"]} == walk["picker"]
        before, was_scrolled = controls, "scroll" in walk["statements"][-1]["layout"]


@pytest.mark.parametrize(("size", "are_seen"), [(KIOSK, True), (SMALL_PHONE, False)])
def test_a_control_has_its_label_beside_its_icon_if_there_is_room(
    open_page: Open, size: tuple[int, int], are_seen: bool
) -> None:
    page = open_page(size, "/" if size == KIOSK else "/s/poster")
    start(page, "fi")
    for control, word in (("#language", "Kieli"), ("#start-over", "Aloita alusta"), ("#back", "Takaisin")):
        button = page.locator(control)
        assert button.get_attribute("title") == word
        expect(page.get_by_role("button", name=word, exact=True)).to_be_visible()
        width = button.locator(".word").evaluate("(e) => e.getBoundingClientRect().width")
        assert (width > 1) == are_seen, control


def test_on_ten_inches_with_speech_controls_and_answers_stay_in_view(
    open_page: Open, subtests: pytest.Subtests
) -> None:
    page = open_page(TEN_INCH[0], screen=Screen(TEN_INCH[1]), audio=unheard_speech())
    for language in ("sv", "ar", "ru"):
        page.reload()
        with subtests.test(language=language):
            touch(page, f'[data-language="{language}"]')
            assert_in_view(page, "#start")
            touch(page, "#start")
            for _ in range(STATEMENTS):
                for depth in (0, 10_000):
                    page.evaluate("(y) => window.scrollTo(0, y)", depth)
                    for control in ("#back", "#skip", "#next", "#language", "#start-over", "#text-size"):
                        assert_in_view(page, control)
                width = page.locator("legend:visible").evaluate("(e) => e.getBoundingClientRect().width")
                assert width >= 0.38 * TEN_INCH[0][0]
                touch(page, "#skip")


PROMISE = """async (language) => {
    document.getElementById("language").click();
    document.querySelector(`[data-language="${language}"]`).click();
    const box = (selector) => document.querySelector(selector).getBoundingClientRect();
    box("#start");
    await document.fonts.ready;
    const { lang } = document.documentElement;
    return { language: lang, number: box('[data-text="need_help"]'), start: box("#start") };
}"""
"""Changes the language on the first page after the picker, and returns the boxes of the emergency number and
of the button below it."""


@pytest.mark.parametrize("protection", Protection)
@pytest.mark.parametrize(
    ("size", "screen"),
    [(TEN_INCH[0], Screen(TEN_INCH[1])), ((320, 568), None)],
    ids=["10 inches", "small phone"],
)
def test_the_emergency_number_is_visible_on_small_screens(
    open_page: Open,
    subtests: pytest.Subtests,
    protection: Protection,
    size: tuple[int, int],
    screen: Screen | None,
) -> None:
    page = open_page(size, screen=screen, protection=protection)
    touch(page, '[data-language="sv"]')
    for language in LANGUAGES:
        seen = page.evaluate(PROMISE, language)
        with subtests.test(language=language):
            assert seen["language"] == language
            assert seen["number"]["height"] > 0
            assert seen["number"]["bottom"] <= seen["start"]["top"] + 4


LETTERS_OF_A_REPLY = {
    "sv": "Vi öppnar tidigare på lördagar. ",
    "ar": "نفتح أبكر يوم السبت. ",
    "ti": "ቀዳም ኣቐዲምና ንኸፍት። ",
}
"""Sentences of a reply, in each script; those of Latin script serve for Cyrillic."""


def longest_reply(language: str) -> str:
    sentence = LETTERS_OF_A_REPLY.get({"fa": "ar"}.get(language, language), LETTERS_OF_A_REPLY["sv"])
    return (sentence * LONGEST_REPLY_CHARACTERS)[:LONGEST_REPLY_CHARACTERS]


SCROLLED = """async (language) => {
    document.getElementById("language").click();
    document.querySelector(`[data-language="${language}"]`).click();
    document.body.offsetWidth;
    await document.fonts.ready;
    const root = document.documentElement;
    const controls = [...document.querySelectorAll("button:not(#leave-now), #promise a")]
        .filter((e) => e.checkVisibility({ visibilityProperty: true })).map((e) => e.getBoundingClientRect());
    return {
        language: root.lang,
        below: root.scrollHeight - window.innerHeight,
        covered: controls.filter((box) => box.bottom > window.innerHeight + 1).length,
        start: document.getElementById("start").getBoundingClientRect().height,
        reply: document.getElementById("reply")?.checkVisibility() ?? false,
    };
}"""
"""Changes the language on the first page after the picker. Returns by how many pixels it is too high."""


@pytest.mark.parametrize("is_heard", [False, True], ids=["", "heard"])
@pytest.mark.parametrize("has_reply", [False, True], ids=["", "reply"])
def test_the_first_page_after_the_picker_has_room_on_a_low_kiosk(
    open_page: Open, monkeypatch: pytest.MonkeyPatch, *, has_reply: bool, is_heard: bool
) -> None:
    """With the longest reply to an earlier round, too."""
    replies = {language: longest_reply(language) for language in LANGUAGES} if has_reply else {}
    monkeypatch.setattr(Store, "reply", lambda _store, _unit: replies)
    page = open_page(SMALL_KIOSK, audio=unheard_speech() if is_heard else None)
    touch(page, '[data-language="sv"]')
    seen = [page.evaluate(SCROLLED, language) for language in LANGUAGES]
    assert [row["language"] for row in seen] == list(LANGUAGES)
    assert [row for row in seen if row["below"] > 0 or row["covered"]] == []
    assert [row for row in seen if row["start"] < 72 or row["reply"] != has_reply] == []


def test_the_thanks_are_in_one_view_with_the_longest_reply_on_a_narrow_phone(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store, "reply", lambda _store, _unit: {"ti": longest_reply("ti")})
    page = open_page(NARROW, "/s/poster")
    start(page, "ti")
    for _ in range(STATEMENTS):
        touch(page, "#skip")
    expect(page.locator("#ended .reply")).to_be_visible()
    page.evaluate(LETTERS_ARE_HERE)
    assert page.evaluate("document.documentElement.scrollHeight - window.innerHeight") <= 0


def assert_in_view(page: Page, control: str) -> None:
    assert page.locator(control).evaluate(
        """(e) => {
            const box = e.getBoundingClientRect();
            const there = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
            return box.top >= 0 && box.bottom <= window.innerHeight && e.contains(there);
        }"""
    ), control


@pytest.mark.parametrize(
    ("size", "screen"),
    [
        *[(size, Screen(width_mm)) for size, width_mm in (TEN_INCH, TWENTY_ONE_INCH)],
        ((1920, 1200), Screen(TEN_INCH[1])),
        (UPRIGHT[0], Screen(UPRIGHT[1], 600, 700)),
    ],
    ids=["10 inches", "21 inches", "10 inches, finer", "upright"],
)
def test_practice_and_stored_data_pages_fit_a_measured_screen(
    open_page: Open, subtests: pytest.Subtests, size: tuple[int, int], screen: Screen
) -> None:
    page = open_page(size, "/practice", screen=screen)
    practice = page.url
    for language in ("sv", "ar", "ru"):
        page.goto(practice)
        with subtests.test(language=language):
            assert overflow(page) <= 0
            touch(page, f'[data-language="{language}"]')
            assert overflow(page) <= 0
            touch(page, "#start")
            assert overflow(page) <= 0
            page.goto(practice.removesuffix("practice") + f"stored#{language}")
            assert overflow(page) <= 0
            assert_in_view(page, "#text-size")
            assert_in_view(page, "#back")


def test_on_an_upright_screen_stored_data_are_above_the_controls(open_page: Open) -> None:
    (width, height), width_mm = UPRIGHT
    page = open_page((width, height), "/stored#ru", screen=Screen(width_mm, 600, 700))
    expect(page.locator("section").first).to_have_attribute("lang", "ru")
    for control in ("#back", "#text-size"):
        box = page.locator(control).bounding_box()
        assert box
        floor = [700 + (height - y) * width_mm / width for y in (box["y"], box["y"] + box["height"])]
        assert all(799 <= mm <= 1101 for mm in floor), (control, floor)
    read, back = page.locator("#all-stored").bounding_box(), page.locator("#back").bounding_box()
    assert read
    assert back
    assert read["y"] + read["height"] <= back["y"]
    assert page.locator("#all-stored").evaluate("(e) => e.scrollHeight > e.clientHeight")
    assert page.evaluate("document.documentElement.scrollHeight") <= height


@pytest.mark.parametrize(
    ("size", "screen"), [(KIOSK, None), (TEN_INCH[0], Screen(TEN_INCH[1])), (PHONE, None)]
)
def test_the_controls_of_the_bar_are_in_one_row(
    open_page: Open, size: tuple[int, int], screen: Screen | None
) -> None:
    page = open_page(size, "/" if size[0] > 1000 else "/s/poster", screen=screen)
    start(page)
    bar = [box for name, box in boxes(page).items() if name not in ("back", "skip", "next")]
    assert len({(y, height) for _x, y, _width, height in bar}) == 1


ALL_BOXES = """(name) => {
    if (name !== null) document.getElementById("progress").textContent = name;
    return [...document.querySelectorAll("main :is(button, a, p, h2):not(#progress)")]
        .filter((e) => e.checkVisibility({ visibilityProperty: true }))
        .map((e) => e.getBoundingClientRect()).map(({ x, y, width, height }) => [x, y, width, height]);
}"""
"""The boxes of the first screens' texts and controls, with another name of the unit unless it is null."""


@pytest.mark.parametrize("path", ["/", "/practice"])
@pytest.mark.parametrize("screen", [None, Screen(TEN_INCH[1])], ids=["not measured", "10 inches"])
def test_the_units_name_on_the_first_screens_shifts_no_element(
    open_page: Open, subtests: pytest.Subtests, path: str, screen: Screen | None
) -> None:
    page = open_page(SMALL_KIOSK, path, screen=screen)
    for language in ("sv", "ar", "ru"):
        page.reload()
        with subtests.test(language=language):
            for control in (f'[data-language="{language}"]', "#start"):
                page.evaluate(LETTERS_ARE_HERE)
                expect(page.locator("#progress")).to_contain_text("FRIDA")
                assert_in_view(page, "#progress")
                named = page.evaluate(ALL_BOXES, None)
                assert page.evaluate(ALL_BOXES, "") == named
                assert page.evaluate(ALL_BOXES, "Dagverksamheten i Västerås") == named
                page.evaluate(ALL_BOXES, "FRIDA")
                touch(page, control)
            expect(page.locator("#progress")).not_to_contain_text("FRIDA")


BETWEEN = """() => {
    const box = (id) => document.getElementById(id).getBoundingClientRect();
    return (box("picker").top - box("asker").bottom) / window.innerHeight;
}"""
"""The part of the height that is empty between who asks and the languages."""


@pytest.mark.parametrize(
    ("size", "screen"),
    [
        ((1080, 1920), None),
        ((768, 1024), None),
        (PHONE, None),
        (NARROW, None),
        (TEN_INCH[0], Screen(TEN_INCH[1])),
    ],
    ids=["tall", "tablet", "phone", "narrow", "10 inches"],
)
def test_the_asker_stands_beside_the_languages_and_on_the_page_after_them(
    open_page: Open, size: tuple[int, int], screen: Screen | None
) -> None:
    page = open_page(size, "/s/poster" if size in (PHONE, NARROW) else "/", screen=screen)
    page.evaluate(LETTERS_ARE_HERE)
    assert 0 <= page.evaluate(BETWEEN) < 0.03
    assert_in_view(page, "#picker h2")
    assert_in_view(page, "#picker h2 svg")
    assert_in_view(page, '[data-language="fi"]')
    touch(page, '[data-language="fi"]')
    assert_in_view(page, "#start")
    named = page.get_by_text("Västerås stadsmission").filter(visible=True)
    expect(named).to_have_count(1)
    expect(named).to_be_in_viewport(ratio=1)


def test_text_on_ten_inches_grows_by_as_much_as_its_button_says(open_page: Open) -> None:
    """The usual text of these screens is smaller than the measures ask for, so that nothing scrolls."""
    page = open_page(TEN_INCH[0], screen=Screen(TEN_INCH[1]))
    page.evaluate(LETTERS_ARE_HERE)
    sizes = [page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")]
    for _ in range(2):
        touch(page, "#text-size")
        sizes.append(page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)"))
    assert [size / sizes[0] for size in sizes] == pytest.approx([1, 1.25, 1.5], rel=0.07)


@pytest.mark.parametrize("path", ["/nothing", "/thanks"])
def test_a_message_in_all_languages_fits_a_kiosk(open_page: Open, path: str) -> None:
    page = open_page(KIOSK, path)
    expect(page.locator(".message")).to_have_count(len(LANGUAGES))
    assert page.evaluate("document.documentElement.scrollHeight - window.innerHeight") <= 0


def test_links_below_the_button_have_enough_distance(open_page: Open) -> None:
    page = open_page(PHONE, "/s/poster")
    touch(page, '[data-language="sv"]')
    above, below = page.locator("#start").bounding_box(), page.locator("#try-first").bounding_box()
    assert above
    assert below
    assert below["y"] - above["y"] - above["height"] >= 16


def test_no_word_of_the_keypad_is_broken(open_page: Open, subtests: pytest.Subtests) -> None:
    page = open_page(PHONE, "/pair")
    for language in ("ar", "ru", "sv"):
        page.goto(in_language(page, language))
        with subtests.test(language=language):
            for key in page.locator('.digits button:is([value="done"], [value="erase"])').all():
                height = key.evaluate("(e) => e.scrollHeight")
                key.evaluate("(e) => (e.style.overflowWrap = 'normal')")
                assert key.evaluate("(e) => [e.scrollHeight, e.scrollWidth - e.clientWidth]") == [height, 0]


def in_language(page: Page, language: str) -> str:
    """The address of the same page in another language."""
    return f"{page.url.partition('?')[0]}?lang={language}"


def test_no_word_of_a_slips_page_is_broken(open_page: Open, subtests: pytest.Subtests) -> None:
    page = open_page(PHONE, "/q")
    for language in LANGUAGES:
        page.goto(in_language(page, language))
        for width, height in (PHONE, SMALL_PHONE, NARROW):
            resize(page, width, height)
            with subtests.test(language=language, width=width):
                assert page.evaluate(BROKEN) == []


@pytest.mark.parametrize(
    ("size", "percents"),
    [(PHONE, (100, 125, 150)), (NARROW, (100, 125, 150)), (ZOOMED, (100,))],
    ids=["phone", "narrow", "zoom 200 %"],
)
def test_no_word_of_the_first_screens_is_broken(
    open_page: Open, subtests: pytest.Subtests, size: tuple[int, int], percents: tuple[int, ...]
) -> None:
    page = open_page(size, "/s/poster")
    root = page.locator("html")

    def look(**state: str) -> None:
        for percent in percents:
            root.evaluate("(e, percent) => (e.dataset.size = percent)", percent)
            with subtests.test(percent=percent, **state):
                assert page.evaluate(BROKEN) == []
        root.evaluate("(e) => delete e.dataset.size")

    look(screen="languages")
    touch(page, '[data-language="sv"]')
    for language in LANGUAGES:
        page.evaluate("(language) => document.querySelector(`[data-language=${language}]`).click()", language)
        look(screen="promise", language=language)


def test_the_whole_keypad_is_visible_on_ten_inches(open_page: Open, subtests: pytest.Subtests) -> None:
    page = open_page(TEN_INCH[0], "/pair", screen=Screen(TEN_INCH[1]))
    for language in LANGUAGES:
        page.goto(in_language(page, language))
        with subtests.test(language=language):
            assert_in_view(page, '.digits [value="done"]:not(.first)')
