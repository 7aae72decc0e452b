"""A mail server on this machine, which speaks SMTP over real sockets and keeps what it takes.

It can be told to refuse commands, to want a sign-in, to encrypt, and to say nothing.
"""

import base64
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from kiosk.settings import MailSecurity, MailSettings
from tests.tools.ports import free_port


@dataclass(frozen=True)
class Certificate:
    """A certificate for localhost, which is its own authority, and its key."""

    file: Path
    key: Path

    @property
    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context


def make_certificate(folder: Path, name: str = "localhost") -> Certificate:
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-keyout", str(made.key), "-out", str(made.file), "-subj", f"/CN={name}",
         "-addext", f"subjectAltName=DNS:{name}"],
        check=True, capture_output=True,
    )  # fmt: skip
    return made


@dataclass(frozen=True)
class ReceivedMail:
    """A mail that the server took: the addresses of its envelope, and its bytes."""

    sender: str
    recipient: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def text(self) -> str:
        return str(self.message.get_content())


@dataclass
class MailServer:
    """The server. `answers` maps a command to the answers that it gets first, in place of the usual one;
    under CONNECT it has greetings. `password` is that of the user `kiosk`; "" means that nobody needs to sign
    in. With `says_nothing` it accepts connections and sends nothing."""

    security: MailSecurity = MailSecurity.NONE
    certificate: Certificate | None = None
    password: str = ""
    answers: dict[str, list[str]] = field(default_factory=dict)
    says_nothing: bool = False
    mails: list[ReceivedMail] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    def settings(self, folder: Path, *, password: str | None = None, host: str = "localhost") -> MailSettings:
        """Return settings with which mail goes to this server."""
        file = folder / "mail-password"
        file.write_text(f"{self.password if password is None else password}\n")
        file.chmod(0o600)
        return MailSettings(
            host,
            self.port,
            self.security,
            "kiosk" if self.password else "",
            file if self.password else None,
            "kiosk@example.org",
            "https://personal.example.org",
        )

    @contextmanager
    def running(self) -> Iterator["MailServer"]:
        self.port = free_port()
        with socket.create_server(("127.0.0.1", self.port)) as listening:
            thread = threading.Thread(target=self._serve, args=(listening,), daemon=True)
            thread.start()
            yield self
            # A closed socket would leave `accept` waiting.
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()

    def _serve(self, listening: socket.socket) -> None:
        open_ones = []
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                self.connections += 1
                if self.says_nothing:
                    open_ones.append(connection)
                    continue
                with suppress(OSError, ssl.SSLError):
                    if self.security is MailSecurity.TLS and self.certificate:
                        connection = self.certificate.context.wrap_socket(connection, server_side=True)
                    _Session(self, connection).run()
                connection.close()
        for connection in open_ones:
            connection.close()


class _Session:
    """One connection to the server."""

    def __init__(self, server: MailServer, connection: socket.socket) -> None:
        self._server = server
        self._connection = connection
        self._lines = connection.makefile("rb")
        self._sender = self._recipient = ""
        self._is_signed_in = not server.password

    def run(self) -> None:
        commands: dict[str, Callable[[str], str]] = {
            "EHLO": self._hello, "STARTTLS": self._encrypt, "AUTH": self._sign_in, "MAIL": self._mail,
            "RCPT": self._rcpt, "DATA": self._data, "RSET": lambda _: "250 ok", "NOOP": lambda _: "250 ok",
        }  # fmt: skip
        self._say(self._scripted("CONNECT") or "220 ready")
        for line in iter(lambda: self._lines.readline(), b""):
            command, _, rest = line.decode(errors="replace").strip().partition(" ")
            if command.upper() == "QUIT":
                self._say("221 bye")
                return
            answer = self._scripted(command.upper())
            if answer == "":
                answer = commands.get(command.upper(), self._unknown)(rest)
            if answer == "CLOSE":
                return
            if answer:
                self._say(answer)

    def _scripted(self, command: str) -> str:
        first = self._server.answers.get(command, [])
        return first.pop(0) if first else ""

    def _say(self, answer: str) -> None:
        self._connection.sendall(f"{answer}\r\n".encode())

    def _unknown(self, rest: str) -> str:
        del rest
        return "502 unknown"

    def _hello(self, rest: str) -> str:
        del rest
        is_encrypted = isinstance(self._connection, ssl.SSLSocket)
        can_encrypt = self._server.security is MailSecurity.STARTTLS and not is_encrypted
        offers = [
            *(["STARTTLS"] if can_encrypt else []),
            *(["AUTH PLAIN"] if self._server.password and not can_encrypt else []),
            "SIZE 100000",
        ]
        return "\r\n".join([*(f"250-{offer}" for offer in ("localhost", *offers[:-1])), f"250 {offers[-1]}"])

    def _encrypt(self, rest: str) -> str:
        del rest
        if self._server.certificate is None:
            return "454 no"
        self._say("220 go ahead")
        context = self._server.certificate.context
        self._connection = context.wrap_socket(self._connection, server_side=True)
        self._lines = self._connection.makefile("rb")
        return ""

    def _sign_in(self, rest: str) -> str:
        _, _, given = rest.partition(" ")
        parts = base64.b64decode(given).decode().split("\0")
        self._is_signed_in = parts[1:] == ["kiosk", self._server.password]
        return "235 welcome" if self._is_signed_in else "535 5.7.8 wrong"

    def _mail(self, rest: str) -> str:
        if not self._is_signed_in:
            return "530 5.7.0 sign in first"
        self._sender = rest.partition("<")[2].partition(">")[0]
        return "250 ok"

    def _rcpt(self, rest: str) -> str:
        self._recipient = rest.partition("<")[2].partition(">")[0]
        return "250 ok"

    def _data(self, rest: str) -> str:
        del rest
        self._say("354 go on")
        lines = []
        for line in iter(lambda: self._lines.readline(), b""):
            if line == b".\r\n":
                break
            lines.append(line.removeprefix(b"."))
        if scripted := self._scripted("END"):
            return scripted
        self._server.mails.append(ReceivedMail(self._sender, self._recipient, b"".join(lines)))
        return "250 taken"
