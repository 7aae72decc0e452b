"""Settings from the environment, checked at start: a bad one is an error that says which and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path

import kiosk
from kiosk.ticks import Daily, Ticks


class SettingsError(Exception):
    """A setting that cannot be used; the message names it and the way out."""


@dataclass(frozen=True)
class Settings:
    """Where things are and when boxes are counted.

    `languages` are shown to guests although nobody native has reviewed them; `pace_seconds` is the
    least time between two ballots at one kiosk, for each statement of the survey.
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

    @property
    def definition_folders(self) -> list[Path]:
        """Folders with surveys, scales and trees: those shipped, then the installation's own."""
        return [shipped_folder("questions"), self.data / "questions"]

    @property
    def translation_folders(self) -> list[Path]:
        return [shipped_folder("translations"), self.data / "translations"]


def shipped_folder(name: str) -> Path:
    """A folder that comes with the program: inside the package when installed, beside it in a
    checkout."""
    package = Path(kiosk.__file__).parent
    return package / name if (package / name).is_dir() else package.parent / name


def read_settings(environ: Mapping[str, str], *, data: str = "instance") -> Settings:
    """Settings from KIOSK_* variables; `data` is the folder where KIOSK_DATA is not set."""
    folder = Path(environ.get("KIOSK_DATA") or data).resolve()
    url = environ.get("KIOSK_DATABASE_URL") or f"sqlite:///{folder / 'kiosk.sqlite'}"
    if not url.startswith(("sqlite:///", "postgresql://", "postgres://")):
        raise SettingsError(f"KIOSK_DATABASE_URL is {url!r}; it must begin with sqlite:/// or postgresql://")
    secret = environ.get("KIOSK_SECRET_KEY")
    if secret is not None and len(secret) < 32:
        raise SettingsError(
            "KIOSK_SECRET_KEY is shorter than 32 characters; make one with: "
            "python3 -c 'import secrets; print(secrets.token_hex(32))'"
        )
    return Settings(
        data=folder,
        database_url=url,
        keys=Path(environ.get("KIOSK_KEYS") or folder / "keys").resolve(),
        secret_key=secret,
        ticks=Daily(_clock_time(environ.get("KIOSK_COUNT_AT") or "17:00")),
        guest_listen=_address("KIOSK_GUEST_LISTEN", environ, "127.0.0.1:8000"),
        desk_listen=_address("KIOSK_DESK_LISTEN", environ, "127.0.0.1:8001"),
        languages=frozenset((environ.get("KIOSK_LANGUAGES") or "").replace(",", " ").split()),
        pace_seconds=2.0,
    )


def _clock_time(text: str) -> time:
    try:
        hours, minutes = (int(part) for part in text.split(":"))
        return time(hours, minutes)
    except ValueError as error:
        raise SettingsError(
            f"KIOSK_COUNT_AT is {text!r}; write a time of day such as 17:00, usually closing time"
        ) from error


def _address(name: str, environ: Mapping[str, str], default: str) -> str:
    text = environ.get(name) or default
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise SettingsError(f"{name} is {text!r}; write address:port, such as {default}")
    return text
