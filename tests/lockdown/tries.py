"""All ways out of a kiosk's browser: those that are tried here, and those that only a person can try."""

from dataclasses import dataclass
from enum import StrEnum

LARGE = (
    "position:fixed;inset:0;user-select:none;font-size:40px;cursor:default;color:black;text-decoration:none"
)
MIDDLE = ("mousemove", "640", "400")
TAP = (*MIDDLE, "click", "1")
DRAG = (
    "mousemove",
    "150",
    "500",
    "mousedown",
    "1",
    "mousemove",
    "160",
    "480",
    "sleep",
    "0.1",
    "mousemove",
    "300",
    "200",
    "sleep",
    "0.1",
    "mousemove",
    "640",
    "20",
    "sleep",
    "0.1",
    "mousemove",
    "642",
    "22",
    "sleep",
    "0.1",
    "mouseup",
    "1",
)

GOES_ON = "the guest's next screen"
MARKED = "the language is highlighted"
LARGER = "the page is larger"

ELSEWHERE = "http://127.0.0.1:{port}/elsewhere"
"""Another origin: the kiosk's host is localhost."""


class Way(StrEnum):
    KEYS = "keys, on the guest's page"
    MOUSE = "mouse, on the guest's page"
    HELPED = "an attacker's page, and a tap"
    ADDRESS = "opened as if typed in an address bar"
    TOUCH = "touch"
    CRASH = "the browser is killed and restarted"
    PAGE_CRASH = "the page's process is killed"


@dataclass(frozen=True)
class Try:
    """One way out. `act` is an xdotool command, `address` is opened; `page` replaces the guest's page, and
    `next_page` the page below it. {code}, {port}, {other_port} and {folder} are filled in.

    `leaves` names harmless changes of the screen; `known` names what remains open and why that is accepted.
    `title` is the title of a page that was actually opened.
    """

    row: str
    way: Way
    act: tuple[str, ...] = ()
    page: str = ""
    next_page: str = ""
    address: str = ""
    title: str = "reached"
    leaves: str = ""
    known: str = ""


def _key(keys: str, what: str, leaves: str = "") -> Try:
    names = "+".join(
        part if len(part) > 1 and part[0].isupper() else part.capitalize() for part in keys.split("+")
    )
    return Try(f"{names}: {what}", Way.KEYS, ("key", keys), leaves=leaves)


KEYS = (
    _key("ctrl+t", "new tab"),
    _key("ctrl+n", "new window"),
    _key("ctrl+shift+n", "private window"),
    _key("ctrl+l", "address bar"),
    _key("alt+d", "address bar"),
    _key("F6", "address bar"),
    _key("ctrl+k", "search"),
    _key("ctrl+o", "open a file"),
    _key("ctrl+s", "save the page"),
    _key("ctrl+p", "print"),
    _key("ctrl+shift+p", "print"),
    _key("ctrl+u", "source"),
    _key("ctrl+j", "downloads"),
    _key("ctrl+h", "history"),
    _key("ctrl+d", "bookmark"),
    _key("ctrl+shift+o", "bookmarks"),
    _key("ctrl+shift+b", "bookmark bar"),
    _key("ctrl+shift+Delete", "clear data"),
    _key("ctrl+shift+a", "tab search"),
    _key("ctrl+shift+m", "profiles"),
    _key("ctrl+shift+t", "closed tab"),
    _key("ctrl+f", "find"),
    _key("F3", "find"),
    _key("F1", "help"),
    _key("F7", "caret", "asks whether to navigate with the keyboard"),
    _key("F10", "menu"),
    _key("alt+f", "menu"),
    _key("alt+e", "menu"),
    _key("Menu", "context menu"),
    _key("shift+F10", "context menu"),
    _key("F11", "leave the full screen"),
    _key("F12", "developer tools"),
    _key("ctrl+shift+i", "developer tools", "says that they are not allowed"),
    _key("ctrl+shift+j", "developer tools", "says that they are not allowed"),
    _key("ctrl+shift+c", "developer tools", "says that they are not allowed"),
    _key("shift+Escape", "task manager"),
    _key("ctrl+w", "close the tab"),
    _key("ctrl+shift+w", "close the window"),
    _key("alt+F4", "close the window"),
    _key("ctrl+shift+q", "quit"),
    _key("alt+Left", "back"),
    _key("alt+Home", "home page"),
    _key("ctrl+1", "other tab"),
    _key("ctrl+Tab", "other tab"),
    _key("ctrl+plus", "larger", LARGER),
)

LANGUAGE = ("mousemove", "416", "310")
"""A position on one of the languages, both with and without the browser's bars above the page."""
STORED = (*LANGUAGE, "click", "1", "sleep", "0.5", "key", "Tab", "Tab")

