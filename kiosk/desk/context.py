"""The objects behind a staff request: the store, the library, the clock, and the state in memory."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from flask import current_app

from kiosk.desk.i18n import forget_catalogue
from kiosk.desk.live_pages import LivePages
from kiosk.desk.login.known_devices import KnownDevices
from kiosk.desk.login.password_checks import PasswordChecks
from kiosk.desk.login.second_factor import SecretSealer
from kiosk.desk.login.throttle import SignInThrottle
from kiosk.desk.place_names import place_name
from kiosk.desk.results.published import Published
from kiosk.desk.surveys.review_state import ReviewState
from kiosk.domain.schedule import Ticks, next_tick
from kiosk.library.changes import exclusively, keep_last_good
from kiosk.library.library import Library, read_usable_library
from kiosk.library.own_files import fingerprint
from kiosk.output.file_program import WrittenFiles
from kiosk.settings import Settings, SettingsError
from kiosk.storage import Devices, Store


@dataclass
class Desk:
    """The parts of the staff's application.

    `clock` returns the time, local and without a time zone. `ticks` are the times of counts. `guest_address`
    is the public address of the guests' side, without a slash at its end. `allowed_languages` are codes of
    languages that are shown to guests although unreviewed; None stands for all, in the demonstration. Without
    `settings` no file can be changed. `on_library_change` is the callback that reloads the guest side's
    surveys and catalogues. `doubtful_time` returns the machine's time while its clock is in doubt, else None.
    """

    store: Store
    library: Library
    clock: Callable[[], datetime]
    ticks: Ticks
    guest_address: str
    allowed_languages: frozenset[str] | None
    known_devices: KnownDevices
    secret_sealer: SecretSealer
    settings: Settings | None = None
    devices: Devices = field(default_factory=Devices)
    sign_in_throttle: SignInThrottle = field(default_factory=SignInThrottle)
    password_checks: PasswordChecks = field(default_factory=PasswordChecks)
    published: Published = field(default_factory=Published)
    written_files: WrittenFiles = field(default_factory=WrittenFiles)
    review_state: ReviewState = field(default_factory=ReviewState)
    live_pages: LivePages = field(default_factory=LivePages)
    on_library_change: Callable[[Library], None] | None = None
    doubtful_time: Callable[[], datetime | None] = lambda: None
    _changing: threading.Lock = field(default_factory=threading.Lock)
    _seen: str = ""

    @property
    def next_count(self) -> datetime:
        """The local time of the next count: the next tick that is not before `counts_from` of the stored
        clock record, which a confirmation of a doubtful clock sets."""
        return next_tick(self.ticks, self.clock(), self.store.clock_record.counts_from)

    def place_name(self, node_id: str) -> str:
        """Return the name of a unit or another node; the id itself if no tree of the library or of a round
        has the node (`place_names.place_name`)."""
        return place_name(node_id, self.library, self.store)

    @property
    def own_settings(self) -> Settings:
        """The settings, whose `data` is the folder of the installation's own files. Raises SettingsError
        (404) if no file can be changed."""
        if self.settings is None:
            raise SettingsError("this desk changes no files")
        return self.settings

    def own_folder(self, name: str) -> Path:
        """Return the absolute path of the folder `name` of KIOSK_DATA, such as "questions". Raises
        SettingsError if no file can be changed."""
        return self.own_settings.data / name

    def has_own_file(self, path: Path) -> bool:
        """Return whether the installation has a file of its own at `path`, which is relative to KIOSK_DATA.
        False if no file can be changed."""
        return self.settings is not None and (self.settings.data / path).exists()

    def change(self, write: Callable[[Settings], Library]) -> None:
        """Call `write`, which changes own files and returns the changed library, and use that library from
        then on, for guests too. Open rounds keep their frozen copies. Raises SettingsError if no file can be
        changed, and the errors of `write`, such as RefusedError; the library then stays as it was."""
        settings = self.own_settings
        with self._changing, exclusively(settings):
            self._show(settings, write(settings))

    def reread_if_changed(self) -> None:
        """Reload the library (`reread`) if own files were changed outside the desk since it last loaded them,
        and at the first call. Does nothing if no file can be changed."""
        if self.settings is not None and fingerprint(self.settings.data) != self._seen:
            self.reread()

    def reread(self) -> None:
        """Reload the library. A file that cannot be read keeps its last valid content, and is reported on the
        pages of coordinators. Does nothing if no file can be changed."""
        if self.settings is not None:
            with self._changing, exclusively(self.settings):
                library = read_usable_library(self.settings)
                keep_last_good(self.settings, library)
                self._show(self.settings, library)

    def _show(self, settings: Settings, library: Library) -> None:
        """Use a library from now on. The caller holds the lock on changes: without it, a change that another
        process makes after `library` was read would never be shown."""
        self.library, self._seen = library, fingerprint(settings.data)
        forget_catalogue()
        if self.on_library_change is not None:
            self.on_library_change(library)


def desk() -> Desk:
    """Return the parts of the application that handles the current request. Raises RuntimeError outside of a
    request."""
    current: Desk = current_app.extensions["desk"]
    return current
