"""PostgreSQL that acknowledges commits which it may lose. Each row starts a server of its own."""

from functools import partial
from pathlib import Path

import kiosk.storage.database
from kiosk.storage import StoreError
from tests.faults.fault import Outcome, Topic, command, effect, message
from tests.tools.commits import BALLOTS, LATE, answered, cast, is_connected, laid_out, readable, set_server
from tests.tools.postgresql import new_server


def late_commits(folder: Path) -> Outcome:
    """Kill a server that acknowledges commits before they are on disk."""
    with new_server(LATE) as server:
        url = server.create_database("kiosk")
        answered(url, folder)
        server.kill()
        server.start(LATE)
        return Outcome("each transaction waits for the disk by itself", "", BALLOTS - readable(url, folder))


def unsafe_setting(folder: Path, *, name: str) -> Outcome:
    """Switch off a setting without which a crash loses commits, and start the kiosk."""
    with new_server() as server:
        url = server.create_database("kiosk")
        answered(url, folder)
        set_server(server, name, "off")
        done = command(folder, "upgrade", KIOSK_DATABASE_URL=url, KIOSK_DATA=str(folder))
        set_server(server, name, None)
        return Outcome(
            effect(done, is_changed=False), message(done.stderr, folder), BALLOTS - readable(url, folder)
        )


def asynchronous_replica(folder: Path) -> Outcome:
    """Connect a replica that no commit waits for; then make commits wait, and let the replica take over."""
    with new_server() as server:
        url = server.create_database("kiosk")
        laid_out(url, folder)
        with new_server(copy_of=server) as replica:
            while not is_connected(server):
                pass
            error_text = ""
            try:
                cast(url, folder)
            except StoreError as error:
                error_text = str(error)
            set_server(server, "synchronous_standby_names", "ANY 1 (*)")
            cast(url, folder)
            server.kill()
            replica.do("pg_ctl", "-D", replica.data, "-w", "promote")
            lost = BALLOTS - readable(f"{replica.address}/kiosk", folder)
        server.start()
    refused = (
        "every write is refused until a commit waits for it" if error_text else "**written all the same**"
    )
    return Outcome(refused, message(error_text, folder), lost)


TOPIC = Topic(
    "PostgreSQL",
    f"{BALLOTS} guests are thanked. Needs PostgreSQL's programs; each row starts servers of its own.",
    {
        "`synchronous_commit` is off, and the server is killed": late_commits,
        **{
            f"`{name}` is off: `upgrade`": partial(unsafe_setting, name=name)
            for name in kiosk.storage.database.SAFE_SETTINGS
        },
        "An asynchronous replica takes over": asynchronous_replica,
    },
)