MOUSE = (
    Try("Right button", Way.MOUSE, (*MIDDLE, "click", "3")),
    Try("Right button on a language", Way.MOUSE, (*LANGUAGE, "click", "3"), leaves=MARKED),
    Try("Middle button on a language", Way.MOUSE, (*LANGUAGE, "click", "2"), leaves=MARKED),
    Try(
        "Shift and a language",
        Way.MOUSE,
        (*LANGUAGE, "keydown", "shift", "click", "1", "keyup", "shift"),
        leaves=GOES_ON,
    ),
    Try(
        "Ctrl and a language",
        Way.MOUSE,
        (*LANGUAGE, "keydown", "ctrl", "click", "1", "keyup", "ctrl"),
        leaves=GOES_ON,
    ),
    Try(
        "Alt and a language",
        Way.MOUSE,
        (*LANGUAGE, "keydown", "alt", "click", "1", "keyup", "alt"),
        leaves=GOES_ON,
    ),
    Try("Shift+Enter on a link", Way.MOUSE, (*STORED, "shift+Return"), leaves=GOES_ON),
    Try("Ctrl+Enter on a link", Way.MOUSE, (*STORED, "ctrl+Return"), leaves=GOES_ON),
    Try("Alt+Enter on a link", Way.MOUSE, (*STORED, "alt+Return"), leaves=GOES_ON),
    Try("Wheel with Ctrl", Way.MOUSE, ("keydown", "ctrl", "click", "4", "keyup", "ctrl"), leaves=LARGER),
)


def _tap(row: str, script: str, *, leaves: str = "", next_page: str = "") -> Try:
    page = f'<title>here</title><div style="{LARGE}" onclick="{script}">tap</div>'
    return Try(row, Way.HELPED, TAP, page, next_page, leaves=leaves)


def _link(
    row: str, to: str, *, extra: str = "", act: tuple[str, ...] = TAP, leaves: str = "", known: str = ""
) -> Try:
    page = f'<title>here</title><a href="{to}" {extra} style="{LARGE}">tap</a>'
    return Try(row, Way.HELPED, act, page, leaves=leaves, known=known)


def _held(key: str) -> tuple[str, ...]:
    return (*MIDDLE, "keydown", key, "click", "1", "keyup", key)


WITH_KEYS = (
    "the kiosk's own pages in a second window or tab, or a message about a blocked download. This needs "
    "a keyboard or a mouse, which are disabled on the kiosk, and a page that is not one of the product's"
)
BLOCKED = "says that the page is blocked"
NEXT = "/k/{code}/next"
SPANISH = "Este es un texto en castellano que habla de muchas cosas y que nadie ha traducido todavía. " * 30

HELPED = (
    _link("Another origin", ELSEWHERE, leaves=BLOCKED),
    _link("Another port", "http://localhost:{other_port}/k/{code}", leaves=BLOCKED),
    _link("A subdomain", "http://sub.localhost:{port}/k/{code}", leaves=BLOCKED),
    _link("The staff's side: /admin/", "/admin/", leaves=BLOCKED),
    _link("The staff's side, written differently", "/k/{code}/%2e%2e/%2e%2e/admin/", leaves=BLOCKED),
    _link("The staff's side, encoded", "/%61dmin/", leaves=BLOCKED),
    _link("Another kiosk", "/k/aaaaaaaaaaaaaaaa", leaves=BLOCKED),
    _link("A redirect to another origin", "/k/{code}/away?" + ELSEWHERE, leaves=BLOCKED),
    _tap(
        "A frame of another origin",
        f"frame = document.createElement('iframe'); frame.src = '{ELSEWHERE}'; document.body.append(frame)",
        leaves="a frame that says that the page is blocked",
    ),
    _tap(
        "javascript: leads to another origin",
        f"location='javascript:void(location=`{ELSEWHERE}`)'",
        leaves=BLOCKED,
    ),
    _link("mailto:", "mailto:anna@example.org", leaves=BLOCKED),
    _link("target=_blank", NEXT, extra="target=_blank"),
    _tap("window.open", "window.open('/k/{code}/next')"),
    _tap("window.open with a size", "window.open('/k/{code}/next', 'x', 'width=400,height=300')"),
    _tap("A picture in picture", "documentPictureInPicture.requestWindow()"),
    _link("A link with Shift", NEXT, act=_held("shift"), known=WITH_KEYS),
    _link("A link with Ctrl", NEXT, act=_held("ctrl"), known=WITH_KEYS),
    _link("A link with Alt (download)", NEXT, act=_held("alt"), known=WITH_KEYS),
    _link("A link with the middle button", NEXT, act=(*MIDDLE, "click", "2"), known=WITH_KEYS),
    _link("A link with the right button", NEXT, act=(*MIDDLE, "click", "3")),
    Try(
        "A link dragged to the upper edge",
        Way.HELPED,
        DRAG,
        f'<title>here</title><a href="{ELSEWHERE}" '
        'style="position:fixed;top:300px;width:600px;height:300px">drag me</a>',
        leaves="selected text",
    ),
    _link("A download", "/k/{code}/file", leaves="says that a download began"),
    _link("A link with download", NEXT, extra="download", leaves="says that a download began"),
    Try(
        "File picker",
        Way.HELPED,
        TAP,
        f'<title>here</title><label style="{LARGE}">tap<input type="file" hidden></label>',
        leaves="says that files cannot be chosen",
    ),
    _tap("File picker, the newer one", "showOpenFilePicker()"),
    _tap("Save picker", "showSaveFilePicker()"),
    _tap("Folder picker", "showDirectoryPicker()"),
    _tap("Print dialog", "print()"),
    _tap("alert()", "alert('x')"),
    _tap("prompt()", "prompt('x')"),
    _tap(
        "A confirmation on leaving",
        "onbeforeunload = e => e.preventDefault(); location = '/k/{code}/next'",
        leaves="the next page",
    ),
    _tap("Permission: notifications", "Notification.requestPermission()"),
    _tap("Permission: location", "navigator.geolocation.getCurrentPosition(() => 0)"),
    _tap(
        "Permission: microphone and camera",
        "navigator.mediaDevices.getUserMedia({audio: true, video: true})",
    ),
    _tap("Permission: screen capture", "navigator.mediaDevices.getDisplayMedia()"),
    _tap("Permission: clipboard", "navigator.clipboard.readText()"),
    _tap("Permission: USB", "navigator.usb.requestDevice({filters: []})"),
    _tap("Permission: serial port", "navigator.serial.requestPort()"),
    _tap(
        "Permission: MIDI",
        "navigator.requestMIDIAccess({sysex: true})",
        leaves="asks, and gives access to instruments only",
    ),
    _tap("Permission: list of fonts", "queryLocalFonts()"),
    _tap("Permission: window placement", "getScreenDetails()"),
    Try(
        "Save the password?",
        Way.HELPED,
        TAP,
        '<title>here</title><form method="post" action="/k/{code}/next" style="opacity:0">'
        '<input name="name" value="anna"><input type="password" name="password" value="hemligt 123">'
        f'<button style="{LARGE}">tap</button></form>',
    ),
    Try(
        "Translate the page?",
        Way.HELPED,
        TAP,
        f'<title>here</title><a href="{NEXT}" style="{LARGE};opacity:0">tap</a>',
        f'<html lang="es"><title>next</title><p style="opacity:0">{SPANISH}</p>',
    ),
)


