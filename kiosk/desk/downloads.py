"""Responses with a file, for the browser to show or to save."""

from flask import Response

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


def file_response(name: str, content: bytes, *, is_download: bool = True) -> Response:
    """Return a response with the content of a file. The end of `name` is a key of MEDIA_TYPES. The browser
    saves a download and shows other files."""
    response = Response(content, mimetype=MEDIA_TYPES[name.rpartition(".")[2]])
    if is_download:
        response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
