"""Settings from the environment, checked at start. Each function that reads a setting raises SettingsError,
with the setting's name and the remedy, if the setting is invalid."""

import difflib
import ipaddress
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import parse_qs, urlsplit

import kiosk
from kiosk.domain.language_code import is_language_code
from kiosk.domain.local_address import leads_to_own_machine
from kiosk.domain.mail import is_address
from kiosk.domain.schedule import Daily, Ticks
from kiosk.domain.screen_size import (
    DISTANCE_LIMITS_MM,
    LEAST_DISTANCE_MM,
    LOWER_EDGE_LIMITS_MM,
    WIDTH_LIMITS_MM,
    Screen,
)
from kiosk.domain.server_address import split_hosts

NAMES = (
    "KIOSK_DATA",
    "KIOSK_DATABASE_URL",
    "KIOSK_KEYS",
    "KIOSK_SECRET_KEY",
    "KIOSK_COUNT_AT",
    "KIOSK_GUEST_LISTEN",
    "KIOSK_DESK_LISTEN",
    "KIOSK_LANGUAGES",
    "KIOSK_GUEST_ADDRESS",
    "KIOSK_HTTPS",
    "KIOSK_PROXY",
    "KIOSK_LEAVE_TO",
    "KIOSK_ONE_TOUCH",
    "KIOSK_SCREEN_MM",
    "KIOSK_DISTANCE_MM",
    "KIOSK_SCREEN_LOW_MM",
    "KIOSK_MAIL_HOST",
    "KIOSK_MAIL_PORT",
    "KIOSK_MAIL_SECURITY",
    "KIOSK_MAIL_USER",
    "KIOSK_MAIL_PASSWORD_FILE",
    "KIOSK_MAIL_FROM",
    "KIOSK_DESK_ADDRESS",
)
"""The names of all settings."""


class SettingsError(Exception):
    """A setting cannot be used. The message names the setting and the remedy."""


class MailSecurity(StrEnum):
    """The encryption of the connection to the mail server: after a greeting (STARTTLS), from the beginning
    (TLS), or none. NONE is for a mail server on this machine, and UNENCRYPTED for any other."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"
    UNENCRYPTED = "unencrypted"


MAIL_PORTS = {
    MailSecurity.STARTTLS: 587,
    MailSecurity.TLS: 465,
    MailSecurity.NONE: 25,
    MailSecurity.UNENCRYPTED: 25,
}
"""Security -> the usual port (RFC 8314)."""


@dataclass(frozen=True)
class MailSettings:
    """The mail server, the sender's address and the address of the desk in links.

    `user` is "" and `password_file` None if the server wants no sign-in; otherwise `password_file` is the
    absolute path of the file with the password.
    """

    host: str
    port: int
    security: MailSecurity
    user: str
    password_file: Path | None
    sender: str
    desk_address: str


@dataclass(frozen=True)
class Settings:
    """The settings of an installation.

    `data` is the folder of its files; `keys` is the folder of its keys, which no backup covers; both paths
    are absolute. `secret_key` is None if it stands in a file of `data` (see the function `secret_key`).
    `ticks` are the times of counts. `guest_listen` and `desk_listen` are address:port. `languages` are shown
    to guests although no native reader has reviewed them. `pace_seconds` is the time in which a quick reader
    answers a statement. `guest_address` is the part before /k/... and /s/... in addresses for guests, without
    a slash at its end. `is_https` says that a proxy encrypts, so that cookies and forms are bound to https.
    `proxy` is the address of the proxy whose X-Forwarded-For has the addresses of clients, None without a
    proxy. `leave_to` is the address of the neutral site that a phone opens when the guest leaves. With
    `is_one_touch`, touching an answer opens the next statement. `screen` has the measures of kiosks without
    their own, None if they are not set. `mail` is None if no mail is sent.
    """

    data: Path
    database_url: str
    keys: Path
    secret_key: str | None
    ticks: Ticks
    guest_listen: str
    desk_listen: str
    languages: frozenset[str]
    pace_seconds: float
    guest_address: str
    is_https: bool
    proxy: str | None
    leave_to: str
    is_one_touch: bool
    screen: Screen | None
    mail: MailSettings | None = None

    @property
    def definition_folders(self) -> list[Path]:
        """Absolute paths of the folders with surveys, scales and trees: the shipped one, then the
        installation's own, which need not exist."""
        return [shipped_folder("questions"), self.data / "questions"]

    @property
    def audio_folder(self) -> Path:
        """Absolute path of the folder with speech, which has the folders `drafts`, for synthesised speech,
        and `recordings`, for people's."""
        return self.data / "audio"

    @property
    def translation_folders(self) -> list[Path]:
        """Absolute paths of the folders with catalogues: the shipped one, then the installation's own, which
        need not exist."""
        return [shipped_folder("translations"), self.data / "translations"]


