"""Reads QR codes as a camera does."""

from collections.abc import Callable

import numpy
import pypdfium2
import zxingcpp

DPI = 150


Image = numpy.ndarray


def rendered(pdf: bytes) -> list[Image]:
    """Return all pages of a PDF as grey images."""
    pages = pypdfium2.PdfDocument(pdf)
    return [page.render(scale=DPI / 72, grayscale=True).to_numpy().squeeze() for page in pages]


def read(pdf: bytes, seen: "Callable[[Image], Image]" = lambda image: image) -> list[str]:
    """Return the texts of all QR codes on the pages of a PDF, sorted. `seen` changes each page's image before
    it is read, as a blurred camera does."""
    images = (numpy.ascontiguousarray(seen(image)) for image in rendered(pdf))
    return sorted(code.text for image in images for code in zxingcpp.read_barcodes(image))
