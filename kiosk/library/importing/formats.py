"""Reads a form of another program from a file of any known format, which its content tells, not its name."""

import codecs
import re
import zipfile
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import PurePath

from kiosk.domain.message import Message
from kiosk.library.archive_members import UNREADABLE
from kiosk.library.drafts import LONGEST_TITLE
from kiosk.library.importing.form import ForeignForm, ForeignFormError, LeftOut
from kiosk.library.importing.formbricks import is_formbricks, read_formbricks
from kiosk.library.importing.json_values import dicts_in, read_document
from kiosk.library.importing.limesurvey import is_table, read_lss, read_table
from kiosk.library.importing.markup import plain_text
from kiosk.library.importing.sheets_csv import is_csv_form, read_csv
from kiosk.library.importing.sheets_ods import read_ods
from kiosk.library.importing.sheets_xlsx import read_xlsx
from kiosk.library.importing.surveyjs import read_surveyjs
from kiosk.library.importing.text_lines import read_lines
from kiosk.library.importing.xlsform import read_form
from kiosk.library.surveys import read_scales, readable
from kiosk.library.text_rules import can_be_read, find_fault
from kiosk.settings import shipped_folder

LARGEST_TEXT_BYTES = 5_000_000
"""Largest file that is no spreadsheet (XML, JSON or text), in bytes."""

ARCHIVE = b"PK\x03\x04"
"""First bytes of a ZIP archive: .xlsx and .ods."""
OLD_SPREADSHEET = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""First bytes of Microsoft's compound files: .xls, and .xlsx with a password."""

ODS = b"application/vnd.oasis.opendocument.spreadsheet"
"""Content of the file `mimetype` in an .ods."""

UNKNOWN = Message(
    "Filen går inte att känna igen. Hit kan du ta XLSForm (.xlsx, .ods, .csv), LimeSurvey (.lss, .txt), "
    "Formbricks och SurveyJS (.json), eller en textfil (.txt) med ett påstående på varje rad.",
    {},
)
"""The reason for the refusal of a file of another kind."""

MARKED_ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
"""First bytes of a text -> its encoding."""

GUESSED_ENCODING = LeftOut(
    Message("Hela filen", {}),
    Message("Filen är inte sparad i UTF-8. Kontrollera att å, ä och ö stämmer.", {}),
)
"""The note about a text that is not in UTF-8, and was read as Windows-1252."""


DEFAULT_SCALE = "agree5"
"""The shipped scale of statements in plain text that have no answers of their own."""


def read_file(content: bytes, filename: str) -> ForeignForm:
    """Return the form in a file of another program. A form without a title gets `filename`, without its
    ending, as its title. Raises ForeignFormError for a file that is damaged, of an unknown kind, over
    LARGEST_TEXT_BYTES, or over the limits of its format."""
    title = default_title(filename)
    if content.startswith(ARCHIVE):
        return _from_archive(content, filename)
    if content.startswith(OLD_SPREADSHEET):
        raise ForeignFormError(
            Message(
                "Filen är ett kalkylblad i det äldre formatet .xls, eller skyddad med lösenord. Öppna den i "
                "kalkylprogrammet och spara den som .xlsx utan lösenord.",
                {},
            )
        )
    if len(content) > LARGEST_TEXT_BYTES:
        raise ForeignFormError(Message("Filen är för stor för att vara en enkät.", {}))
    text, is_guessed = _decoded(content)
    form = _from_text(content, text, title, filename)
    return replace(form, left_out=(GUESSED_ENCODING, *form.left_out)) if is_guessed else form


def read_xlsform(content: bytes, filename: str) -> ForeignForm:
    """Return the form in an .xlsx file. `filename` gives the title of a form without one (`default_title`).
    Raises ForeignFormError for a file that is damaged or too large (`read_xlsx`), and for a workbook that is
    no XLSForm or has a fault (`read_form`)."""
    sheets, notes = read_xlsx(content)
    form = read_form(sheets, default_title(filename))
    return replace(form, left_out=(*form.left_out, *notes))


def default_title(filename: str) -> str:
    """Return the title of a form without one: the file's name without its ending, cut to LONGEST_TITLE
    characters, or "XLSForm" if that cannot be read."""
    title, _ = plain_text(filename.rpartition(".")[0] or filename)
    return title[:LONGEST_TITLE].strip() if can_be_read(title) else "XLSForm"