def shipped_folder(name: str) -> Path:
    """Return the path of a folder that is shipped with the program, such as "questions": inside the package
    when installed, beside it in a checkout."""
    package = Path(kiosk.__file__).parent
    return package / name if (package / name).is_dir() else package.parent / name


def read_settings(environ: Mapping[str, str], *, data: str = "instance") -> Settings:
    """Read the KIOSK_* variables. `data` is the path of the data folder if KIOSK_DATA is not set, relative to
    the working directory. Nothing is created.

    Raises SettingsError, which names the variable and the remedy, for the first that cannot be used.
    """
    _refuse_unknown(environ)
    folder = _folder("KIOSK_DATA", environ, Path(data))
    secret = environ.get("KIOSK_SECRET_KEY")
    if secret is not None and len(secret) < 32:
        raise SettingsError(
            "KIOSK_SECRET_KEY is shorter than 32 characters; make one with: "
            "python3 -c 'import secrets; print(secrets.token_hex(32))'"
        )
    guest_listen = _address("KIOSK_GUEST_LISTEN", environ, "127.0.0.1:8000")
    return Settings(
        data=folder,
        database_url=_database_url(environ, folder),
        keys=_folder("KIOSK_KEYS", environ, folder.with_name(f"{folder.name}-keys")),
        secret_key=secret,
        ticks=Daily(_clock_time(environ.get("KIOSK_COUNT_AT") or "17:00")),
        guest_listen=guest_listen,
        desk_listen=_address("KIOSK_DESK_LISTEN", environ, "127.0.0.1:8001"),
        languages=_languages(environ),
        pace_seconds=2.0,
        guest_address=_web_address("KIOSK_GUEST_ADDRESS", environ, f"http://{guest_listen}"),
        is_https=_yes_or_no("KIOSK_HTTPS", environ, "no"),
        proxy=_ip_address("KIOSK_PROXY", environ),
        leave_to=_web_address("KIOSK_LEAVE_TO", environ, "https://www.smhi.se"),
        is_one_touch=_yes_or_no("KIOSK_ONE_TOUCH", environ, "yes"),
        screen=_screen(environ),
        mail=_mail(environ, folder),
    )


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    """Raise SettingsError for the first KIOSK_* variable that is no setting: the default would silently apply
    instead of a misspelt one."""
    for name in sorted(environ):
        if name.startswith("KIOSK_") and name not in NAMES:
            near = difflib.get_close_matches(name, NAMES, n=1, cutoff=0.8)
            remedy = f"did you mean {near[0]}?" if near else f"unset it (there are: {', '.join(NAMES)})"
            raise SettingsError(f"{name} is not a setting; {remedy}")


def _folder(name: str, environ: Mapping[str, str], default: Path) -> Path:
    """Return the absolute path of a folder, which need not exist: that in the variable `name`, else
    `default`, either of them relative to the working directory. Raises SettingsError if a file stands in its
    place, or in that of a folder above it, and PermissionError if a folder above it may not be searched."""
    folder = Path(environ.get(name) or default).resolve()
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    if not existing.is_dir():
        raise SettingsError(f"{name} is {str(folder)!r}, but {existing} is a file; name a folder")
    return folder


