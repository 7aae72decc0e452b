"""Mail to staff over real connections: what arrives, what is tried again, and what an operator reads."""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kiosk.domain.mail import LEASE, MailKind, MailProblem, MailState
from kiosk.domain.rounds import Admission
from kiosk.operation.doctor.advice import Severity
from kiosk.operation.doctor.mail import check_mail
from kiosk.operation.mail import smtp
from kiosk.operation.mail.contact_watch import ContactWatch
from kiosk.operation.mail.sending import Sender
from kiosk.operation.mail.smtp import MailError, check_sign_in
from kiosk.settings import MailSecurity, MailSettings, read_settings
from kiosk.storage import SERVER, Account, Devices, MailChoice, Role, Store, tables
from tests.tools.builders import MONDAY, a_round, a_store, tree
from tests.tools.command_line import Run, printed
from tests.tools.mail_server import Certificate, MailServer, make_certificate
from tests.tools.ports import free_port
from tests.tools.shipped import library_for

NOW = MONDAY.replace(hour=17)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


class MailInstallation:
    """An installation in which anna gets mail, and its sender. `now` is set by the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store: Store = a_store(folder / "data")
        self.library = library_for(read_settings({"KIOSK_DATA": str(folder / "data")}))
        self.now = NOW
        self.add("anna", "sv")

    def add(self, name: str, language: str) -> None:
        self.store.accounts.set(Account(name, Role.COORDINATOR, "hash"))
        self.store.mail_choices.set(name, MailChoice(f"{name}@example.org", language, wants_summary=True))

    def sender(self, settings: MailSettings) -> Sender:
        return Sender(self.store, settings, lambda: self.library, lambda: self.now)

    def problem(self) -> tuple[str, MailState]:
        [mail] = self.store.mail_queue.all()
        return mail.problem, mail.state


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[MailInstallation]:
    made = MailInstallation(tmp_path)
    yield made
    made.store.close()


def server_of(security: MailSecurity, certificate: Certificate) -> MailServer:
    return MailServer(security, certificate, password="hemligt")


@pytest.mark.parametrize("security", [MailSecurity.STARTTLS, MailSecurity.TLS, MailSecurity.NONE])
def test_a_mail_arrives_encrypted_and_signed_in(
    installation: MailInstallation,
    certificate: Certificate,
    security: MailSecurity,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    installation.store.mail_queue.put_trial("anna", NOW)
    with server_of(security, certificate).running() as server:
        done = installation.sender(server.settings(installation.folder)).send_due()
    assert (done.sent, done.failed) == (1, 0)
    [mail] = server.mails
    assert (mail.sender, mail.recipient) == ("kiosk@example.org", "anna@example.org")
    assert mail.message.get_content_type() == "text/plain"
    assert not mail.message.is_multipart()
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert "svarskiosken kan skicka mejl till dig" in mail.text
    assert "https://personal.example.org/admin/account#mail" in mail.text
    assert mail.raw.isascii()
    assert b"hemligt" not in mail.raw
    assert installation.problem() == ("", MailState.SENT)


def closed_round(installation: MailInstallation, name: str) -> None:
    of_round = replace(a_round(tree("a", "b")), name=name)
    installation.store.open_round(of_round, MONDAY)
    installation.store.count(of_round.closes_at)
    installation.now = of_round.closes_at


NAMES = {
    "a second header": "Våren\r\nBcc: everybody@example.org\r\n\r\nX",
    "a line separator": "Våren\u2028Bcc: everybody@example.org",
    "right to left": "\u202eربيع 2027 \u05d0\u05d1",
    "a long one": "Våren 2027 " * 30,
    "an encoded word": "=?utf-8?q?Bcc=3A?= everybody",
    "emoji and marks": "Våren \U0001f642 e\u0301 \u0007\ufeff",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_a_round_with_an_odd_name_makes_one_harmless_mail(
    installation: MailInstallation, certificate: Certificate, name: str
) -> None:
    closed_round(installation, "Våren")
    [state] = installation.store.rounds()
    renamed = replace(state.round, name=name)
    installation.store.rounds = lambda: [replace(state, round=renamed)]  # type: ignore[method-assign]
    with MailServer(MailSecurity.NONE, certificate).running() as server:
        assert installation.sender(server.settings(installation.folder)).send_due().sent == 1
    [mail] = server.mails
    header, _, _ = mail.raw.partition(b"\r\n\r\n")
    names = [line.partition(b":")[0] for line in header.split(b"\r\n") if line[:1] not in (b" ", b"\t")]
    assert sorted(names) == [
        b"Auto-Submitted", b"Content-Language", b"Content-Transfer-Encoding", b"Content-Type", b"Date",
        b"From", b"MIME-Version", b"Message-ID", b"Subject", b"To",
    ]  # fmt: skip
    assert mail.message["Bcc"] is None
    assert (mail.recipient, mail.message["To"]) == ("anna@example.org", "anna@example.org")
    subject = str(mail.message["Subject"])
    assert subject.startswith("Omgången är avslutad och räknad: ")
    assert len(subject) <= 150
    assert not set(subject) & {"\u202e", "\u0007", "\ufeff", "\u2028"}
    assert max(len(line) for line in mail.raw.split(b"\r\n")) <= 78
    if "ربيع" in name:
        assert "\u2068ربيع 2027 \u05d0\u05d1\u2069" in mail.text


# -- what goes wrong ---------------------------------------------------------------------------------

FAULTS: dict[str, tuple[dict[str, list[str]], MailProblem, MailState]] = {
    "busy at the greeting": ({"CONNECT": ["421 later"]}, MailProblem.LATER, MailState.WAITING),
    "busy at the sign-in": ({"AUTH": ["454 later"]}, MailProblem.LATER, MailState.WAITING),
    "a wrong sign-in": ({"AUTH": ["535 5.7.8 wrong"]}, MailProblem.SIGN_IN, MailState.WAITING),
    "an unknown sender": ({"MAIL": ["550 5.1.8 no"]}, MailProblem.SENDER, MailState.WAITING),
    "greylisted": ({"RCPT": ["450 4.2.0 later"]}, MailProblem.LATER, MailState.WAITING),
    "no such recipient": ({"RCPT": ["550 5.1.1 no"]}, MailProblem.RECIPIENT, MailState.GIVEN_UP),
    "no relay": ({"RCPT": ["554 5.7.1 relay denied"]}, MailProblem.SENDER, MailState.WAITING),
    "no data": ({"DATA": ["554 no"]}, MailProblem.CONTENT, MailState.WAITING),
    "the content refused": ({"END": ["552 too big"]}, MailProblem.CONTENT, MailState.WAITING),
    "broken off": ({"DATA": ["CLOSE"]}, MailProblem.BROKEN_OFF, MailState.WAITING),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refused_mail_waits_with_its_reason_and_is_sent_when_it_is_taken(
    installation: MailInstallation, certificate: Certificate, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    answers, problem, state = FAULTS[fault]
    installation.store.mail_queue.put_trial("anna", NOW)
    server = server_of(MailSecurity.STARTTLS, certificate)
    server.answers = {command: list(replies) for command, replies in answers.items()}
    with server.running():
        sender = installation.sender(server.settings(installation.folder))
        assert (done := sender.send_due()).failed == 1
        assert done.error
        assert done.error.problem is problem
        assert installation.problem() == (problem.value, state)
        if state is MailState.GIVEN_UP:
            installation.store.mail_queue.try_again(installation.now)
        assert sender.send_due().failed == 0
        installation.now += timedelta(minutes=6)
        sender.send_due()
    assert len(server.mails) == 1
    assert installation.problem() == ("", MailState.SENT)


@pytest.mark.slow
def test_each_fault_of_a_mail_server_is_told_from_the_others(
    installation: MailInstallation, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def problem(settings: MailSettings) -> MailProblem:
        with pytest.raises(MailError) as raised:
            check_sign_in(settings)
        return raised.value.problem

    plain = MailServer().settings(installation.folder)
    assert problem(replace(plain, port=free_port())) is MailProblem.NO_CONTACT
    assert problem(replace(plain, host="nowhere.invalid")) is MailProblem.NO_NAME
    with monkeypatch.context() as impatient, MailServer(says_nothing=True).running() as server:
        impatient.setattr(smtp, "TIME_LIMIT_SECONDS", 0.2)
        settings = server.settings(installation.folder)
        assert problem(settings) is MailProblem.TIME_OUT
        assert problem(replace(settings, security=MailSecurity.TLS)) is MailProblem.TIME_OUT
    with MailServer().running() as server:
        settings = server.settings(installation.folder)
        assert problem(replace(settings, security=MailSecurity.STARTTLS)) is MailProblem.NO_ENCRYPTION
        assert problem(replace(settings, security=MailSecurity.TLS)) is MailProblem.NO_ENCRYPTION
    with server_of(MailSecurity.STARTTLS, certificate).running() as server:
        settings = server.settings(installation.folder)
        assert problem(settings) is MailProblem.CERTIFICATE, "nobody vouches for it"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
        assert problem(replace(settings, host="127.0.0.1")) is MailProblem.CERTIFICATE, "of another name"
        check_sign_in(settings)
        assert problem(server.settings(installation.folder, password="fel")) is MailProblem.SIGN_IN
        assert problem(server.settings(installation.folder, password="lösen")) is MailProblem.SIGN_IN
        settings.password_file.chmod(0o644)  # type: ignore[union-attr]
        assert problem(settings) is MailProblem.PASSWORD_FILE


def test_nothing_secret_is_sent_before_the_connection_is_encrypted(
    installation: MailInstallation, certificate: Certificate
) -> None:
    """A server without STARTTLS, such as one that an attacker on the way imitates, gets no password."""
    with MailServer(MailSecurity.NONE, certificate, password="hemligt").running() as server:
        settings = replace(server.settings(installation.folder), security=MailSecurity.STARTTLS)
        server.answers["AUTH"] = ["235 give it to me"]
        installation.store.mail_queue.put_trial("anna", NOW)
        assert installation.sender(settings).send_due().failed == 1
        assert server.answers["AUTH"], "the client did not try"
        assert server.mails == []


def test_one_refused_recipient_does_not_stop_the_others_and_a_dead_server_is_asked_once(
    installation: MailInstallation, certificate: Certificate
) -> None:
    for name in ("bo", "cia"):
        installation.add(name, "en")
    for name in ("anna", "bo", "cia"):
        installation.store.mail_queue.put_trial(name, NOW)
    with MailServer(MailSecurity.NONE, certificate).running() as server:
        server.answers["RCPT"] = ["550 5.1.1 no"]
        done = installation.sender(server.settings(installation.folder)).send_due()
        assert (done.sent, done.failed) == (2, 1)
        installation.store.mail_queue.try_again(NOW)
        installation.store.mail_queue.put_trial("bo", NOW)
        server.answers["CONNECT"] = ["421 later"]
        before = server.connections
        assert installation.sender(server.settings(installation.folder)).send_due().failed == 1
        assert server.connections == before + 1


def test_a_mail_may_arrive_twice_after_a_crash_with_the_same_id_and_never_by_two_senders(
    installation: MailInstallation, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.store.mail_queue.put_trial("anna", NOW)
    with MailServer(MailSecurity.NONE, certificate).running() as server:
        sender = installation.sender(server.settings(installation.folder))

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as crash:
            crash.setattr(installation.store.mail_queue, "sent", killed)
            with pytest.raises(KeyboardInterrupt):
                sender.send_due()
        assert sender.send_due().sent == 0, "the dead process may be alive: its lease holds"
        installation.now += LEASE
        assert sender.send_due().sent == 1
    first, second = (mail.message["Message-ID"] for mail in server.mails)
    assert first == second


def test_several_senders_at_once_send_a_mail_once(
    installation: MailInstallation, certificate: Certificate
) -> None:
    for number in range(6):
        installation.add(f"p{number}", "sv")
        installation.store.mail_queue.put_trial(f"p{number}", NOW)
    with MailServer(MailSecurity.NONE, certificate).running() as server:
        settings = server.settings(installation.folder)
        threads = [threading.Thread(target=installation.sender(settings).send_due) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(mail.recipient for mail in server.mails) == [f"p{n}@example.org" for n in range(6)]


def test_mail_about_a_kiosk_that_is_in_contact_again_is_not_sent(
    installation: MailInstallation, certificate: Certificate
) -> None:
    store = installation.store
    store.mail_choices.set("anna", MailChoice("anna@example.org", "en", wants_silence=True))
    store.open_round(a_round(tree("a")), MONDAY - timedelta(days=2))
    store.links.add(Admission.KIOSK, "a", code="one-kiosk")
    for day in range(3):
        store.count(NOW + timedelta(days=day))
        store.kiosk_contacts.note([SERVER], NOW + timedelta(days=day))
    assert [mail.kind for mail in store.mail_queue.all()] == [MailKind.SILENCE]
    installation.now = NOW + timedelta(days=2)
    with MailServer(MailSecurity.NONE, certificate).running() as server:
        sender = installation.sender(server.settings(installation.folder))
        server.answers["RCPT"] = ["450 later"]
        sender.send_due()
        installation.now += timedelta(minutes=6)
        assert sender.send_due().sent == 1
        [mail] = server.mails
        assert str(mail.message["Subject"]) == "Kiosk without contact: a"
        assert "iosk" in mail.text
        store.kiosk_contacts.note(["one-kiosk"], NOW + timedelta(days=2))
        store.count(NOW + timedelta(days=3))
        store.kiosk_contacts.note([SERVER], NOW + timedelta(days=3))
        store.count(NOW + timedelta(days=4))
        assert len(store.mail_queue.all()) == 1, "a second silence"
        store.kiosk_contacts.note(["one-kiosk"], NOW + timedelta(days=4))
        installation.now = NOW + timedelta(days=4)
        assert sender.send_due().sent == 0
    assert store.mail_queue.all() == []


def test_the_watch_notes_contact_once_between_two_counts(installation: MailInstallation) -> None:
    seconds = [0.0]
    devices = Devices(clock=lambda: seconds[0])
    watch = ContactWatch(installation.store, devices, lambda: seconds[0])
    row = tables.KioskContact
    contacts = row.select(row.code, row.after_count)

    def noted() -> dict[str, str]:
        return dict(installation.store._database.rows(contacts))

    installation.store.links.add(Admission.KIOSK, "a", code="one")
    devices.record_sign_of_life("one")
    watch.look()
    assert noted() == {}, "nothing was counted yet"
    installation.store.count(NOW)
    devices.record_sign_of_life("one")
    watch.look()
    assert noted() == {"one": NOW.isoformat()}
    seconds[0] += 7 * 3600
    watch.look()
    assert SERVER not in noted(), "the server has to run for eight hours"
    seconds[0] += 3600
    watch.look()
    assert noted() == {"one": NOW.isoformat(), SERVER: NOW.isoformat()}
    installation.store.count(NOW + timedelta(days=1))
    watch.look()
    assert noted()["one"] == NOW.isoformat()


# -- the commands ------------------------------------------------------------------------------------


@pytest.fixture
def mailing(run: Run) -> dict[str, str]:
    """The settings of mail for commands, without the port; anna's account is there."""
    run("init")
    run("user", "add", "anna", "--role", "coordinator", typed="ten letters!\n")
    return {
        "KIOSK_MAIL_HOST": "localhost",
        "KIOSK_MAIL_SECURITY": "none",
        "KIOSK_MAIL_FROM": "kiosk@example.org",
        "KIOSK_DESK_ADDRESS": "https://personal.example.org",
    }


