"""Makes the fonts that a guest's browser gets, from those shipped for paper (static/fonts, SIL OFL).

    python -m tests.tools.fonts

Latin and Cyrillic letters are left to the guest's own device; Arabic and Ethiopic ones are often missing
there. `guest-autonyms` has the letters of the languages' names and no others, so that a Swedish page need not
fetch the fonts of whole scripts for the language picker. Of each letter it has the shapes in those names
only, since it is part of every page. The weights are static, since variable fonts are twice as large.
"""

import re
from collections.abc import Collection, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import uharfbuzz
from fontTools.ttLib import TTFont

from kiosk.library.autonyms import AUTONYMS

FONTS = Path(__file__).parents[2] / "static" / "fonts"

ARABIC = "".join(
    [
        *map(chr, range(0x0621, 0x063B)),  # letters that Arabic and Persian share
        *map(chr, range(0x0640, 0x0653)),  # further Arabic letters, tatweel, vowel signs
        *map(chr, range(0x0660, 0x066D)),  # Arabic digits, per cent sign and separators
        *map(chr, range(0x06F0, 0x06FA)),  # Persian digits
        "\u060c\u061b\u061f\u06d4\u0670\u0654",
        "\u067e\u0686\u0698\u06a9\u06af\u06cc\u06c0\u06d5",  # Persian, Kurdish
        "\u0679\u0688\u0691\u06ba\u06be\u06c1\u06c3\u06d2",  # Urdu
        "\u067c\u0681\u0685\u0689\u0693\u0696\u069a\u06ab\u06bc\u06d0\u06cd",  # Pashto
        "\u0695\u06b5\u06c6\u06ce",  # Kurdish
        "\u200c\u200d",
    ]
)

ETHIOPIC = "".join(map(chr, [*range(0x1200, 0x135B), *range(0x135D, 0x137D)]))

SCRIPTS = {"Arabic": ARABIC, "Ethiopic": ETHIOPIC}
WEIGHTS = {"Regular": 400, "Bold": 700}

AUTONYM_SOURCES = {"NotoSansArabic-Regular": ("ar", "fa"), "NotoSansEthiopic-Regular": ("ti",)}
"""Font -> languages whose autonyms it draws. Latin and Cyrillic names need no font: a device that shows this
page in Swedish has such fonts."""


def autonym_letters() -> dict[str, str]:
    """Return font -> the letters that the language picker needs of it, without spaces and signs of other
    scripts."""
    return {
        source: "".join(sorted({c for code in codes for c in AUTONYMS[code] if ord(c) > 0x2FF}))
        for source, codes in AUTONYM_SOURCES.items()
    }


def words_of(autonym: str) -> list[str]:
    """Return the words of a language's name. Signs and spaces between them are those of the page's font."""
    return re.findall(r"[^\0-\u02ff]+", autonym)


def shapes(source: Path, texts: Iterable[str]) -> set[str]:
    """Return the names of the glyphs with which the font `source` draws these texts, those between the steps
    of its rules included, as a browser joins and places their letters."""
    font = uharfbuzz.Font(uharfbuzz.Face(source.read_bytes()))
    names: set[str] = set()

    for text in texts:
        buffer = uharfbuzz.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()

        def collect(_step: str, buffer: uharfbuzz.Buffer = buffer) -> None:
            if buffer.content_type is uharfbuzz.BufferContentType.GLYPHS:
                names.update(font.glyph_to_string(glyph.codepoint) for glyph in buffer.glyph_infos)

        buffer.set_message_func(collect)
        uharfbuzz.shape(font, buffer)
    return names


def subset(
    source: Path,
    letters: str,
    target: Path,
    flavor: str | None = "woff2",
    glyphs: Collection[str] | None = None,
) -> None:
    """Write the part of the font `source` that draws `letters` to `target`, with its rules for joining and
    placing them. `flavor` is the format; None for that of `source`. With `glyphs`, only these shapes of the
    letters are written, beside each letter's own."""
    from fontTools.subset import Options, Subsetter, load_font, save_font

    options = Options(flavor=flavor, hinting=False, layout_features=["*"], name_IDs=[0, 1, 2, 13, 14])
    # No time of writing, so that the same font gives the same bytes.
    options.recalc_timestamp = False
    options.drop_tables += ["STAT", "vhea", "vmtx"]
    font = load_font(str(source), options)
    # The packer in Python, whose bytes do not change with the shaper's version.
    options.harfbuzz_repacker = False
    options.layout_closure = glyphs is None
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[ord(letter) for letter in letters], glyphs=glyphs or ())
    subsetter.subset(font)
    save_font(font, str(target), options)


def make(folder: Path) -> None:
    """Write every font that a guest's page names into a folder."""
    from fontTools.merge import Merger

    for script, letters in SCRIPTS.items():
        for weight, number in WEIGHTS.items():
            source = FONTS / f"NotoSans{script}-{weight}.ttf"
            subset(source, letters, folder / f"guest-{script.lower()}-{number}.woff2")
    with TemporaryDirectory() as place:
        parts = []
        for name, letters in autonym_letters().items():
            parts.append(Path(place) / f"{name}.ttf")
            source = FONTS / f"{name}.ttf"
            words = [word for code in AUTONYM_SOURCES[name] for word in words_of(AUTONYMS[code])]
            names = shapes(source, words)
            subset(source, letters, parts[-1], flavor=None, glyphs=names)
        merged = Merger().merge([str(part) for part in parts])
        head, first = merged["head"], TTFont(parts[0])["head"]
        head.created, head.modified = first.created, first.modified
        merged.flavor = "woff2"
        merged.recalcTimestamp = False
        merged.save(folder / "guest-autonyms.woff2")


if __name__ == "__main__":
    make(FONTS)
    for made in sorted(FONTS.glob("*.woff2")):
        print(f"{made.name:28}{made.stat().st_size:>8}")