def _from_archive(content: bytes, filename: str) -> ForeignForm:
    """Return the form in an .ods or .xlsx file. `filename` gives the title of a form without one. Raises
    ForeignFormError for any other archive."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = set(archive.namelist())
            kind = archive.open("mimetype").read(len(ODS)) if "mimetype" in names else b""
    except UNREADABLE as error:
        raise ForeignFormError(
            Message("Filen kan inte läsas som ett kalkylblad. Spara den som .xlsx.", {})
        ) from error
    if kind == ODS:
        return read_form(read_ods(content), default_title(filename))
    if any(name.startswith("xl/") for name in names):
        return read_xlsform(content, filename)
    if any(name.endswith(".lss") for name in names):
        raise ForeignFormError(
            Message("Filen är ett arkiv. Packa upp det och hämta in .lss-filen som ligger i det.", {})
        )
    raise ForeignFormError(UNKNOWN)


def _decoded(content: bytes) -> tuple[str, bool]:
    """Return (a file's text, whether its encoding was guessed). Raises ForeignFormError for a file that is no
    text."""
    marked = next((name for mark, name in MARKED_ENCODINGS if content.startswith(mark)), "utf-8")
    for encoding in (marked, "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if re.search(r"[\x00-\x08\x0e-\x1f]", text):
            break
        return text, encoding == "cp1252"
    raise ForeignFormError(UNKNOWN)


def source_of(form: ForeignForm, filename: str) -> str:
    """Return the `source` of a survey from a form: its program, and the name of its file unless that cannot
    be shown."""
    source = f"{form.program} {filename}".strip()
    return form.program if find_fault(source) else source


def read_pasted(text: str, title: str) -> ForeignForm:
    """Return the form in pasted lines of text, with the title `title`.

    Each line is a statement, or an answer to the statements above it. Answers follow "Svar:" or the like, on
    the same line with slashes, semicolons or commas between them, or on the lines below it up to an empty
    one. In a text without such a line, answers begin with a dash or a number, as its first line does not.
    Statements without answers get those of DEFAULT_SCALE. Raises ForeignFormError for a text over MOST_LINES,
    LONGEST_TEXT or MOST_QUESTIONS, and for one with neither statements nor answers.
    """
    return read_lines(text, title, _default_answers())


@cache
def _default_answers() -> tuple[str, ...]:
    """Return the answers of the default scale, from the lowest."""
    return readable(read_scales(shipped_folder("questions") / "scales"))[DEFAULT_SCALE].labels


def _from_text(content: bytes, text: str, title: str, filename: str) -> ForeignForm:
    """Return the form in a text file, given as its bytes and its text. The content tells the format; `title`
    is for a form without one. Lines of text are read only if `filename` ends in .txt or has no ending. Raises
    ForeignFormError for an unknown format."""
    beginning = text.lstrip()[:1]
    if beginning == "<" and "LimeSurveyDocType" in text[:2_000]:
        return read_lss(content, title)
    if beginning in ("{", "["):
        return _from_json(text, title)
    if is_table(text):
        return read_table(text, title)
    if is_csv_form(text):
        return read_form(read_csv(text), title)
    is_plain = PurePath(filename).suffix.lower() in ("", ".txt") and beginning not in ("", "<")
    if is_plain:
        return read_pasted(text, title)
    raise ForeignFormError(UNKNOWN)


def _from_json(text: str, title: str) -> ForeignForm:
    """Return the form in a JSON text of Formbricks or SurveyJS. `title` is for a form without one. Raises
    ForeignFormError for any other text."""
    survey = read_document(text)
    is_surveyjs = dicts_in(survey.get("pages")) or dicts_in(survey.get("elements"))
    if not is_surveyjs and is_formbricks(survey):
        return read_formbricks(survey, title)
    if is_surveyjs or dicts_in(survey.get("questions")) or dicts_in(survey.get("blocks")):
        return read_surveyjs(survey, title)
    raise ForeignFormError(Message("Filen är JSON, men ingen enkät från Formbricks eller SurveyJS.", {}))
