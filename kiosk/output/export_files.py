"""The files of an export, which a program of its own writes: the input that the server gives it, and its
writers.

The input has the text of the snapshot and the terms of the rounds as they are stored: the server would need
seconds to parse those of a country.
"""

import gzip
import json
from collections.abc import Iterable
from typing import Any, BinaryIO

from kiosk.domain.counters import Figure, Outputs, Quality, read_period
from kiosk.domain.rounds import round_from_json
from kiosk.library.spreadsheet_writer import CsvStyle
from kiosk.output.export import DATA_PACKAGE, data_package, file_of_export

EXPORT, EXPORT_PACKED = "export", "packed-export"
"""Kinds of files that a program writes (`file_writer.WRITERS`): a file of an export, plain and compressed
with gzip."""

PACK_LEVEL = 6


def input_for_export_writer(
    name: str, snapshot: str, terms: Iterable[str], outputs: Outputs, style: CsvStyle = CsvStyle.COMMA
) -> bytes:
    """Return the input of the program that writes a file of the export (`write_export`): JSON, a line each
    for the file, the snapshot and every round. `name` is DATA_PACKAGE or one of FILE_NAMES; `snapshot` is the
    document's JSON text, `terms` has the JSON text of each of its rounds (`Round.as_json`); none has a line
    break. `outputs` are taps and typed figures, and `style` is that of tables."""
    head = json.dumps({"name": name, "style": style.value, "outputs": _as_json(outputs)})
    return "\n".join((head, snapshot, *terms)).encode()


def write_export(given: BinaryIO, file: BinaryIO) -> None:
    """Write a file of an export to `file`. `given` has the bytes of `input_for_export_writer`."""
    head, document, *terms = map(json.loads, given)
    rounds, outputs = [round_from_json(row) for row in terms], _from_json(head["outputs"])
    if head["name"] == DATA_PACKAGE:
        file.write(data_package(document, rounds, outputs))
    else:
        file.write(file_of_export(head["name"], document, rounds, outputs, CsvStyle(head["style"])))


def write_packed_export(given: BinaryIO, file: BinaryIO) -> None:
    """Write the file of the export that `given` names, compressed with gzip, to `file`. `given` has the bytes
    of `input_for_export_writer`."""
    with gzip.GzipFile(filename="", mode="wb", compresslevel=PACK_LEVEL, fileobj=file, mtime=0) as packed:
        write_export(given, packed)  # type: ignore[arg-type]


def _as_json(outputs: Outputs) -> dict[str, Any]:
    return {
        "taps": [
            [unit, str(month), counter, target, number]
            for (unit, month, counter, target), number in outputs.taps.items()
        ],
        "typed": [
            [node, str(period), counter, figure.number, figure.quality.value]
            for (node, period, counter), figure in outputs.typed.items()
        ],
    }


def _from_json(document: dict[str, Any]) -> Outputs:
    return Outputs(
        {
            (unit, read_period(month), counter, target): number
            for unit, month, counter, target, number in document["taps"]
        },
        {
            (node, read_period(period), counter): Figure(number, Quality(quality))
            for node, period, counter, number, quality in document["typed"]
        },
    )
