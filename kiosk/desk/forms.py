"""The forms of the desk. Labels and explanations are in the templates."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import InputRequired, Length, Optional, StopValidation, ValidationError

from kiosk.desk.context import desk
from kiosk.desk.i18n import language, number, translate, translate_message
from kiosk.desk.notices import watch
from kiosk.domain.box import USUAL_K
from kiosk.domain.budget import LONGEST_REASON_CHARACTERS
from kiosk.domain.counters import EARLIEST_YEAR, LONGEST_NUMBER_CHARACTERS, LONGEST_PERIOD_CHARACTERS
from kiosk.domain.earlier_figures import MOST_ANSWERS
from kiosk.domain.local_address import leads_to_own_machine
from kiosk.domain.mail import is_address
from kiosk.domain.rounds import LONGEST_NAME_CHARACTERS, Admission, ProtectionLevel, PublicationTime
from kiosk.domain.screen_size import (
    DISTANCE_LIMITS_MM,
    LEAST_DISTANCE_MM,
    LOWER_EDGE_LIMITS_MM,
    WIDTH_LIMITS_MM,
    Screen,
)
from kiosk.library.text_rules import find_fault
from kiosk.library.theme import (
    LARGEST_LOGO_BYTES,
    LOGO_KINDS,
    MOST_CORNER,
    find_accent_fault,
    find_logo_fault,
)
from kiosk.storage import LONGEST_PASSWORD_CHARACTERS, SHORTEST_PASSWORD_CHARACTERS, MailChoice, Role

LONGEST_ACCOUNT_NAME_CHARACTERS = 80

LONGEST_ORGANISATION_NAME_CHARACTERS = 80


def _(message: str) -> str:
    """Mark a reference text for the catalogues."""
    return message


def on_one_line(text: str | None) -> str:
    """Return a text with each run of blanks and line breaks as one space; "" for None."""
    return " ".join((text or "").split())


PLAIN_MESSAGES = {
    "Not a valid choice.": _("Valet finns inte längre. Välj igen."),
    "Invalid Choice: could not coerce.": _("Valet finns inte längre. Välj igen."),
    "Not a valid integer value.": _("Skriv ett heltal."),
    "Not a valid decimal value.": _("Skriv ett tal."),
    "Not a valid date value.": _("Skriv en dag, som 2027-03-01."),
}
"""WTForms' messages -> the desk's words for them."""


@dataclass(frozen=True)
class PlainWords:
    """The translations of a form's built-in messages: the desk's words, else those of WTForms (`others`)."""

    others: Any

    def gettext(self, message: str) -> str:
        plain = PLAIN_MESSAGES.get(message)
        return translate(plain) if plain else str(self.others.gettext(message))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return str(self.others.ngettext(singular, plural, n))


class Required(InputRequired):
    """A validator that refuses an empty field. The message says whether to tick, choose or fill in the
    field."""

    def __call__(self, form: Any, field: Any) -> None:
        try:
            super().__call__(form, field)
        except StopValidation:
            raise StopValidation(_what_to_do(field)) from None


def _what_to_do(field: Any) -> str:
    """Return the sentence at an empty field that must be filled in, ticked or chosen."""
    if isinstance(field, BooleanField):
        return translate("Kryssa i rutan.")
    if isinstance(field, SelectMultipleField):
        return translate("Kryssa i minst ett alternativ.")
    if isinstance(field, SelectField):
        return translate("Välj ett alternativ.")
    return translate("Fyll i fältet.")


class DeskForm(FlaskForm):
    """A form with its built-in messages in the reader's language."""

    class Meta(FlaskForm.Meta):
        @property
        def locales(self) -> list[str]:
            """The locales of the built-in messages: the reader's language."""
            return [language()]

        def get_translations(self, form: Any) -> PlainWords:
            """Return the translations of the built-in messages."""
            return PlainWords(super().get_translations(form))

    anchor_prefix = ""
    """Prefix of the ids of the fields, for pages with several forms."""

    def validate(self, extra_validators: Any = None) -> bool:
        """Return whether the form is valid. The errors that it has when the page is rendered are in the
        notice at the top of the page (`watch`), also later ones."""
        watch(self)
        return bool(super().validate(extra_validators))

    def anchor(self, name: str) -> str:
        """Return the id of the field `name` on the form's page, to which the notice links."""
        return f"{self.anchor_prefix}{name}"