def test_an_operator_tries_mail_and_reads_in_words_what_is_wrong(run: Run, mailing: dict[str, str]) -> None:
    assert run("mail", "test", "anna@example.org").stderr.startswith("kiosk: KIOSK_MAIL_HOST is not set")
    with MailServer().running() as server:
        mailing["KIOSK_MAIL_PORT"] = str(server.port)
        assert "took the mail" in printed(run("mail", "test", "anna@example.org", **mailing))
        assert server.mails[0].recipient == "anna@example.org"
        refused = run("mail", "test", "anna@localhost\nBcc: x", **mailing)
        assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
        server.answers["RCPT"] = ["550 5.1.1 no"]
        failed = run("mail", "test", "ana@example.org", **mailing)
    assert failed.exit_code == 1
    assert "refuses the recipient's address; check how it is spelt (its answer: 550)" in failed.stderr
    away = run("mail", "test", "anna@example.org", **mailing)
    assert (away.exit_code, len(away.stderr.splitlines())) == (1, 1)
    assert "check KIOSK_MAIL_HOST, KIOSK_MAIL_PORT and the firewall" in away.stderr


def test_commands_set_an_accounts_mail_and_send_the_queue_without_keys(
    run: Run, mailing: dict[str, str], tmp_path: Path
) -> None:
    assert "gets no mail" in printed(run("user", "mail", "anna"))
    for words, problem in (
        (("nobody", "--summary"), "no account named 'nobody'"),
        (("anna", "--summary"), "--address is ''"),
        (("anna", "--address", "anna"), "--address is 'anna'"),
        (("anna", "--address", "a@example.org", "--language", "xx"), "there are: "),
    ):
        assert problem in (refused := run("user", "mail", *words)).stderr
        assert refused.exit_code == 2
    printed(run("user", "mail", "anna", "--address", "anna@example.org", "--summary", "--language", "en"))
    shown = printed(run("user", "mail", "anna", "--silence"))
    assert shown == (
        "anna gets mail about summaries of closed rounds and silent kiosks, at anna@example.org, in en.\n"
    )
    data = tmp_path / "data"
    store = a_store_of(data)
    store.mail_queue.put_trial("anna", datetime.now() - timedelta(minutes=1))
    assert "anna  trial  waiting  tries: 0" in printed(run("mail", "list"))
    with MailServer().running() as server:
        mailing["KIOSK_MAIL_PORT"] = str(server.port)
        server.answers["MAIL"] = ["550 no"]
        failed = run("mail", "send", **mailing)
        assert (failed.exit_code, failed.stdout) == (1, "Sent: 0. Not sent: 1.\n")
        assert "sends no mail from kiosk@example.org" in failed.stderr
        listed = printed(run("mail", "list", **mailing))
        assert "tries: 1" in listed
        assert "write an address that it knows in KIOSK_MAIL_FROM" in listed
        printed(run("mail", "retry"))
        away = {**mailing, "KIOSK_KEYS": str(tmp_path / "no-keys")}
        assert printed(run("mail", "send", **away)) == "Sent: 1. Not sent: 0.\n"
        assert not (tmp_path / "no-keys").exists()
    assert "This e-mail shows" in server.mails[0].text
    assert printed(run("mail", "list")) == ""
    store.mail_queue.put_trial("anna", datetime.now())
    [mail] = store.mail_queue.all()
    printed(run("mail", "remove", mail.id))
    assert "there is no queued mail" in run("mail", "remove", mail.id).stderr
    assert "gets no mail" in printed(run("user", "mail", "anna", "--forget"))
    store.close()


