"""Responses with a file, for the browser to show or to save, and with the reason why there is none."""

import gzip
import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flask import Response, make_response, render_template, request
from werkzeug.wsgi import wrap_file

from kiosk.desk.i18n import in_a_row, translate
from kiosk.desk.results.published import Snapshot
from kiosk.output.file_program import UnfinishedError, WrittenFile
from kiosk.output.paper import LogoError, NoGlyphError, PaperError

MEDIA_TYPES = {
    "csv": "text/csv",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "json": "application/json",
    "pdf": "application/pdf",
    "png": "image/png",
    "po": "text/x-gettext-translation",
    "svg": "image/svg+xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
"""File ending -> media type."""

BUSY_SECONDS = 30
"""Seconds after which a browser may ask again for a file that was not written because others were; sent as
Retry-After."""

LONGEST_PART = 40
"""Most characters that a text, such as a statement or a place's name, has in the name of a file."""


def file_response(name: str, content: bytes, *, is_download: bool = True) -> Response:
    """Return a response with the content of a file. The end of `name` is a key of MEDIA_TYPES, else KeyError.
    The browser saves a download under `name`, and shows other files."""
    response = Response(content, mimetype=_media_type(name))
    _set_disposition(response, name, is_download=is_download)
    return response


def _media_type(name: str) -> str:
    return MEDIA_TYPES[name.rpartition(".")[2]]


def _set_disposition(response: Response, name: str, *, is_download: bool) -> None:
    """Make the browser save a download under `name`. Without the header, it shows the file."""
    if is_download:
        response.headers.set("Content-Disposition", "attachment", filename=name)


def snapshot_response(snapshot: Snapshot) -> Response:
    """Return a response with the snapshot document and its ETag, or status 304 if the browser has it. For a
    browser that accepts gzip it is compressed, once for all viewers."""
    is_packed = bool(request.accept_encodings.quality("gzip"))
    response = Response(mimetype="application/json")
    # The compressed and the plain document have the same tag, so that of one is weak.
    response.set_etag(snapshot.tag, weak=is_packed)
    response.headers["Vary"] = "Accept-Encoding"
    response.make_conditional(request)
    if response.status_code == 200:
        response.set_data(snapshot.packed if is_packed else snapshot.text)
        if is_packed:
            response.headers["Content-Encoding"] = "gzip"
    return response


class StreamedFile(Response):
    """A file on disk, which the server sends piece by piece, so that its memory does not grow."""


def streamed_file(
    name: str, written: WrittenFile, *, is_download: bool = True, is_packed: bool = False
) -> StreamedFile:
    """Return a response like that of `file_response`, with a file that a program of its own process wrote
    (`WrittenFiles`). `is_packed` says that the written file is compressed with gzip already; for a browser
    that does not accept gzip, it is unpacked while it is sent. KeyError for a `name` whose end is no key of
    MEDIA_TYPES."""
    is_unpacked = is_packed and not request.accept_encodings.quality("gzip")
    content: Any = written.open()
    if is_unpacked:
        content = gzip.GzipFile(fileobj=content)
    response = StreamedFile(
        wrap_file(request.environ, content),
        mimetype=_media_type(name),
        direct_passthrough=True,
    )
    if is_packed:
        response.headers["Vary"] = "Accept-Encoding"
    if not is_unpacked:
        response.content_length = written.size
        if is_packed:
            response.headers["Content-Encoding"] = "gzip"
    _set_disposition(response, name, is_download=is_download)
    return response


def file_name_part(text: str) -> str:
    """Return a text, such as a place's name, as a part of a file's name: letters a-z, without their accents
    (å becomes a), and digits, with hyphens between words. It is cut after a word to at most LONGEST_PART
    characters; "" if nothing is left."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    part = ""
    for word in re.findall("[a-z0-9]+", plain):
        longer = f"{part}-{word}".strip("-")
        if len(longer) > LONGEST_PART:
            return part or word[:LONGEST_PART]
        part = longer
    return part


def unprintable(error: PaperError, texts: Mapping[str, str] = MappingProxyType({})) -> Response:
    """Return the page with the reason why a document's file cannot be made, with status 400. `texts` is name
    of a text, as the reader knows it -> the text. If a sign cannot be printed, the page names the texts that
    contain it."""
    match error:
        case NoGlyphError():
            reason = translate(
                "Tecknet {sign} går inte att skriva ut. Ta bort det ur texterna.", sign=error.sign
            )
            parts = [translate("”{text}”", text=name) for name, words in texts.items() if error.sign in words]
            if parts:
                reason = translate(
                    "Tecknet {sign} går inte att skriva ut. Ta bort det här: {parts}.",
                    sign=error.sign,
                    parts=in_a_row(parts),
                )
        case LogoError():
            reason = translate("Logotypen går inte att skriva ut. Spara den igen, som PNG.")
        case UnfinishedError():
            reason = translate(
                "Filen ({ending}) blev inte klar, för rapporten är för stor. Korta texterna, eller välj "
                "färre omgångar och påståenden.",
                ending=error.kind,
            )
        case _:
            reason = str(error)
    return make_response(render_template("error.html", kind="files", messages=[reason]), 400)