class SeveralField(SelectMultipleField):
    """A field with several choices. Its error does not name the refused value, which is an internal id."""

    def pre_validate(self, form: Any) -> None:
        try:
            super().pre_validate(form)
        except ValidationError:
            raise ValidationError(translate("Valet finns inte längre. Välj igen.")) from None


class SignInForm(DeskForm):
    name = StringField(_("Namn"), validators=[Required(), Length(max=80)])
    password = PasswordField(_("Lösenord"), validators=[Required(), Length(max=1000)])


class CodeForm(DeskForm):
    """A code of the second factor, from the app or a recovery code."""

    code = StringField(_("Kod"), validators=[Required(), Length(max=80)])


def check_password_length(form: FlaskForm, field: PasswordField) -> None:
    """Raise StopValidation for a password with fewer than SHORTEST_PASSWORD_CHARACTERS or more than
    LONGEST_PASSWORD_CHARACTERS. The field then has this error only."""
    del form
    characters = len(field.data or "")
    if characters < SHORTEST_PASSWORD_CHARACTERS:
        field.errors = []
        raise StopValidation(translate("Skriv minst {least} tecken.", least=SHORTEST_PASSWORD_CHARACTERS))
    if characters > LONGEST_PASSWORD_CHARACTERS:
        field.errors = []
        raise StopValidation(translate("Skriv högst {most} tecken.", most=LONGEST_PASSWORD_CHARACTERS))


def same_as_password(form: FlaskForm, field: PasswordField) -> None:
    """Raise StopValidation unless the field equals the form's field `password`."""
    if field.data != form.password.data:
        raise StopValidation(translate("Lösenorden är olika. Skriv samma två gånger."))


class NewPasswordForm(DeskForm):
    password = PasswordField(_("Nytt lösenord"), validators=[check_password_length])
    again = PasswordField(_("Samma lösenord en gång till"), validators=[same_as_password])


class OwnPasswordForm(NewPasswordForm):
    """A new password, typed twice, and the `current` one."""

    current = PasswordField(_("Lösenordet du har nu"), validators=[Required(), Length(max=1000)])


class SecondFactorForm(DeskForm):
    """A new second factor: its `secret` as `secret_to_type` writes it, a `code` of the app that has it, and
    the account's `current` password."""

    secret = HiddenField(_("Nyckel"))
    code = StringField(_("Koden som appen visar"), validators=[Required(), Length(max=80)])
    current = PasswordField(_("Ditt lösenord"), validators=[Required(), Length(max=1000)])


class ConfirmForm(DeskForm):
    """The `current` password, which confirms a change of the own account."""

    current = PasswordField(_("Ditt lösenord"), validators=[Required(), Length(max=1000)])


def account_name(form: FlaskForm, field: StringField) -> None:
    """Raise StopValidation for a name, of an account or a token, that is empty, longer than
    LONGEST_ACCOUNT_NAME_CHARACTERS, or has characters that no page can show."""
    del form
    if fault := find_fault(field.data or "", LONGEST_ACCOUNT_NAME_CHARACTERS):
        raise StopValidation(translate_message(fault.message))


class AccountForm(DeskForm):
    """A new account, without a password: its person chooses one with a one-time link."""

    name = StringField(_("Namn"), filters=[on_one_line], validators=[account_name])
    role = RadioField(
        _("Roll"),
        choices=[role.value for role in Role],
        default=Role.STAFF.value,
        validators=[Required()],
    )


