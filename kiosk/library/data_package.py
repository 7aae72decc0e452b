"""The description of a table in a data package (https://specs.frictionlessdata.io/data-package/)."""

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any


def described_table(
    name: str, content: bytes, columns: Mapping[str, str], whole: Collection[str], keys: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the description, a tabular data resource, of the CSV file `name`.csv with the bytes `content`.

    `columns` maps the name of each column to its description, in order; `whole` has those with integers only,
    `keys` those that identify a row.
    """
    fields = [
        {"name": column, "type": "integer" if column in whole else "string", "description": text}
        for column, text in columns.items()
    ]
    return {
        "profile": "tabular-data-resource",
        "name": name,
        "path": f"{name}.csv",
        "format": "csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{sha256(content).hexdigest()}",
        "schema": {"fields": fields, **({"primaryKey": list(keys)} if keys else {})},
    }