def _address(row: str, address: str, title: str = "reached") -> Try:
    return Try(row, Way.ADDRESS, address=address, title=title, leaves=BLOCKED)


OWN = "http://localhost:{port}"

ADDRESSES = (
    _address("chrome://settings", "chrome://settings", "Settings"),
    _address("chrome://version", "chrome://version", "About Version"),
    _address("chrome://flags", "chrome://flags", "Experiments"),
    _address("chrome://downloads", "chrome://downloads", "Download history"),
    _address("chrome://history", "chrome://history", "History"),
    _address("chrome://policy", "chrome://policy", "Policies"),
    _address("chrome://extensions", "chrome://extensions", "Extensions"),
    _address("file:// a page", "file://{folder}/etc/page.html"),
    _address("file:// a folder", "file://{folder}/etc/", "Index of {folder}/etc/"),
    _address("data:", "data:text/html,<title>reached</title>"),
    _address("view-source:", f"view-source:{OWN}/k/{{code}}", "view-source:localhost:{port}/k/{code}"),
    _address("Another origin", ELSEWHERE),
    _address("The staff's side", f"{OWN}/admin/"),
    _address("The server's start page", f"{OWN}/"),
)

LONG_PRESS = (*MIDDLE, "mousedown", "1", "sleep", "1.2")
FINGER = "the position of the finger is shown"
TEXT = f'<title>here</title><p style="{LARGE};user-select:text;margin:360px 0">' + "text " * 40

TOUCHES = (
    Try("Long press, on the guest's page", Way.TOUCH, LONG_PRESS, leaves=FINGER),
    Try("Long press, on a link", Way.TOUCH, LONG_PRESS, page=_link("", NEXT).page, leaves=FINGER),
    Try("Long press, on a text", Way.TOUCH, LONG_PRESS, page=TEXT, leaves="selected text, without a menu"),
    Try("Pinch", Way.TOUCH),
)

STUCK = "says that the page is blocked, until the screen restarts"
CRASHED = "says that the page crashed, until somebody taps Reload or the screen restarts"

CRASHES = (
    Try("Restore pages?", Way.CRASH),
    Try("The page about the crash", Way.PAGE_CRASH, leaves=CRASHED),
    Try("Learn more", Way.PAGE_CRASH, ("mousemove", "376", "392", "click", "1"), leaves=STUCK),
)

TRIES = (*KEYS, *MOUSE, *HELPED, *ADDRESSES, *TOUCHES, *CRASHES)

BY_HAND = {
    "Swipes from the edges, with several fingers": "needs the panel",
    "Long press and pinch": "needs the panel: here a mouse and simulated touches replace fingers",
    "Ctrl+Alt+F2, Ctrl+Alt+Del, Alt+SysRq": "needs a machine with a console",
    "A keyboard that is plugged in": "needs udev on a separate machine",
    "A USB stick that is plugged in": "the same",
    "The power button, pulling the plug, starting from a stick": "needs the device",
    "The browser restarts when it ends": "needs systemd (Restart=always)",
    "The network fails and returns": "needs the real network",
}
"""Row -> why only a person can try it. The checklist that `kiosk lockdown` writes contains all of them."""