def mail_address(form: FlaskForm, field: StringField) -> None:
    """Raise StopValidation for a text that is no e-mail address. An empty one is valid: it removes the
    address."""
    del form
    if field.data and not is_address(field.data):
        raise StopValidation(translate("Skriv en e-postadress, till exempel anna@example.org."))


class MailForm(DeskForm):
    """An account's mail: its address, its language, and the kinds of mail that it gets (`summary`,
    `silence`)."""

    address = StringField(_("E-postadress"), filters=[on_one_line], validators=[mail_address])
    mail_language = SelectField(_("Språk i mejlen"))
    summary = BooleanField(_("När en omgång är avslutad och räknad"))
    silence = BooleanField(_("När en kiosk är utan kontakt en hel arbetsdag"))

    @classmethod
    def of(cls, choice: MailChoice) -> "MailForm":
        """Return the form with a person's choice instead of the sent values, and with the choices of
        languages (`offer_languages`)."""
        form = cls(
            formdata=None,
            address=choice.address,
            mail_language=choice.language or language(),
            summary=choice.wants_summary,
            silence=choice.wants_silence,
        )
        form.offer_languages()
        return form

    def offer_languages(self) -> None:
        """Set the choices of the field `mail_language`: the desk's languages. Needed before validation."""
        languages = [catalogue.language for catalogue in desk().library.desk.values()]
        self.mail_language.choices = [(known.code, known.autonym) for known in languages]

    @property
    def choice(self) -> MailChoice:
        """The choice of mail in a valid form."""
        return MailChoice(self.address.data, self.mail_language.data, self.summary.data, self.silence.data)


class OwnMailForm(MailForm):
    """The own account's mail, with the `current` password, which confirms the change."""

    anchor_prefix = "mail-"
    current = PasswordField(_("Ditt lösenord"), validators=[Required(), Length(max=1000)])


class TokenForm(DeskForm):
    name = StringField(_("Namn"), filters=[on_one_line], validators=[account_name])


class RoleForm(DeskForm):
    role = SelectField(_("Roll"), choices=[role.value for role in Role])


class CommaDecimalField(DecimalField):
    """A field for a number with a decimal comma or a decimal point."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the sent text, with a decimal comma as a decimal point."""
        super().process_formdata([text.strip().replace(",", ".") for text in valuelist])


class Between:
    """A validator for a number from `low` to `high`, both included, with a message in the reader's language
    that names both. A missing number is refused, unless Optional stands before it."""

    def __init__(self, low: int | Decimal, high: int) -> None:
        self.low, self.high = low, high

    def __call__(self, form: FlaskForm, field: IntegerField | DecimalField) -> None:
        del form
        if field.data is None or not self.low <= field.data <= self.high:
            field.errors = []
            bounds = {"low": number(self.low), "high": number(self.high)}
            raise StopValidation(translate("Talet ska vara mellan {low} och {high}.", **bounds))


def finite(form: FlaskForm, field: DecimalField) -> None:
    """Raise StopValidation for infinity and NaN. Needed before `Between`: Decimal cannot compare NaN."""
    del form
    if field.data is not None and not field.data.is_finite():
        raise StopValidation(translate("Skriv ett tal."))


def one_line(form: FlaskForm, field: StringField) -> None:
    """Raise StopValidation for a text that is empty, longer than LONGEST_TEXT, or cannot be shown on one line
    (`find_fault`)."""
    del form
    if fault := find_fault(field.data):
        raise StopValidation(translate(fault.message.msgid, **fault.message.values))


def readable_name(form: FlaskForm, field: StringField) -> None:
    """Raise StopValidation for a round's name that is longer than LONGEST_NAME_CHARACTERS or cannot be shown
    or printed. An empty one is valid."""
    del form
    if field.data and (fault := find_fault(field.data, LONGEST_NAME_CHARACTERS)):
        raise StopValidation(translate_message(fault.message))


