"""The files that turn a Debian 12 or Raspberry Pi OS machine into a locked kiosk.

The paths under `machine/` are the paths on the machine's disk. The kiosk's address is filled in. The browser
may open that kiosk's own pages and no others of its origin: a rule of Chromium is a prefix, so a rule for `/`
would allow `/admin` too.
"""

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from kiosk.operation.machine_files import MachineFilesError, filled

MACHINE = Path(__file__).parent / "machine"

CHECKLIST = "CHECKLIST.md"

LOOPBACK = frozenset({"127.0.0.1", "localhost"})
"""Hosts at which a kiosk's address may be unencrypted."""

PURPOSES = {
    "/etc/apt/apt.conf.d/52kiosk-screen": (
        "uppdaterar varje dag, även Raspberry Pi:s egna program",
        "installs updates each day, also Raspberry Pi's own",
    ),
    "/etc/chromium/policies/managed/kiosk.json": (
        "webbläsaren får bara visa den här kioskens sidor",
        "the browser may show this kiosk's pages only",
    ),
    "/etc/default/kiosk-screen": ("hur bilden är vänd", "how the picture is turned"),
    "/etc/pam.d/kiosk-screen": ("skärmens egen session", "the screen's own session"),
    "/etc/sysctl.d/90-kiosk.conf": ("ingen SysRq-tangent", "no SysRq key"),
    "/etc/systemd/journald.conf.d/kiosk.conf": ("loggen ligger i minnet", "the log is in memory"),
    "/etc/systemd/logind.conf.d/kiosk.conf": (
        "inga andra skärmar, döva strömknappar",
        "no other screens, deaf power keys",
    ),
    "/etc/systemd/system.conf.d/kiosk.conf": (
        "Ctrl+Alt+Del sju gånger gör inget; en dator som hänger sig startar om",
        "Ctrl+Alt+Del seven times does nothing; a machine that hangs restarts",
    ),
    "/etc/systemd/system/autovt@.service": (
        "tom: ingen inloggning med Ctrl+Alt+F2",
        "empty: no sign-in by Ctrl+Alt+F2",
    ),
    "/etc/systemd/system/ctrl-alt-del.target": (
        "tom: Ctrl+Alt+Del gör inget",
        "empty: Ctrl+Alt+Del does nothing",
    ),
    "/etc/systemd/system/getty@tty1.service": (
        "tom: ingen inloggning på skärmen",
        "empty: no sign-in on the screen",
    ),
    "/etc/systemd/system/kiosk-screen-monitor.service": (
        "startar skärmen på nytt när bildskärmen är tillbaka",
        "restarts the screen when the monitor is back",
    ),
    "/etc/systemd/system/kiosk-screen-off.service": ("släcker skärmen", "switches the screen off"),
    "/etc/systemd/system/kiosk-screen-off.timer": (
        "klockan tio varje kväll, om den slås på",
        "at ten each evening, if enabled",
    ),
    "/etc/systemd/system/kiosk-screen-on.service": ("tänder skärmen", "switches the screen on"),
    "/etc/systemd/system/kiosk-screen-on.timer": (
        "halv sju varje morgon, om den slås på",
        "at half past six each morning, if enabled",
    ),
    "/etc/systemd/system/kiosk-screen-restart.service": ("startar skärmen på nytt", "restarts the screen"),
    "/etc/systemd/system/kiosk-screen-restart.timer": ("klockan fyra varje natt", "at four each night"),
    "/etc/systemd/system/kiosk-screen-watch.service": (
        "ser efter om webbläsaren hänger sig",
        "looks whether the browser hangs",
    ),
    "/etc/systemd/system/kiosk-screen-watch.timer": ("var femte minut", "every five minutes"),
    "/etc/systemd/system/kiosk-screen.service": (
        "startar webbläsaren, och igen när den dör",
        "starts the browser, and again whenever it ends",
    ),
    "/etc/systemd/system/systemd-time-wait-sync.service.d/kiosk.conf": (
        "väntar på rätt tid i högst 45 sekunder",
        "waits for the right time, 45 seconds at most",
    ),
    "/etc/systemd/system/user-.slice.d/kiosk.conf": (
        "räknar hur mycket webbläsaren skickar",
        "counts how much the browser sends",
    ),
    "/etc/sysusers.d/kiosk-screen.conf": (
        "en användare utan lösenord och skal",
        "a user without a password or a shell",
    ),
    "/etc/udev/rules.d/90-kiosk.rules": (
        "döv för tangentbord, möss och USB-minnen; märker när bildskärmen är tillbaka",
        "deaf to keyboards, mice and USB sticks; notices when the monitor is back",
    ),
    "/usr/local/bin/kiosk-cage": (
        "visar webbläsaren på hela skärmen, vänd åt rätt håll",
        "shows the browser on the whole screen, turned the right way",
    ),
    "/usr/local/bin/kiosk-screen": ("webbläsarens kommandorad", "the browser's command line"),
    "/usr/local/sbin/kiosk-screen-monitor": (
        "avgör om bildskärmen har varit borta",
        "decides whether the monitor was away",
    ),
    "/usr/local/sbin/kiosk-screen-watch": (
        "startar skärmen på nytt när webbläsaren inte har skickat något på en kvart",
        "restarts the screen when the browser has sent nothing for fifteen minutes",
    ),
}
"""Path on the machine -> purpose of the file, in Swedish and English."""

_LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")
"""Pattern of a host name in small letters."""

_PATH = re.compile(r"/k/([A-Za-z0-9_-]{8,64})")


class LockdownError(MachineFilesError):
    """A kiosk cannot be locked to this address. The message has the reason and the way out."""


@dataclass(frozen=True)
class KioskAddress:
    """The address of a locked kiosk: `origin` without a trailing slash, and the kiosk's code."""

    origin: str
    code: str

    @property
    def url(self) -> str:
        return f"{self.origin}/k/{self.code}"

    @property
    def filter_origin(self) -> str:
        """The origin as a URL rule of Chromium. A name gets a dot before it, which excludes its subdomains;
        an IPv4 address stays as it is."""
        scheme, _, rest = self.origin.partition("://")
        return self.origin if _is_number(rest.partition(":")[0]) else f"{scheme}://.{rest}"


def _is_number(host: str) -> bool:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def read_address(text: str) -> KioskAddress:
    """Return the parts of an address as `kiosk link` prints it, such as
    https://svara.example/k/aB3dE6gH9jK2mN5p. Raises LockdownError for any other text, and for an unencrypted
    address of another host than LOOPBACK."""
    if not text.isascii() or not text.isprintable() or " " in text:
        raise _bad(text, "it has characters that are not allowed in an address")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _bad(text, str(error)) from error
    host = parts.hostname or ""
    if not HOST.fullmatch(host) or len(host) > 253:
        raise _bad(text, "its host is not a host name")
    if parts.scheme != "https" and (parts.scheme != "http" or host not in LOOPBACK):
        raise _bad(text, "it is not encrypted; only 127.0.0.1 may be http")
    written = host if port is None else f"{host}:{port}"
    if parts.netloc != written or port == 0:
        raise _bad(text, "write the host in small letters, with a port at most")
    path = _PATH.fullmatch(parts.path)
    if not path or "?" in text or "#" in text:
        raise _bad(text, "the path must be /k/ and the kiosk's code, and nothing else")
    return KioskAddress(f"{parts.scheme}://{written}", path.group(1))


def _bad(text: str, why: str) -> LockdownError:
    return LockdownError(
        f"--address is {text!r}: {why}; give what kiosk link --unit UNIT prints, such as "
        "https://svara.example/k/aB3dE6gH9jK2mN5p"
    )


def files(address: KioskAddress) -> dict[str, bytes]:
    """Return path in the output folder -> content. Files under `root/` belong at that path on the machine."""
    values = {
        "@ADDRESS@": address.url,
        "@FILTER@": address.filter_origin,
        "@CODE@": address.code,
        "@FILES_SV@": _table(0),
        "@FILES_EN@": _table(1),
    }
    return filled(MACHINE, values)


def _table(language: int) -> str:
    """Return the rows of the checklist's table of files; `language` is 0 for Swedish, 1 for English."""
    return "\n".join(f"| `{path}` | {purpose[language]} |" for path, purpose in PURPOSES.items())