def _database_url(environ: Mapping[str, str], folder: Path) -> str:
    """Return the address of the database; by default that of a SQLite file in `folder`, KIOSK_DATA."""
    url = environ.get("KIOSK_DATABASE_URL") or f"sqlite:///{folder / 'kiosk.sqlite'}"
    kind, _, rest = url.partition("://")
    if kind not in {"sqlite", "postgresql", "postgres"} or not rest.strip("/"):
        shown = f"begins with {kind}://" if "://" in url else "is no address of a database"
        raise SettingsError(
            f"KIOSK_DATABASE_URL {shown}; write sqlite:////path/to/file or postgresql://user@host/name"
        )
    if kind == "sqlite" and not rest.startswith("/"):
        raise SettingsError(
            "KIOSK_DATABASE_URL has two slashes; write sqlite:/// with three slashes, then the file"
        )
    if kind != "sqlite":
        _check_server_address(url)
    if rest == "/:memory:":
        raise SettingsError(
            "KIOSK_DATABASE_URL is a database in memory, lost when the program ends; name a file"
        )
    return url


def _check_server_address(url: str) -> None:
    """Raise SettingsError for the address of a database server that cannot be read, that names no database,
    or whose target_session_attrs would allow a replica. The message repeats no part of the address, since a
    wrong character may put the password into any part."""
    try:
        single, hosts = split_hosts(url)
    except ValueError:
        raise SettingsError(
            "KIOSK_DATABASE_URL cannot be read; write postgresql://user@host:port/name, and in a password "
            "%40 for @, %2F for /, %25 for %. The servers of a cluster are parted by commas: "
            "postgresql://user@host1:port,host2:port/name"
        ) from None
    if not urlsplit(single).path.strip("/"):
        raise SettingsError(
            "KIOSK_DATABASE_URL names no database; write postgresql://user@host/name, or postgresql:///name "
            "for the server on this machine"
        )
    wanted = parse_qs(urlsplit(single).query).get("target_session_attrs", ["read-write"])
    if len(hosts) > 1 and not set(wanted) <= {"read-write", "primary"}:
        raise SettingsError(
            "KIOSK_DATABASE_URL names several servers, and target_session_attrs has a value with which a "
            "replica could be taken for the leader; leave it out (it is read-write)"
        )


def _languages(environ: Mapping[str, str]) -> frozenset[str]:
    codes = (environ.get("KIOSK_LANGUAGES") or "").replace(",", " ").split()
    for code in codes:
        if not is_language_code(code):
            raise SettingsError(f"KIOSK_LANGUAGES names {code!r}; write language codes, such as: en, ar, fa")
    return frozenset(codes)


def _clock_time(text: str) -> time:
    try:
        hours, minutes = (int(part) for part in text.split(":"))
        return time(hours, minutes)
    except ValueError as error:
        raise SettingsError(
            f"KIOSK_COUNT_AT is {text!r}; write a time of day such as 17:00, usually closing time"
        ) from error


