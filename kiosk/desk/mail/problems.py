"""The state of e-mail in words: whether it is set up, and why a mail was not sent."""

from kiosk.desk.context import desk
from kiosk.desk.i18n import translate
from kiosk.domain.mail import MailProblem


def has_mail() -> bool:
    """Return whether the settings name a mail server; whether it works is not tried."""
    settings = desk().settings
    return settings is not None and settings.mail is not None


def problem_in_words(problem: str) -> str:
    """Return the reason why a mail was not sent, as a sentence; "" for "". `problem` is a value of
    MailProblem; ValueError for any other text."""
    if not problem:
        return ""
    return {
        MailProblem.NO_NAME: translate("E-postserverns namn går inte att hitta."),
        MailProblem.NO_CONTACT: translate("E-postservern svarar inte."),
        MailProblem.TIME_OUT: translate("E-postservern svarade inte i tid."),
        MailProblem.NO_ENCRYPTION: translate("E-postservern krypterar inte så som det är inställt."),
        MailProblem.CERTIFICATE: translate("E-postserverns certifikat gäller inte."),
        MailProblem.PASSWORD_FILE: translate("Lösenordet till e-postservern går inte att läsa."),
        MailProblem.SIGN_IN: translate("E-postservern godtar inte inloggningen."),
        MailProblem.SENDER: translate("E-postservern skickar inte mejl från vår avsändaradress."),
        MailProblem.RECIPIENT: translate("Mottagarens adress finns inte eller är felskriven."),
        MailProblem.LATER: translate("E-postservern bad oss försöka senare."),
        MailProblem.CONTENT: translate("E-postservern tog inte emot innehållet."),
        MailProblem.BROKEN_OFF: translate("E-postservern avbröt anslutningen."),
    }[MailProblem(problem)]
