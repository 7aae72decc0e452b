"""Limits on requests: small for guests, as large as a spreadsheet for the desk.

A guest's body stays in memory. A body that is too large is read and dropped, and the application responds
with its own page; waitress would break the connection in the middle of the upload.
"""

import copy
import gc
from collections.abc import Callable
from io import BytesIO
from typing import Any

from waitress.buffers import OverflowableBuffer
from waitress.parser import HTTPRequestParser

from kiosk.desk.app import LARGEST_REQUEST_BYTES
from kiosk.operation.connections import TimedChannel

LARGEST_GUEST_REQUEST_BYTES = 64 * 1024
"""Largest body of a guest's request that is kept. waitress would keep half a megabyte in memory, and write
more to a temporary file."""

LARGEST_DRAINED_GUEST_BYTES = 16 * 1024**2
"""Largest body of a guest's request that is read, though dropped above LARGEST_GUEST_REQUEST_BYTES. A larger
one gets a bare refusal before it is read."""

LARGEST_DRAINED_BYTES = 1024**3
"""Largest body of a request to the desk that is read, though dropped above LARGEST_REQUEST_BYTES, so that the
browser shows the desk's page and not a broken connection."""


class _Body(OverflowableBuffer):  # type: ignore[misc]
    """The body of a request, `expected` bytes long by its headers. If it is longer than `largest` bytes, only
    its size is kept, and it reads as empty. A kept body of `overflow` bytes or more goes to a temporary
    file."""

    def __init__(self, overflow: int, expected: int, largest: int) -> None:
        super().__init__(overflow)
        self.received, self.largest, self.is_kept = 0, largest, expected <= largest

    def append(self, data: bytes) -> None:
        self.received += len(data)
        if self.is_kept and self.received > self.largest:
            self.close()
            self.is_kept = False
        if self.is_kept:
            super().append(data)

    def __len__(self) -> int:
        return self.received

    def getfile(self) -> Any:
        return super().getfile() if self.is_kept else BytesIO()


def bounded_channel(is_desk: Callable[[str], bool]) -> type[TimedChannel]:
    """Return a connection class that refuses too large a request before its body is read: for the desk above
    LARGEST_DRAINED_BYTES, for guests above LARGEST_DRAINED_GUEST_BYTES. A smaller body that the application
    does not accept either (LARGEST_REQUEST_BYTES, LARGEST_GUEST_REQUEST_BYTES) is read and dropped, and the
    application refuses it by its length. After a guest's form it frees the memory of the request at once.
    `is_desk` returns whether a path belongs to the desk."""

    class Parser(HTTPRequestParser):  # type: ignore[misc]
        adj: Any

        def parse_header(self, header_plus: bytes) -> None:
            super().parse_header(header_plus)
            largest, drained = LARGEST_GUEST_REQUEST_BYTES, LARGEST_DRAINED_GUEST_BYTES
            if is_desk(self.path):
                largest, drained = LARGEST_REQUEST_BYTES, LARGEST_DRAINED_BYTES
            bounds = copy.copy(self.adj)
            bounds.max_request_body_size = drained
            self.adj = bounds
            if self.body_rcv is not None:
                self.body_rcv.buf = _Body(self.adj.inbuf_overflow, self.content_length, largest)

    class Channel(TimedChannel):
        parser_class = Parser

        def service(self) -> None:
            """Handle a request. After a guest's form, free at once all that refers to it in a circle: an
            error and its frames, for example."""
            request = self.requests[0]
            # An unreadable request has neither a command nor a path.
            is_guests_form = getattr(request, "command", "") == "POST" and not is_desk(request.path)
            del request
            super().service()
            if is_guests_form:
                gc.collect()

    return Channel