def readable(form: FlaskForm, field: StringField) -> None:
    """Raise StopValidation for a reason that is longer than LONGEST_REASON_CHARACTERS or cannot be shown in
    the log. An empty one is valid."""
    del form
    if field.data and (fault := find_fault(field.data, LONGEST_REASON_CHARACTERS)):
        raise StopValidation(translate_message(fault.message))


class RoundForm(DeskForm):
    """A new round. `units` are chosen ones, all of the tree if none is. `closes` is the last day, which
    belongs to the round. `figures` says when figures are shown (PublicationTime). The expected guests of each
    unit are in further fields (`ExpectedGuests`); `a_day` is the number of ballots that a unit expects a day,
    for a forecast. `reason` says why units have more kiosks than their budget. `understood` confirms that an
    opened round cannot be changed or closed early.

    `thought_over` says that the coordinator has read the forecast, and confirms the use of the screens that
    staff paired, whose code endings are in `known_screens` with blanks between.
    """

    name = StringField(_("Namn"), filters=[on_one_line], validators=[readable_name])
    survey = SelectField(_("Enkät"))
    tree = SelectField(_("Verksamheter"))
    units = SeveralField(_("Bara vissa verksamheter"))
    k = IntegerField(_("Minsta antal svar som räknas ihop (k)"), default=USUAL_K, validators=[Required()])
    opens = DateField(_("Första dag"), validators=[Required()])
    closes = DateField(_("Sista dag"), validators=[Required()])
    admission = SeveralField(
        _("Sätt att svara"), choices=[way.value for way in Admission], validate_choice=True
    )
    figures = RadioField(
        _("När siffrorna visas"),
        choices=[when.value for when in PublicationTime],
        validators=[Required()],
    )
    protection = RadioField(
        _("Skydd"),
        choices=[level.value for level in ProtectionLevel],
        default=ProtectionLevel.PROTECTED.value,
        validators=[Required()],
    )
    a_day = CommaDecimalField(
        _("Svar om dagen"), validators=[Optional(), finite, Between(Decimal("0.1"), 10_000)]
    )
    reason = StringField(_("Varför behövs fler?"), filters=[on_one_line], validators=[readable])
    thought_over = BooleanField()
    known_screens = StringField()
    understood = BooleanField(_("Jag förstår"), validators=[Required()])


class FiguresForm(DeskForm):
    """Earlier figures of one node, with the `first` and last day of their period, the number `n` of those who
    answered, their source, and the reason to type them in. The counts are in further fields
    (`earlier_figures.field`)."""

    node = SelectField(_("Verksamhet"))
    first = DateField(_("Första dag"), validators=[Required()])
    last = DateField(_("Sista dag"), validators=[Required()])
    n = IntegerField(_("Antal svar"), validators=[Required(), Between(1, MOST_ANSWERS)])
    source = StringField(_("Källa"), validators=[Required(), Length(max=200)])
    reason = SelectField(_("Skäl"), validators=[Required()])


class ReportForm(DeskForm):
    """A new effect report about a node and a year, built on a theory of change."""

    title = StringField(_("Titel"), validators=[Required(), Length(max=200), one_line])
    organisation = StringField(_("Organisation"), validators=[Required(), Length(max=200), one_line])
    year = IntegerField(_("År"), validators=[Required(), Between(EARLIEST_YEAR, 2100)])
    node = SelectField(_("Verksamhet"))
    theory = SelectField(_("Förändringsteori"))


class OutputForm(DeskForm):
    """A typed figure of a counter at a node in a period, such as 2026-03, 2026-Q1 or 2026. `figure` is a
    number, an estimate such as "ca 500", or "ej räknat"; an empty one removes the stored figure."""

    counter = SelectField(_("Insats"))
    node = SelectField(_("Verksamhet"))
    period = StringField(_("Period"), validators=[Required(), Length(max=LONGEST_PERIOD_CHARACTERS)])
    figure = StringField(_("Siffra"), validators=[Length(max=LONGEST_NUMBER_CHARACTERS)])
    reason = SelectField(_("Skäl"), validators=[Required()])