def _address(name: str, environ: Mapping[str, str], default: str) -> str:
    """Return address:port as it is set, or `default`."""
    text = environ.get(name) or default
    host, _, port = text.rpartition(":")
    if not host or not re.fullmatch("[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise SettingsError(f"{name} is {text!r}; write address:port, such as {default}")
    return text


def _web_address(name: str, environ: Mapping[str, str], default: str) -> str:
    """Return scheme and host as they are set, or `default`, without a slash at the end."""
    text = (environ.get(name) or default).rstrip("/")
    if not re.fullmatch(r"https?://[^\s/?#]+", text):
        raise SettingsError(f"{name} is {text!r}; write http://name or https://name, without a path")
    return text


def _ip_address(name: str, environ: Mapping[str, str]) -> str | None:
    """Return an IP address; None if the variable is not set."""
    text = environ.get(name)
    if not text:
        return None
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise SettingsError(
            f"{name} is {text!r}; write the IP address from which the proxy connects, such as 127.0.0.1"
        ) from error


def _screen(environ: Mapping[str, str]) -> Screen | None:
    """Return the measures of kiosks' screens; None without KIOSK_SCREEN_MM."""
    width = _millimetres("KIOSK_SCREEN_MM", environ, WIDTH_LIMITS_MM)
    distance = _millimetres("KIOSK_DISTANCE_MM", environ, DISTANCE_LIMITS_MM) or LEAST_DISTANCE_MM
    lower_edge = _millimetres("KIOSK_SCREEN_LOW_MM", environ, LOWER_EDGE_LIMITS_MM)
    if width is not None:
        return Screen(width, distance, lower_edge)
    for name in ("KIOSK_DISTANCE_MM", "KIOSK_SCREEN_LOW_MM"):
        if environ.get(name):
            raise SettingsError(f"{name} needs KIOSK_SCREEN_MM too; measure the width of the lit area")
    return None


def _millimetres(name: str, environ: Mapping[str, str], limits: tuple[int, int]) -> int | None:
    """Return whole millimetres within the limits (least, most), both included; None if the variable is not
    set."""
    text = environ.get(name)
    if not text:
        return None
    least, most = limits
    if not re.fullmatch("[0-9]{1,4}", text) or not least <= int(text) <= most:
        raise SettingsError(f"{name} is {text!r}; write whole millimetres from {least} to {most}")
    return int(text)


def _mail(environ: Mapping[str, str], data: Path) -> MailSettings | None:
    """Return the settings of mail; None without KIOSK_MAIL_HOST. `data` is KIOSK_DATA: backups cover it, so
    the file with the password must not be in it."""
    host = environ.get("KIOSK_MAIL_HOST")
    if not host:
        _refuse_mail_without_host(environ)
        return None
    if not _HOST.fullmatch(host):
        raise SettingsError(
            f"KIOSK_MAIL_HOST is {host!r}; write the mail server's name or IP address, such as "
            "smtp.example.org, and its port in KIOSK_MAIL_PORT"
        )
    security = _mail_security(environ, host)
    user, password_file = _mail_password(environ)
    if password_file is not None and password_file.is_relative_to(data):
        raise SettingsError(
            f"KIOSK_MAIL_PASSWORD_FILE is {str(password_file)!r}, in KIOSK_DATA, which every backup covers; "
            "move the file out of it, such as to /etc/kiosk/mail-password"
        )
    return MailSettings(
        host,
        _port("KIOSK_MAIL_PORT", environ, MAIL_PORTS[security]),
        security,
        user,
        password_file,
        _mail_address("KIOSK_MAIL_FROM", environ),
        _desk_address(environ),
    )


_HOST = re.compile(r"[A-Za-z0-9.:_-]{1,253}")


def _refuse_mail_without_host(environ: Mapping[str, str]) -> None:
    """Raise SettingsError if a setting KIOSK_MAIL_... is set without KIOSK_MAIL_HOST. Also if
    KIOSK_DESK_ADDRESS is set and is no web address."""
    for name in NAMES:
        if name.startswith("KIOSK_MAIL_") and environ.get(name):
            raise SettingsError(
                f"{name} needs KIOSK_MAIL_HOST too; write the mail server's name there, or unset {name}: "
                "without a mail server, no mail is sent"
            )
    if environ.get("KIOSK_DESK_ADDRESS"):
        _web_address("KIOSK_DESK_ADDRESS", environ, "")


def _mail_security(environ: Mapping[str, str], host: str) -> MailSecurity:
    """Return how the connection to `host` is encrypted; STARTTLS by default."""
    text = environ.get("KIOSK_MAIL_SECURITY") or MailSecurity.STARTTLS.value
    if text not in set(MailSecurity):
        raise SettingsError(
            f"KIOSK_MAIL_SECURITY is {text!r}; write starttls (usual), tls, or none for a mail server on "
            "this machine"
        )
    if text == MailSecurity.NONE and not leads_to_own_machine(f"smtp://{_in_address(host)}"):
        raise SettingsError(
            f"KIOSK_MAIL_SECURITY is 'none', and KIOSK_MAIL_HOST is {host!r}, another machine: everybody on "
            "the way could read the mail and the password. Write starttls or tls; if that is impossible and "
            "the network is yours, write unencrypted"
        )
    return MailSecurity(text)


def _in_address(host: str) -> str:
    """Return a host as it is written in an address: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def _mail_password(environ: Mapping[str, str]) -> tuple[str, Path | None]:
    """Return (user, absolute path of the file with the password); ("", None) if the server wants no
    sign-in."""
    user, file = environ.get("KIOSK_MAIL_USER") or "", environ.get("KIOSK_MAIL_PASSWORD_FILE") or ""
    if user and not user.isprintable():
        raise SettingsError("KIOSK_MAIL_USER has characters that cannot be printed; write the user's name")
    if user and not file:
        raise SettingsError(
            "KIOSK_MAIL_USER needs KIOSK_MAIL_PASSWORD_FILE too; write the password into a file that only "
            "the server's user reads (mode 600), and the file's path there"
        )
    if file and not user:
        raise SettingsError(
            "KIOSK_MAIL_PASSWORD_FILE needs KIOSK_MAIL_USER too; write the name that signs in there"
        )
    return user, Path(file).resolve() if file else None


def read_mail_password(mail: MailSettings) -> str:
    """Return the password of the mail server: the first line of its file, without spaces around it; "" if the
    server wants no sign-in.

    Raises SettingsError, without the password, if the file cannot be read, is empty, can be read or changed
    by other users of this machine, or can be changed by its group.
    """
    file = mail.password_file
    if file is None:
        return ""
    name = f"KIOSK_MAIL_PASSWORD_FILE is {str(file)!r}, which"
    try:
        mode, lines = file.stat().st_mode, file.read_text("utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError(
            f"{name} cannot be read ({reason}); the server's user has to own it or be in its group"
        ) from None
    if mode & 0o007 or mode & 0o020:
        raise SettingsError(f"{name} other users can read or change; run: chmod 600 {file}")
    if not lines or not lines[0].strip():
        raise SettingsError(f"{name} is empty; write the password into its first line")
    return lines[0].strip()


def _mail_address(name: str, environ: Mapping[str, str]) -> str:
    text = environ.get(name) or ""
    if not is_address(text):
        raise SettingsError(
            f"{name} is {text!r}; write the sender's e-mail address, such as kiosk@example.org"
        )
    return text


def _desk_address(environ: Mapping[str, str]) -> str:
    if not environ.get("KIOSK_DESK_ADDRESS"):
        raise SettingsError(
            "KIOSK_DESK_ADDRESS is missing; mail has links to the desk: write its address, such as "
            "https://personal.example.org"
        )
    return _web_address("KIOSK_DESK_ADDRESS", environ, "")


def _port(name: str, environ: Mapping[str, str], default: int) -> int:
    text = environ.get(name) or str(default)
    if not re.fullmatch("[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        raise SettingsError(f"{name} is {text!r}; write a port from 1 to 65535, such as {default}")
    return int(text)


def _yes_or_no(name: str, environ: Mapping[str, str], default: str) -> bool:
    """Return whether a variable, or `default` if it is not set, is "yes" and not "no"."""
    text = environ.get(name) or default
    if text not in {"yes", "no"}:
        raise SettingsError(f"{name} is {text!r}; write yes or no")
    return text == "yes"


def _make_secret_key(path: Path) -> None:
    """Create the file of a new key, unless another process creates one at the same time: the file then has
    the key of that process, and never half a key."""
    with NamedTemporaryFile("w", dir=path.parent, prefix=".secret_key-") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        with suppress(FileExistsError):
            path.hardlink_to(file.name)


def secret_key(settings: Settings) -> str:
    """Return the key that signs sessions: the setting, or else the content of a file in the data folder,
    which is made with a new key if it is missing. Raises SettingsError if the file has under 32 characters,
    and OSError if KIOSK_DATA is missing or the file cannot be read or made."""
    if settings.secret_key:
        return settings.secret_key
    path = settings.data / "secret_key"
    if not path.exists():
        _make_secret_key(path)
    key = path.read_text().strip()
    if len(key) < 32:
        raise SettingsError(f"{path}: is damaged; delete it. A new one is made, and everybody signs in again")
    return key