def a_store_of(data: Path) -> Store:
    from kiosk.storage import open_store

    return open_store(data, f"sqlite:///{data / 'kiosk.sqlite'}", data.with_name("data-keys"))


# -- the doctor --------------------------------------------------------------------------------------


def test_the_doctor_reports_faults_of_mail_settings_server_and_queue(
    installation: MailInstallation, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    settings = read_settings({"KIOSK_DATA": str(installation.folder / "data")})

    def results(mail: MailSettings | None) -> list[tuple[Severity, str]]:
        now = replace(settings, mail=mail)
        return [
            (advice.severity, advice.text) for advice in check_mail(now, installation.store, installation.now)
        ]

    [(severity, text)] = results(None)
    assert (severity, "KIOSK_MAIL_HOST is not set" in text) == (Severity.WARNING, True)
    with server_of(MailSecurity.STARTTLS, certificate).running() as server:
        mail = server.settings(installation.folder)
        assert [severity for severity, _ in results(mail)] == [Severity.GOOD]
        mail.password_file.chmod(0o644)  # type: ignore[union-attr]
        assert [severity for severity, _ in results(mail)] == [Severity.BAD]
        assert "chmod 600" in results(mail)[0][1]
        if os.geteuid() == 0:
            mail.password_file.chmod(0o640)  # type: ignore[union-attr]
            os.chown(mail.password_file, 0, 65534)  # type: ignore[arg-type]
            assert "a group of other users" in results(mail)[0][1]
        mail = server.settings(installation.folder, password="fel")
        [(severity, text)] = results(mail)
        assert severity is Severity.BAD
        assert "refuses the sign-in; check KIOSK_MAIL_USER" in text
        mail = server.settings(installation.folder)
        installation.store.mail_queue.put_trial("anna", installation.now)
        assert results(mail)[-1] == (Severity.GOOD, "mails that wait to be sent: 1")
        installation.now += timedelta(hours=2)
        assert "is kiosk serve running, or the timer" in results(mail)[-1][1]
        server.answers["RCPT"] = ["450 4.2.0 later"]
        installation.sender(mail).send_due()
        assert results(mail)[-1][0] is Severity.GOOD
        installation.now += timedelta(hours=9)
        assert "is kiosk serve running, or the timer" in results(mail)[-1][1]
        server.answers["RCPT"] = ["550 5.1.1 no"]
        installation.sender(mail).send_due()
        assert (
            "mails that were given up: 1; the last one because localhost refuses the recip"
            in results(mail)[-1][1]
        )
    assert results(mail)[0][0] is Severity.BAD
    assert "nothing answers at localhost" in results(mail)[0][1]


@pytest.mark.parametrize("problem", list(MailProblem))
def test_every_problem_has_a_sentence_with_a_way_out(
    installation: MailInstallation, problem: MailProblem
) -> None:
    text = smtp.sentence(problem, MailServer().settings(installation.folder))
    assert any(word in text for word in ("check", "write", "ask", "see", "try again"))
    assert "{" not in text