class CorrectionForm(DeskForm):
    """A correction of an earlier month. The reason is chosen from a list, so that nobody can type a guest's
    name."""

    anchor_prefix = "correct-"
    counter = SelectField(_("Vad"))
    month = SelectField(_("Månad"))
    figure = StringField(_("Rätt siffra"), validators=[Required(), Length(max=LONGEST_NUMBER_CHARACTERS)])
    reason = SelectField(_("Skäl"), validators=[Required()])


class WallForm(DeskForm):
    node = SelectField(_("Verksamhet"))


class ReasonForm(DeskForm):
    """A form for slips or kiosks. `reason` may be empty; slips or kiosks over the round's budget are refused
    without the reason of a coordinator."""

    reason = StringField(_("Varför behövs fler?"), filters=[on_one_line], validators=[readable])


class LinkForm(ReasonForm):
    """A new address at a unit: of a kiosk or of a poster (`kind`)."""

    unit = SelectField(_("Verksamhet"))
    kind = RadioField(
        _("Typ"), choices=[Admission.KIOSK.value, Admission.POSTER.value], default=Admission.KIOSK.value
    )


class PairForm(ReasonForm):
    """The unit for which a pairing code is made."""

    anchor_prefix = "pair-"
    unit = SelectField(_("Verksamhet"))


class MoveForm(ReasonForm):
    """The unit to which a kiosk is moved."""

    unit = SelectField(_("Flytta till"))


def millimetres(least: int, most: int) -> Callable[[FlaskForm, IntegerField], None]:
    """Return a validator for whole millimetres from `least` to `most`, both included. Its message names both,
    since centimetres are a likely mistake."""

    def check(form: FlaskForm, field: IntegerField) -> None:
        del form
        if field.data is None or not least <= field.data <= most:
            field.errors = []
            message = translate(
                "Skriv hela millimeter, från {least} till {most}. 1 cm är 10 mm.", least=least, most=most
            )
            raise StopValidation(message)

    return check


class ScreenForm(DeskForm):
    """The width of a kiosk's screen, the distance from which it is read, and the height of its lower edge
    above the floor, in millimetres."""

    width_mm = IntegerField(_("Bredd"), validators=[Optional(), millimetres(*WIDTH_LIMITS_MM)])
    distance_mm = IntegerField(
        _("Avstånd"), default=LEAST_DISTANCE_MM, validators=[Optional(), millimetres(*DISTANCE_LIMITS_MM)]
    )
    lower_edge_mm = IntegerField(_("Höjd"), validators=[Optional(), millimetres(*LOWER_EDGE_LIMITS_MM)])

    def anchor(self, name: str) -> str:
        """Return the id of a field in the form of one kiosk; the sent field `key` identifies the kiosk."""
        return f"{name}-{request.form.get('key', '')}"

    @property
    def screen(self) -> Screen | None:
        """The typed width, distance (LEAST_DISTANCE_MM if empty) and height (None if empty); None if the
        width is empty."""
        if self.width_mm.data is None:
            return None
        return Screen(self.width_mm.data, self.distance_mm.data or LEAST_DISTANCE_MM, self.lower_edge_mm.data)


def accent_that_can_be_read(form: FlaskForm, field: StringField) -> None:
    """Raise StopValidation for a text that is no colour (# and six hex digits), or a colour on which white
    text has less contrast than LEAST_TEXT_CONTRAST."""
    del form
    if fault := find_accent_fault((field.data or "").lower()):
        raise StopValidation(translate_message(fault.message))


def organisation_name(form: "ThemeForm", field: StringField) -> None:
    """Raise StopValidation for a name that no page can show, and for an empty name if there is a logo, whose
    text alternative it is."""
    has_logo = form.logo.data or (form.has_logo and not form.without_logo.data)
    if not field.data and has_logo:
        raise StopValidation(translate("Skriv namnet: den som inte ser logotypen får det uppläst."))
    if field.data and (fault := find_fault(field.data, LONGEST_ORGANISATION_NAME_CHARACTERS)):
        raise StopValidation(translate_message(fault.message))


