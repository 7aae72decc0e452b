"""Restoring old, newer, damaged and edited backups."""

import json
import shutil
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tests.faults.fault import Outcome, Topic, command, effect, message
from tests.tools.backups import (
    Saved,
    copied,
    full_installation,
    listing,
    members_of,
    opened,
    settings_of,
    with_tables,
    write_members,
)
from tests.tools.damaged_backups import AGAINST_THE_RULES, DAMAGED, EDITED

OLD_BACKUPS = Path(__file__).parents[1] / "operation" / "backups"


@cache
def complete() -> Path:
    """Return a folder with a complete installation and its backup, which is made once."""
    folder = Path(mkdtemp(prefix="faults-"))
    full_installation(folder / "first")
    return folder


def restored(folder: Path, file: Path) -> tuple[str, str]:
    """Restore a file into an empty folder. Returns the effect and the message."""
    before = listing(folder)
    settings = {"KIOSK_DATA": str(folder / "second"), "KIOSK_KEYS": str(folder / "second-keys")}
    done = command(folder, "restore", str(file), **settings)
    is_changed = listing(folder) != before
    return effect(done, is_changed=is_changed), message(done.stderr or done.stdout, folder)


def answers(document: Any) -> int:
    """Return the number of published ballots in a snapshot."""
    return sum(one["nodes"][0]["answered"] or 0 for one in document["rounds"])


def of_old_version(folder: Path, *, schema: int) -> Outcome:
    file = shutil.copy(OLD_BACKUPS / f"schema-{schema}.zip", folder / "old.zip")
    refusal = restored(folder, Path(file))
    [snapshot] = json.loads(members_of(Path(file))["tables.json"])["snapshot"]
    store = opened(settings_of(folder / "second"))
    return Outcome(*refusal, answers(json.loads(snapshot["document"])) - answers(store.snapshot()))


def damaged(folder: Path, *, change: Callable[[Path], object]) -> Outcome:
    saved = copied(complete(), folder)
    change(saved.file)
    return _refused(folder, saved)


def edited(folder: Path, *, edit: Callable[[dict[str, Any]], object]) -> Outcome:
    saved = copied(complete(), folder)
    with_tables(saved.file, saved.file, edit)
    return _refused(folder, saved)


def of_newer_version(folder: Path) -> Outcome:
    saved = copied(complete(), folder)
    members = members_of(saved.file)
    manifest = {**json.loads(members["manifest.json"]), "version": "99.0.0", "schema": 99}
    write_members(saved.file, {**members, "manifest.json": json.dumps(manifest).encode()})
    return _refused(folder, saved)


def over_an_installation(folder: Path) -> Outcome:
    """Restore a sound backup where an installation is."""
    saved = copied(complete(), folder)
    before, published = saved.store.dump(), answers(saved.store.snapshot())
    settings = {"KIOSK_DATA": str(folder / "first"), "KIOSK_KEYS": str(folder / "first-keys")}
    done = command(folder, "restore", str(saved.file), **settings)
    is_changed = saved.store.dump() != before
    lost = published - answers(saved.store.snapshot())
    return Outcome(effect(done, is_changed=is_changed), message(done.stderr, folder), lost)


def _refused(folder: Path, saved: Saved) -> Outcome:
    published = answers(saved.store.snapshot())
    refusal = restored(folder, saved.file)
    return Outcome(*refusal, published - answers(saved.store.snapshot()))


TOPIC = Topic(
    "Backups",
    "Each file is restored into an empty folder. The edited ones have right checksums.",
    {
        **{
            f"A backup of schema {schema}, by its own version": partial(of_old_version, schema=schema)
            for schema in (1, 2, 3)
        },
        "A backup of a newer version": of_newer_version,
        "A sound backup over an installation": over_an_installation,
        **{f"Broken: {name}": partial(damaged, change=change) for name, (change, _) in DAMAGED.items()},
        **{
            f"Edited: {name}": partial(edited, edit=edit)
            for name, (edit, _) in {**EDITED, **AGAINST_THE_RULES}.items()
        },
    },
)
