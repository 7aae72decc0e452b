"""The theme of the guests' pages and paper: the organisation's name, logo, colour and corners."""

import base64
from dataclasses import replace

from flask import Blueprint, abort, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kiosk.desk.context import desk
from kiosk.desk.forms import LONGEST_ORGANISATION_NAME_CHARACTERS, ThemeForm
from kiosk.desk.i18n import catalogue, number, translate, translate_message
from kiosk.desk.notices import add_problem
from kiosk.desk.session import GUEST_STYLES, for_coordinator, note
from kiosk.domain.rounds import Protection
from kiosk.domain.theme import LEAST_TEXT_CONTRAST, WHITE, Logo, Theme, shown_contrast
from kiosk.library.catalogues import REFERENCE
from kiosk.library.changes import RefusedError
from kiosk.library.theme import LARGEST_LOGO_BYTES, LOGO_KINDS, MOST_CORNER
from kiosk.library.theme_changes import theme_digest, uploaded_logo, write_theme
from kiosk.screen.pages import Notice, Pages
from kiosk.storage import Action

blueprint = Blueprint("themes", __name__)


@blueprint.route("/theme", methods=["GET", "POST"])
@for_coordinator
def theme() -> ResponseReturnValue:
    """Show the form of the theme; save a sent one. Refused input stays in the form, with status 400. Aborts
    with 404 if files cannot be changed."""
    form = _form()
    if request.method != "POST" or not form.validate():
        return _page(form), 400 if request.method == "POST" else 200
    try:
        desk().change(lambda settings: write_theme(settings, _sent(form), form.seen.data or ""))
    except RefusedError as error:
        for message in error.messages:
            add_problem(translate_message(message))
        return _page(form), 400
    note(Action.THEME_WRITTEN, desk().library.theme.name)
    flash(translate("Utseendet är sparat. Gästerna ser det på nästa sida de öppnar."))
    return redirect(url_for("themes.theme"), 303)


@blueprint.route("/theme/preview", methods=["POST"])
@for_coordinator
def preview() -> ResponseReturnValue:
    """Show the first page of a kiosk with the sent theme and the library's first survey. Nothing is saved. A
    refused value gives the form's page with status 400. Aborts with 404 if files cannot be changed."""
    form, library = _form(), desk().library
    if not form.validate():
        return _page(form), 400
    survey = next(iter(library.surveys.values()))
    back = (translate("Tillbaka till utseendet"), url_for("themes.theme"))
    text = translate("Förhandsvisning av utseendet. Inget är sparat.")
    pages = Pages(
        replace(library, theme=_sent(form)),
        None,
        desk().store.is_demonstration,
        notice=Notice(catalogue().language, text, (back,)),
    )
    setattr(g, GUEST_STYLES, pages.styles(is_kiosk=True))
    page = pages.form(
        survey,
        request.args.get("lang", REFERENCE),
        {},
        protection=Protection.PROTECTED,
        unit="",
        action=url_for("surveys.preview", survey_id=survey.id, device="kiosk"),
        is_kiosk=True,
    )
    return make_response(page)


def _form() -> ThemeForm:
    """Return the form with the sent values; if none were sent, with the current theme, for which the library
    is reloaded if own files were changed. Aborts with 404 if files cannot be changed."""
    if desk().settings is None:
        abort(404)
    if request.method != "POST":
        desk().reread_if_changed()
    current = desk().library.theme
    values = {"name": current.name, "accent": current.accent, "corner": current.corner}
    form = ThemeForm(data={**values, "seen": theme_digest(current)})
    form.has_logo = current.logo is not None
    return form


def _sent(form: ThemeForm) -> Theme:
    """Return the theme of a valid form. An uploaded logo is used even if the removal of the logo is chosen.
    Without one, the current logo is kept unless its removal is chosen."""
    sent = form.logo.data
    logo = None if form.without_logo.data else desk().library.theme.logo
    if sent and sent.filename:
        sent.seek(0)
        logo = uploaded_logo(sent.filename, sent.read())
    return Theme(form.name.data or "", logo, (form.accent.data or "").lower(), form.corner.data)


def _page(form: ThemeForm) -> str:
    current = desk().library.theme
    return render_template(
        "theme.html",
        form=form,
        theme=current,
        logo=_data_url(current.logo) if current.logo else "",
        contrast=number(float(shown_contrast(current.accent, WHITE))),
        least=number(LEAST_TEXT_CONTRAST),
        kinds=",".join(LOGO_KINDS),
        most_bytes=LARGEST_LOGO_BYTES,
        most_corner=MOST_CORNER,
        longest=LONGEST_ORGANISATION_NAME_CHARACTERS,
    )


def _data_url(logo: Logo) -> str:
    return f"data:{logo.media_type};base64,{base64.b64encode(logo.content).decode()}"