def logo_file(form: FlaskForm, field: FileField) -> None:
    """Raise StopValidation for a file with an ending or content other than a logo's, or one that is larger
    than LARGEST_LOGO_BYTES. A form without a file is valid."""
    del form
    if not field.data:
        return
    ending = Path(field.data.filename).suffix.lower()
    if ending not in LOGO_KINDS:
        raise StopValidation(translate("Välj en fil som slutar på {endings}.", endings=", ".join(LOGO_KINDS)))
    content = field.data.read(LARGEST_LOGO_BYTES + 1)
    field.data.seek(0)
    if fault := find_logo_fault(f"logo{ending}", content):
        raise StopValidation(translate_message(fault.message))


class ThemeForm(DeskForm):
    """The organisation's theme. `seen` is the digest of the theme that the form was opened with; an uploaded
    `logo` replaces the present one, and `without_logo` removes it. `corner` is the radius of corners in CSS
    pixels, None for the usual one."""

    name = StringField(_("Organisationens namn"), filters=[on_one_line], validators=[organisation_name])
    accent = StringField(_("Färg"), filters=[on_one_line], validators=[accent_that_can_be_read])
    corner = IntegerField(_("Hörnens radie"), validators=[Optional(), Between(0, MOST_CORNER)])
    logo = FileField(_("Logotyp"), validators=[logo_file])
    without_logo = BooleanField(_("Ta bort logotypen"))
    seen = HiddenField()
    has_logo = False
    """Whether the current theme has a logo."""


def is_address_local() -> bool:
    """Return whether only the server itself can open the guests' address, such as http://127.0.0.1:8000."""
    return leads_to_own_machine(desk().guest_address)


def trial_if_local(form: FlaskForm, field: BooleanField) -> None:
    """Raise StopValidation if guests cannot open the address on the paper (`is_address_local`), unless the
    field is ticked: it says that the paper is for a trial."""
    del form
    if is_address_local() and not field.data:
        raise StopValidation(
            translate(
                "Ingen gäst kan öppna {address}. Kryssa i att det är ett prov, eller be den som sköter "
                "installationen att ställa in gästernas adress.",
                address=desk().guest_address,
            )
        )


class SlipsForm(ReasonForm):
    """Slips to print, for a round and a unit. `languages` has the codes of the languages that the slips
    print; a `trial` is printed also if guests cannot open the address."""

    anchor_prefix = "slips-"
    round = SelectField(_("Omgång"))
    unit = SelectField(_("Verksamhet"))
    number = IntegerField(_("Antal lappar"), default=50, validators=[Required(), Between(1, 200)])
    languages = SeveralField(_("Språk"), validators=[Required()])
    trial = BooleanField(_("Prov"), validators=[trial_if_local])
    languages_of: Mapping[str, tuple[str, ...]] = {}
    """Round id -> the languages in which guests can answer it."""

    def rounds_with(self, language: str) -> list[str]:
        """Return the ids of the rounds that guests can answer in a language; [] if they can answer all rounds
        in it, or none, so that the choice of the language need not depend on the round."""
        rounds = [round_id for round_id, codes in self.languages_of.items() if language in codes]
        return [] if len(rounds) == len(self.languages_of) else rounds


class PosterForm(DeskForm):
    """A poster or card to print. `link` is the code of the poster's address, `size` a value of Size;
    `languages` and `trial` are as for slips."""

    anchor_prefix = "poster-"
    link = SelectField(_("Affischens adress"))
    size = SelectField(_("Papper"))
    languages = SeveralField(_("Språk"), validators=[Required()])
    trial = BooleanField(_("Prov"), validators=[trial_if_local])
