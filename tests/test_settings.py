"""Settings: each bad one is an error that says which, why and the way out."""

from datetime import time
from pathlib import Path
from traceback import format_exception

import pytest

from kiosk.domain.schedule import Daily
from kiosk.domain.screen_size import Screen
from kiosk.settings import (
    NAMES,
    MailSecurity,
    MailSettings,
    SettingsError,
    read_mail_password,
    read_settings,
    shipped_folder,
)

BAD: dict[str, tuple[str, str, str]] = {
    # what is wrong: the setting, its value, the way out the message names
    "another database": ("KIOSK_DATABASE_URL", "mysql://host/kiosk", "write sqlite:"),
    "a file for a database": ("KIOSK_DATABASE_URL", "/srv/kiosk.sqlite", "write sqlite:"),
    "SQLite without a file": ("KIOSK_DATABASE_URL", "sqlite:///", "write sqlite:"),
    "PostgreSQL without a host": ("KIOSK_DATABASE_URL", "postgresql://", "or postgresql://"),
    "PostgreSQL without a database": ("KIOSK_DATABASE_URL", "postgresql://kiosk@host", "names no database"),
    "a port that is no number": ("KIOSK_DATABASE_URL", "postgresql://kiosk@host:x/kiosk", "cannot be read"),
    "a cluster with a server without a name": (
        "KIOSK_DATABASE_URL",
        "postgresql://kiosk@host1,,host3/kiosk",
        "host1:port,host2:port",
    ),
    "a cluster whose replicas are written to": (
        "KIOSK_DATABASE_URL",
        "postgresql://kiosk@host1,host2/kiosk?target_session_attrs=any",
        "leave it out",
    ),
    "two slashes": ("KIOSK_DATABASE_URL", "sqlite://kiosk.sqlite", "three slashes"),
    "a database in memory": ("KIOSK_DATABASE_URL", "sqlite:///:memory:", "name a file"),
    "a short secret": ("KIOSK_SECRET_KEY", "short", "token_hex"),
    "an empty secret": ("KIOSK_SECRET_KEY", "", "token_hex"),
    "no time of day": ("KIOSK_COUNT_AT", "noon", "such as 17:00"),
    "an hour alone": ("KIOSK_COUNT_AT", "17", "such as 17:00"),
    "hour 25": ("KIOSK_COUNT_AT", "25:00", "such as 17:00"),
    "minute 60": ("KIOSK_COUNT_AT", "17:60", "such as 17:00"),
    "seconds": ("KIOSK_COUNT_AT", "17:00:30", "such as 17:00"),
    "a time below zero": ("KIOSK_COUNT_AT", "-1:00", "such as 17:00"),
    "a blank time": ("KIOSK_COUNT_AT", " ", "such as 17:00"),
    "no port": ("KIOSK_GUEST_LISTEN", "127.0.0.1", "such as 127.0.0.1:8000"),
    "no address": ("KIOSK_GUEST_LISTEN", ":8000", "such as 127.0.0.1:8000"),
    "port 0": ("KIOSK_GUEST_LISTEN", "127.0.0.1:0", "such as 127.0.0.1:8000"),
    "port 65536": ("KIOSK_DESK_LISTEN", "127.0.0.1:65536", "such as 127.0.0.1:8001"),
    "an odd digit": ("KIOSK_DESK_LISTEN", "127.0.0.1:8²", "such as 127.0.0.1:8001"),
    "a web address": ("KIOSK_DESK_LISTEN", "http://127.0.0.1", "such as 127.0.0.1:8001"),
    "a language by its name": ("KIOSK_LANGUAGES", "English", "such as: en, ar, fa"),
    "languages parted by semicolons": ("KIOSK_LANGUAGES", "en;ar", "such as: en, ar, fa"),
    "an address without a scheme": ("KIOSK_GUEST_ADDRESS", "svara.example", "write http"),
    "an address with a path": ("KIOSK_GUEST_ADDRESS", "https://svara.example/kiosk", "without a path"),
    "https by number": ("KIOSK_HTTPS", "1", "write yes or no"),
    "a proxy by name": ("KIOSK_PROXY", "localhost", "such as 127.0.0.1"),
    "a proxy with a port": ("KIOSK_PROXY", "127.0.0.1:80", "such as 127.0.0.1"),
    "a way out without a scheme": ("KIOSK_LEAVE_TO", "www.smhi.se", "write http"),
    "inches": ("KIOSK_SCREEN_MM", "21.5", "whole millimetres"),
    "a screen in metres": ("KIOSK_SCREEN_MM", "1", "from 100 to 3000"),
    "a distance without a screen": ("KIOSK_DISTANCE_MM", "600", "needs KIOSK_SCREEN_MM too"),
    "a height without a screen": ("KIOSK_SCREEN_LOW_MM", "700", "needs KIOSK_SCREEN_MM too"),
    "mail from nowhere": ("KIOSK_MAIL_FROM", "kiosk@example.org", "needs KIOSK_MAIL_HOST too"),
    "a desk without a scheme": ("KIOSK_DESK_ADDRESS", "personal.example", "write http"),
    "a misspelt name": ("KIOSK_DATABSE_URL", "sqlite:////srv/k.sqlite", "did you mean KIOSK_DATABASE_URL"),
    "an unknown name": ("KIOSK_X", "1", "unset it"),
}


