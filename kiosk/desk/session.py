"""Sessions and access: the signed-in account, the lifetime of its session, and the roles that may use a page.

A session is a signed cookie with the account's name, the times of sign-in and of the last request, and a
digest of the password's hash and the account's session epoch. It ends after half an hour without a request of
a person, and after ten hours. While a live page is shown, that page can read figures after the half hour
(`live_pages`), also when another page of the browser asks for a new sign-in. Sign-out, a new password, a new
role and the removal of the account end every session of the account, including copied cookies.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Flask, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from kiosk.desk.context import desk
from kiosk.desk.denials import Denial, deny
from kiosk.desk.live_pages import LIVE_ENDPOINTS, RENEWED
from kiosk.domain.short_hash import short_hash
from kiosk.storage import Account, Action, Entry, Role

P = ParamSpec("P")
View = TypeVar("View", bound=Callable[..., object])

AUTO_REFRESH_HEADER = "X-By-Itself"
"""Request header of pages that refresh themselves; such a request does not extend the session."""

LONGEST_IDLE = timedelta(minutes=30)
"""Longest time between two requests that a person makes in a session."""
LONGEST_SESSION = timedelta(hours=10)
"""Longest time from sign-in to the end of a session."""
LONGEST_WAIT_FOR_CODE = timedelta(minutes=10)
"""Longest time from the password to the code of the second factor."""


NOT_TYPED = frozenset(
    {
        "csrf_token", "password", "current", "again", "code", "secret", "name", "seen", "id", "scale",
        "survey", "key", "content", "carried",
    }
)  # fmt: skip
"""Names of form fields without free text, or with text that must not be shown, such as a password."""

GUEST_STYLES = "guest_styles"
"""Name in `flask.g` of the inline styles of a guest's page that is shown to staff."""

_ACCOUNT = "signed_in_account"
"""Name of the request's account in `flask.g`."""

SHORTEST_TYPED_CHARACTERS = 4
"""Shortest text that is shown for copying. Shorter values are numbers or those of checkboxes."""


def begin(account: Account) -> None:
    """Start a session for an account, and end the previous session of this browser, whose language is kept.
    An account without a session epoch (`Account.session_epoch`), such as after a restore, gets one first,
    which ends its sessions elsewhere."""
    _clear_but_language()
    if not account.session_epoch:
        desk().store.accounts.end_sessions(account.name)
        account = desk().store.accounts.named(account.name) or account
    now = desk().clock().isoformat()
    session.update(name=account.name, began=now, seen=now, mark=_session_digest(account))
    g.pop(_ACCOUNT, None)


def _clear_but_language() -> None:
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language


def wait_for_code(account: Account) -> None:
    """Record in the session that the account's password was right and the code of its second factor is
    awaited. This gives no access. The previous session ends, unless a live page of it is shown, which keeps
    its own access."""
    if _holder() is None or not _is_page_shown():
        _clear_but_language()
    session.update(
        waiting_name=account.name,
        waiting_since=desk().clock().isoformat(),
        waiting_mark=_session_digest(account),
    )
    g.pop(_ACCOUNT, None)


def waiting_for_code() -> Account | None:
    """Return the account of a session that waits for a code (`wait_for_code`). None without a waiting
    session, after a new password or session epoch of the account, and after LONGEST_WAIT_FOR_CODE."""
    name = session.get("waiting_name")
    if name is None:
        return None
    account = desk().store.accounts.named(name)
    waited = desk().clock() - datetime.fromisoformat(session["waiting_since"])
    if account is None or session["waiting_mark"] != _session_digest(account):
        return None
    return account if timedelta() <= waited <= LONGEST_WAIT_FOR_CODE else None


def end_all_and_renew(name: str) -> None:
    """End every session of the account `name`, in all browsers, then start a new one in this browser. Does
    nothing for an unknown account."""
    desk().store.accounts.end_sessions(name)
    account = desk().store.accounts.named(name)
    if account is not None:
        begin(account)


def end() -> None:
    """End every session of the signed-in account, in all browsers, and forget the language. Also ends a
    session that has timed out while a live page is shown."""
    account = signed_in() or _holder()
    session.clear()
    if account is not None:
        desk().store.accounts.end_sessions(account.name)
    g.pop(_ACCOUNT, None)


def signed_in() -> Account | None:
    """Return the account of this session; None if there is no session, or it has ended, which clears it.

    After half an hour without a request of a person, the account is returned to the requests of a shown live
    page only; to others None, and the session stays. The account is read once per request, so that a change
    of it takes effect at the next request.
    """
    if _ACCOUNT not in g:
        setattr(g, _ACCOUNT, _read_account())
    account: Account | None = g.get(_ACCOUNT)
    return account


def _read_account() -> Account | None:
    """Return the account as `signed_in`, and clear a session that has ended."""
    if "name" not in session:
        return None
    account = _holder()
    is_idle = account is not None and desk().clock() - _time("seen") > LONGEST_IDLE
    if account is None or (is_idle and not _is_page_shown()):
        session.clear()
        return None
    return None if is_idle and not _is_of_live_page() else account


def _holder() -> Account | None:
    """Return the account of this session, however long nobody used it. None without a session, after
    LONGEST_SESSION, after a new password or session epoch of the account, and if the clock was set back
    behind the session's last request."""
    name = session.get("name")
    account = None if name is None else desk().store.accounts.named(name)
    if account is None or session.get("mark") != _session_digest(account):
        return None
    now = desk().clock()
    holds = timedelta() <= now - _time("seen") and timedelta() <= now - _time("began") <= LONGEST_SESSION
    return account if holds else None


def _time(key: str) -> datetime:
    return datetime.fromisoformat(session[key])


