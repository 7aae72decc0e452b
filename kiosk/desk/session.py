"""Who is signed in, for how long, and who may see what.

A session is a signed cookie that holds a name, two times and a mark of the password; it holds for
half an hour without a request and ten hours in all, and ends when the password changes.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import ParamSpec

from flask import abort, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from kiosk.desk.login.throttle import SignInThrottle
from kiosk.domain.schedule import Ticks, next_tick
from kiosk.library.changes import keep_last_good
from kiosk.library.library import Library, read_usable_library
from kiosk.library.own_files import fingerprint
from kiosk.settings import Settings, SettingsError
from kiosk.storage import Account, Deed, Devices, Role, RoundState, Store

P = ParamSpec("P")

BY_ITSELF = "X-By-Itself"
"""A request header of pages that refresh themselves: it keeps nobody signed in."""

LONGEST_IDLE = timedelta(minutes=30)
LONGEST_SESSION = timedelta(hours=10)


@dataclass
class Desk:
    """What the staff's side is built over. `guest_address` is where guests reach their side;
    `allowed_languages` are shown to them although not reviewed (None: all, in the demonstration).
    Without `settings` nothing on file can be changed from here; what was changed the guests' side is
    to `on_library_change`. `doubtful_time` gives the time the machine's clock shows while it is in doubt."""

    store: Store
    library: Library
    clock: Callable[[], datetime]
    ticks: Ticks
    guest_address: str
    allowed_languages: frozenset[str] | None
    settings: Settings | None = None
    devices: Devices = field(default_factory=Devices)
    sign_in_throttle: SignInThrottle = field(default_factory=SignInThrottle)
    on_library_change: Callable[[Library], None] | None = None
    doubtful_time: Callable[[], datetime | None] = lambda: None
    _changing: threading.Lock = field(default_factory=threading.Lock)
    _seen: str = ""

    @property
    def next_count(self) -> datetime:
        """When boxes are counted next, unless the clock is in doubt."""
        return next_tick(self.ticks, self.clock(), self.store.clock_record.counts_from)

    @property
    def own_settings(self) -> Settings:
        """Where the installation's own files are; SettingsError where nothing can be changed."""
        if self.settings is None:
            raise SettingsError("this desk changes no files")
        return self.settings

    def own_folder(self, name: str) -> Path:
        """The installation's own folder of definitions; SettingsError where nothing can be changed."""
        return self.own_settings.data / name

    def change(self, write: Callable[[Settings], Library]) -> None:
        """Change own files by `write`, and show what it returns; open rounds keep what they froze."""
        settings = self.own_settings
        with self._changing:
            self._show(settings, write(settings))

    def reread_if_changed(self) -> None:
        """Take in what was changed on file by hand, and find out what went bad there."""
        if self.settings is not None and fingerprint(self.settings.data) != self._seen:
            self.reread()

    def reread(self) -> None:
        """Take in what is on file; what cannot be read there stays as it was, and is told."""
        if self.settings is not None:
            with self._changing:
                library = read_usable_library(self.settings)
                keep_last_good(self.settings, library)
                self._show(self.settings, library)

    def _show(self, settings: Settings, library: Library) -> None:
        self.library, self._seen = library, fingerprint(settings.data)
        if self.on_library_change is not None:
            self.on_library_change(library)


NOT_TYPED = frozenset({"csrf_token", "password", "name", "seen", "id", "scale", "survey", "key"})
"""Fields of forms that nobody fills in with words, or that must not be shown."""

SHORTEST_TYPED_CHARACTERS = 4
"""Characters worth showing again: less is a number or a tick."""


def desk() -> Desk:
    """The desk this request is served by."""
    current: Desk = current_app.extensions["desk"]
    return current


def begin(account: Account) -> None:
    """Start a session for an account, keeping nothing of the one before but the language."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    now = desk().clock().isoformat()
    session.update(name=account.name, began=now, seen=now, password=_mark(account))


def end() -> None:
    """Forget who was signed in."""
    session.clear()


def signed_in() -> Account | None:
    """The account of this session, if it still holds."""
    name = session.get("name")
    if name is None:
        return None
    now = desk().clock()
    began, seen = (datetime.fromisoformat(session[key]) for key in ("began", "seen"))
    account = desk().store.accounts.named(name)
    holds = timedelta() <= now - seen <= LONGEST_IDLE and now - began <= LONGEST_SESSION
    if account is None or not holds or session.get("password") != _mark(account):
        session.clear()
        return None
    return account


def is_coordinator() -> bool:
    """Whether a coordinator is signed in."""
    account = signed_in()
    return account is not None and account.role == Role.COORDINATOR


def may_read(state: RoundState) -> bool:
    """Whether whoever is signed in may see figures of a round: staff, who stand beside the kiosk, see none
    before it is closed."""
    account = signed_in()
    is_staff = account is not None and account.role == Role.STAFF
    return state.round.opens_at <= desk().clock() and (state.is_closed or not is_staff)


def note(deed: Deed, what: str) -> None:
    """Write down what whoever is signed in just did."""
    account = signed_in()
    if account is not None:
        desk().store.staff_records.note(desk().clock(), account.name, deed, what)


def touch() -> None:
    """Note that a person asked for a page."""
    session["seen"] = desk().clock().isoformat()


def _mark(account: Account) -> str:
    return hashlib.sha256(account.password.encode()).hexdigest()[:16]


def _for(
    whom: str, *roles: Role
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """A guard that lets these roles in, tells others whom the page is for, and sends strangers to sign in."""

    def guard(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            account = signed_in()
            if account is None and request.method == "POST":
                return signed_out()
            if account is None:
                return redirect(url_for("sign_in.sign_in", next=request.full_path.rstrip("?")))
            if account.role not in roles:
                abort(403, whom)
            if BY_ITSELF not in request.headers:
                touch()
            return view(*args, **kwargs)

        return guarded

    return guard


def signed_out() -> ResponseReturnValue:
    """A page with what was typed into a form that came too late, to be copied: nothing of it is saved."""
    typed = (
        words.strip()
        for name, words in request.form.items(multi=True)
        if name not in NOT_TYPED and not name.startswith("seen-")
    )
    kept = dict.fromkeys(words for words in typed if len(words) >= SHORTEST_TYPED_CHARACTERS)
    return render_template("signed_out.html", typed=list(kept)), 401


def for_anybody(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """A view for whoever is signed in."""
    return _for("anybody", *Role)(view)


def for_readers(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """A view for those who may see the figures of a running round."""
    return _for("readers", Role.COORDINATOR, Role.VIEWER)(view)


def for_staff(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """A view for those who print and pair."""
    return _for("staff", Role.COORDINATOR, Role.STAFF)(view)


def for_coordinator(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """A view for coordinators alone."""
    return _for("coordinator", Role.COORDINATOR)(view)