@pytest.mark.parametrize("case", BAD)
def test_the_error_for_a_bad_setting_names_the_setting_and_the_remedy(case: str, tmp_path: Path) -> None:
    name, value, remedy = BAD[case]
    with pytest.raises(SettingsError) as raised:
        read_settings({"KIOSK_DATA": str(tmp_path), name: value})
    assert str(raised.value).startswith(f"{name} ")
    assert remedy in str(raised.value)


@pytest.mark.parametrize("name", ["KIOSK_DATA", "KIOSK_KEYS"])
def test_a_file_in_place_of_a_folder_is_an_error_with_its_setting(name: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for place in (file, file / "below"):
        with pytest.raises(SettingsError, match=f"{name} is .*is a file; name a folder"):
            read_settings({name: str(place)})


@pytest.mark.parametrize(
    "address",
    [
        "mysql://kiosk:hemligt@host/kiosk",
        "kiosk:hemligt@host/kiosk",
        "hemligt",
        "sqlite://kiosk:hemligt@host/kiosk",
        "postgresql://kiosk:hemligt@/",
        "postgresql://kiosk:hemligt@host",
        "postgresql://kiosk:hemligt@[::1/kiosk",
        "postgresql://kiosk:hemligt@host:99999/kiosk",
        "postgresql://kiosk:hemligt@host,host:99999/kiosk",
        "postgresql://kiosk:hemligt/9@host/kiosk",
        "postgresql://kiosk:hemligt\u2100@host/kiosk",
    ],
)
def test_a_password_in_a_bad_address_is_not_shown(address: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings({"KIOSK_DATABASE_URL": address})
    assert "hemligt" not in "".join(format_exception(raised.value))


def test_a_secret_key_that_is_too_short_is_not_shown() -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings({"KIOSK_SECRET_KEY": "hemligt"})
    assert "hemligt" not in str(raised.value)


def test_without_settings_all_files_are_in_the_data_folder(tmp_path: Path) -> None:
    settings = read_settings({}, data=str(tmp_path / "instance"))
    assert settings.data == tmp_path / "instance"
    assert settings.database_url == f"sqlite:///{tmp_path}/instance/kiosk.sqlite"
    assert settings.keys == tmp_path / "instance-keys"
    assert settings.ticks == Daily(time(17))
    assert settings.languages == frozenset()
    assert settings.guest_listen.startswith("127.0.0.1:")
    assert settings.desk_listen.startswith("127.0.0.1:")


def test_every_setting_takes_effect(tmp_path: Path) -> None:
    environ = {
        "KIOSK_DATA": str(tmp_path),
        "KIOSK_DATABASE_URL": "postgresql://kiosk:secret@host/kiosk",
        "KIOSK_KEYS": str(tmp_path / "elsewhere"),
        "KIOSK_SECRET_KEY": "x" * 32,
        "KIOSK_COUNT_AT": "9:05",
        "KIOSK_GUEST_LISTEN": "[::1]:80",
        "KIOSK_DESK_LISTEN": "localhost:65535",
        "KIOSK_LANGUAGES": "en, ar fa_AF",
        "KIOSK_GUEST_ADDRESS": "https://svara.example/",
        "KIOSK_HTTPS": "yes",
        "KIOSK_PROXY": "127.0.0.1",
        "KIOSK_LEAVE_TO": "https://www.example.org/",
        "KIOSK_ONE_TOUCH": "no",
        "KIOSK_SCREEN_MM": "268",
        "KIOSK_DISTANCE_MM": "500",
        "KIOSK_SCREEN_LOW_MM": "720",
        "KIOSK_MAIL_HOST": "smtp.example.org",
        "KIOSK_MAIL_PORT": "2525",
        "KIOSK_MAIL_SECURITY": "tls",
        "KIOSK_MAIL_USER": "kiosk",
        "KIOSK_MAIL_PASSWORD_FILE": "/etc/kiosk/mail-password",
        "KIOSK_MAIL_FROM": "kiosk@example.org",
        "KIOSK_DESK_ADDRESS": "https://personal.example.org/",
        "HOME": "/root",
    }
    assert set(NAMES) == set(environ) - {"HOME"}
    settings = read_settings(environ)
    assert settings.data == tmp_path
    assert settings.database_url == "postgresql://kiosk:secret@host/kiosk"
    assert settings.keys == tmp_path / "elsewhere"
    assert settings.secret_key == "x" * 32
    assert settings.ticks == Daily(time(9, 5))
    assert (settings.guest_listen, settings.desk_listen) == ("[::1]:80", "localhost:65535")
    assert settings.languages == {"en", "ar", "fa_AF"}
    assert settings.mail == MailSettings(
        "smtp.example.org",
        2525,
        MailSecurity.TLS,
        "kiosk",
        Path("/etc/kiosk/mail-password"),
        "kiosk@example.org",
        "https://personal.example.org",
    )
    assert (settings.guest_address, settings.is_https) == ("https://svara.example", True)
    assert settings.proxy == "127.0.0.1"
    assert settings.leave_to == "https://www.example.org"
    assert not settings.is_one_touch
    assert settings.screen == Screen(width_mm=268, distance_mm=500, lower_edge_mm=720)


def test_an_empty_setting_other_than_the_secret_key_counts_as_not_set(tmp_path: Path) -> None:
    environ = {name: "" for name in NAMES if name != "KIOSK_SECRET_KEY"}
    assert read_settings(environ, data=str(tmp_path)) == read_settings({}, data=str(tmp_path))


def test_shipped_files_are_found_from_any_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("questions", "translations"):
        assert shipped_folder(name).is_dir()


MAIL = {
    "KIOSK_MAIL_HOST": "smtp.example.org",
    "KIOSK_MAIL_FROM": "kiosk@example.org",
    "KIOSK_DESK_ADDRESS": "https://personal.example.org",
}
BAD_MAIL: dict[str, tuple[str, str, str]] = {
    "a host with its port": ("KIOSK_MAIL_HOST", "smtp.example.org/25", "its port in KIOSK_MAIL_PORT"),
    "port 0": ("KIOSK_MAIL_PORT", "0", "from 1 to 65535, such as 587"),
    "another security": ("KIOSK_MAIL_SECURITY", "ssl", "starttls (usual), tls"),
    "no encryption on the way": ("KIOSK_MAIL_SECURITY", "none", "write unencrypted"),
    "a user without a password": ("KIOSK_MAIL_USER", "kiosk", "needs KIOSK_MAIL_PASSWORD_FILE too"),
    "a password without a user": ("KIOSK_MAIL_PASSWORD_FILE", "/etc/p", "needs KIOSK_MAIL_USER too"),
    "no sender": ("KIOSK_MAIL_FROM", "", "such as kiosk@example.org"),
    "a sender with a name": ("KIOSK_MAIL_FROM", "Kiosk <kiosk@example.org>", "such as kiosk@example.org"),
    "a sender on two lines": ("KIOSK_MAIL_FROM", "kiosk@example.org\nBcc: x@example.org", "such as"),
    "no desk": ("KIOSK_DESK_ADDRESS", "", "write its address"),
}


@pytest.mark.parametrize("case", BAD_MAIL)
def test_a_bad_setting_of_mail_names_the_setting_and_the_remedy(case: str, tmp_path: Path) -> None:
    name, value, way_out = BAD_MAIL[case]
    with pytest.raises(SettingsError) as raised:
        read_settings({"KIOSK_DATA": str(tmp_path), **MAIL, name: value})
    assert str(raised.value).startswith(f"{name} ")
    assert way_out in str(raised.value)


def test_mail_is_encrypted_unless_its_server_is_this_machine_or_the_operator_insists(tmp_path: Path) -> None:
    environ = {"KIOSK_DATA": str(tmp_path), **MAIL}
    security = {
        host: read_settings({**environ, "KIOSK_MAIL_HOST": host, "KIOSK_MAIL_SECURITY": wanted}).mail
        for host, wanted in (
            ("smtp.example.org", ""), ("localhost", "none"), ("::1", "none"), ("10.0.0.1", "unencrypted"),
        )
    }  # fmt: skip
    assert [(mail.security.value, mail.port) for mail in security.values() if mail] == [
        ("starttls", 587), ("none", 25), ("none", 25), ("unencrypted", 25),
    ]  # fmt: skip
    assert read_settings({"KIOSK_DATA": str(tmp_path)}).mail is None


def test_a_password_file_of_mail_that_others_read_or_that_is_empty_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "password"
    environ = {**MAIL, "KIOSK_DATA": str(tmp_path / "data"), "KIOSK_MAIL_USER": "kiosk"}
    mail = read_settings({**environ, "KIOSK_MAIL_PASSWORD_FILE": str(file)}).mail
    assert mail
    for content, mode, way_out in (
        (None, 0o600, "cannot be read"),
        ("hemligt\n", 0o644, "chmod 600"),
        ("hemligt\n", 0o620, "chmod 600"),
        ("\n", 0o600, "is empty"),
    ):
        if content is not None:
            file.write_text(content)
            file.chmod(mode)
        with pytest.raises(SettingsError, match=way_out) as raised:
            read_mail_password(mail)
        assert str(raised.value).startswith("KIOSK_MAIL_PASSWORD_FILE ")
        assert "hemligt" not in "".join(format_exception(raised.value))
    file.write_text("hemligt\nand a comment\n")
    file.chmod(0o640)
    assert read_mail_password(mail) == "hemligt"
    with pytest.raises(SettingsError, match="which every backup covers; move"):
        read_settings({**environ, "KIOSK_MAIL_PASSWORD_FILE": str(tmp_path / "data" / "password")})