def is_request_of_person() -> bool:
    """Return whether a person made the request, not the script of a live page. A request with
    AUTO_REFRESH_HEADER is never a person's. A request for LIVE_ENDPOINTS is a person's only if it is a
    download (`download` in the address)."""
    is_picture = request.endpoint in LIVE_ENDPOINTS and "download" not in request.args
    return AUTO_REFRESH_HEADER not in request.headers and not is_picture


def _is_of_live_page() -> bool:
    """Return whether the request reads figures for a live page."""
    is_live = not is_request_of_person() and request.endpoint in LIVE_ENDPOINTS | RENEWED
    return is_live and request.method in {"GET", "HEAD"}


def _is_page_shown() -> bool:
    """Return whether a live page of this session is still shown (`LivePages.is_shown`). KeyError without a
    session."""
    return desk().live_pages.is_shown((session["name"], session["began"]), desk().clock())


def record_live_page() -> None:
    """Record that a live page of this session asked for new figures. KeyError without a session."""
    desk().live_pages.record((session["name"], session["began"]), desk().clock())


def account_name() -> str:
    """Return the name of the signed-in account; "" without a session."""
    account = signed_in()
    return account.name if account else ""


def is_coordinator() -> bool:
    """Return whether a coordinator is signed in."""
    account = signed_in()
    return account is not None and account.role == Role.COORDINATOR


def note(action: Action, what: str) -> None:
    """Write an action of the signed-in account to the log; does nothing without an account. `what` has the
    details of the action, separated by ", ", such as the id of a unit and the ending of a code, in the order
    in which `audit_log` reads them. It must have nothing about guests."""
    account = signed_in()
    if account is not None:
        desk().store.audit_log.note(desk().clock(), account.name, action, what)


def entry(action: Action, what: str) -> Entry:
    """Return a line of the log about an action of the signed-in account, for a write of the store that logs
    it together with the action. `what` as for `note`. Its name is "" without a session."""
    return Entry(desk().clock(), account_name(), action, what)


def touch() -> None:
    """Write the time of this request into the session, which then lasts for another LONGEST_IDLE, but not
    beyond LONGEST_SESSION."""
    session["seen"] = desk().clock().isoformat()


def _session_digest(account: Account) -> str:
    """Return a digest of the account's password hash and session epoch. A session with another digest has
    ended."""
    return short_hash(f"{account.session_epoch} {account.password}", 16)


class UndeclaredAccessError(Exception):
    """Views without a decorator that declares their access. The message has their endpoints."""


_DECLARED = "access_is_declared"
"""Name of an attribute of views. The decorators below set it to declare a view's access."""


def check_access_is_declared(app: Flask) -> None:
    """Raise UndeclaredAccessError unless each view of the application has a decorator that declares its
    access.

    A route without one would be open to everybody.
    """
    views = app.view_functions.items()
    if undeclared := sorted(endpoint for endpoint, view in views if not hasattr(view, _DECLARED)):
        raise UndeclaredAccessError(
            f"{', '.join(undeclared)}: add for_coordinator, for_staff, for_readers, for_every_account or "
            "without_session, below the route's decorator"
        )


def without_session(view: View) -> View:
    """Declare a view open to everybody, signed in or not, and return it. The view checks access itself, or
    has nothing to protect."""
    setattr(view, _DECLARED, True)
    return view


def _for(
    denial: Denial | None, *roles: Role
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Return a decorator that allows a view to these roles, or to every account if `denial` is None. For
    other accounts the view raises DeniedError (403) with `denial`.

    Without a session, the view redirects to the sign-in, or, if a form was sent, shows its texts for copying
    with status 401 (`signed_out`).
    """

    def guard(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            account = signed_in()
            if account is None and request.method == "POST":
                return signed_out()
            if account is None:
                return redirect(url_for("sign_in.sign_in", next=request.full_path.rstrip("?")))
            if denial is not None and account.role not in roles:
                deny(denial)
            if is_request_of_person():
                touch()
            return view(*args, **kwargs)

        setattr(guarded, _DECLARED, True)
        return guarded

    return guard


def signed_out() -> ResponseReturnValue:
    """Return (page, 401) with the typed texts of a form that was sent after the session ended, for copying.
    Nothing is saved. Fields of NOT_TYPED, those whose names begin with `seen-` or `meaning-`, and texts under
    SHORTEST_TYPED_CHARACTERS are left out."""
    typed = (
        value.strip()
        for name, value in request.form.items(multi=True)
        if name not in NOT_TYPED and not name.startswith(("seen-", "meaning-"))
    )
    kept = dict.fromkeys(value for value in typed if len(value) >= SHORTEST_TYPED_CHARACTERS)
    return render_template("signed_out.html", typed=list(kept)), 401


def for_every_account(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Return the view, allowed to every account. Without a session, a GET redirects to the sign-in, and a
    POST is not carried out: its texts are shown for copying, with status 401 (`signed_out`)."""
    return _for(None)(view)


def for_readers(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Return the view, allowed to accounts that may see the figures of a running round: coordinators and
    viewers. Staff get DeniedError (403). Without a session, it leads to the sign-in (`for_every_account`)."""
    return _for(Denial.READERS_ONLY, Role.COORDINATOR, Role.VIEWER)(view)


def for_staff(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Return the view, allowed to accounts that may print slips and pair kiosks: coordinators and staff.
    Viewers get DeniedError (403). Without a session, it leads to the sign-in (`for_every_account`)."""
    return _for(Denial.STAFF_ONLY, Role.COORDINATOR, Role.STAFF)(view)


def for_coordinator(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Return the view, allowed to coordinators only. Others get DeniedError (403). Without a session, it
    leads to the sign-in (`for_every_account`)."""
    return _for(Denial.COORDINATORS_ONLY, Role.COORDINATOR)(view)
