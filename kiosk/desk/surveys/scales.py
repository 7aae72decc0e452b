"""Scales in the browser: the list of all scales, and the form of an own one."""

from dataclasses import replace

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from kiosk.desk.context import desk
from kiosk.desk.denials import Denial, deny
from kiosk.desk.forms import on_one_line
from kiosk.desk.i18n import translate
from kiosk.desk.saving import EditForm, show_or_save
from kiosk.desk.session import for_coordinator, note
from kiosk.desk.surveys.origin import usual_licence, usual_source
from kiosk.domain.survey import Scale
from kiosk.library.drafts import refuse_bad
from kiosk.library.library import Library
from kiosk.library.scale_drafts import (
    LONGEST_LABEL,
    LONGEST_SCALE_TITLE,
    ScaleDraft,
    ScaleKind,
    add_scale,
    draft_of,
    read_scale_draft,
    remove_scale,
    rewrite_scale,
    scale_digest,
    scale_path,
    surveys_with,
)
from kiosk.library.surveys import MOST_OPTIONS
from kiosk.settings import Settings
from kiosk.storage import Action

blueprint = Blueprint("scales", __name__)


@blueprint.route("/scales")
@for_coordinator
def scales() -> ResponseReturnValue:
    """Show all scales, with the surveys that use each. Reloads the library first if own files were
    changed."""
    desk().reread_if_changed()
    library = desk().library
    return render_template(
        "scales.html",
        scales=library.scales.values(),
        surveys={scale_id: surveys_with(library, scale_id) for scale_id in library.scales},
        is_own=is_own,
        form=FlaskForm(),
    )


@blueprint.route("/new-scale", methods=["GET", "POST"])
@for_coordinator
def new() -> ResponseReturnValue:
    """Show the form of a new scale, empty or with the answers of the scale that the address names as `like`;
    save the sent scale. Refused input stays in the form, with status 400. Aborts with 404 if files cannot be
    changed."""
    if desk().settings is None:
        abort(404)
    copied = desk().library.scales.get(request.args.get("like", ""))
    draft = ScaleDraft("", (), False, usual_source(), usual_licence())
    if copied:
        draft = replace(draft_of(copied, draft.source, draft.licence), title="")
    return show_or_save(
        _form(draft), draft, "", lambda settings, sent, _seen: add_scale(settings, sent), _confirm_new
    )


@blueprint.route("/scales/<scale_id>", methods=["GET", "POST"])
@for_coordinator
def scale(scale_id: str) -> ResponseReturnValue:
    """Show the form of an own scale; save the sent scale. Refused input stays in the form, with status 400.
    Aborts with 404 for an unknown scale. Raises DeniedError (403) for one that is shipped or that a survey
    uses, and RefusedError (400) for one whose file cannot be read."""
    _check_can_change(scale_id)
    settings = desk().own_settings
    draft, seen = read_scale_draft(settings, scale_id), scale_digest(settings, scale_id)

    def write(settings: Settings, sent: ScaleDraft, seen: str) -> tuple[Library, str]:
        return rewrite_scale(settings, scale_id, sent, seen), sent.title

    return show_or_save(_form(draft, scale_id), draft, seen, write, _confirm)


@blueprint.route("/scales/<scale_id>/remove", methods=["POST"])
@for_coordinator
def remove(scale_id: str) -> ResponseReturnValue:
    """Remove an own scale, and redirect to the list. Aborts with 404 for an unknown scale. Raises DeniedError
    (403) for one that is shipped or that a survey uses, and RefusedError (400) for one whose file cannot be
    read."""
    _check_can_change(scale_id)
    title = desk().library.scales[scale_id].name
    desk().change(lambda settings: remove_scale(settings, scale_id))
    note(Action.SCALE_REMOVED, title)
    flash(translate("Skalan är borttagen: {title}", title=title))
    return redirect(url_for("scales.scales"), 303)


def is_own(scale_id: str) -> bool:
    """Return whether a scale is the installation's own, so that it can be edited here while no survey uses
    it."""
    return desk().has_own_file(scale_path(scale_id))


def _check_can_change(scale_id: str) -> None:
    """Abort with 404 for an unknown scale. Raises DeniedError (403) for one that is shipped or that a survey
    uses, and RefusedError (400) for one whose file cannot be read."""
    if scale_id not in desk().library.scales:
        abort(404)
    if not is_own(scale_id):
        deny(Denial.SCALE_SHIPPED)
    if surveys_with(desk().library, scale_id):
        deny(Denial.SCALE_USED)
    refuse_bad(desk().library, scale_path(scale_id))


def _confirm_new(scale: Scale) -> ResponseReturnValue:
    note(Action.SCALE_WRITTEN, scale.title)
    flash(translate("Skalan är sparad: {title}. Nu kan påståenden använda den.", title=scale.title))
    return redirect(url_for("scales.scales"), 303)


def _confirm(title: str) -> ResponseReturnValue:
    note(Action.SCALE_WRITTEN, title)
    flash(translate("Sparat."))
    return redirect(url_for("scales.scales"), 303)


def _form(draft: ScaleDraft, scale_id: str = "") -> EditForm[ScaleDraft]:
    """Return the form of the scale `scale_id`, of a new one if it is "". What is saved has the source and
    licence of `draft`."""
    return EditForm(
        lambda shown, seen: _page(shown, seen, scale_id),
        lambda: _sent(draft),
        translate("Någon annan har ändrat skalan sedan du öppnade den. Öppna den igen."),
    )


def _sent(draft: ScaleDraft) -> ScaleDraft:
    """Return the scale in the form, with the source and licence of `draft`. Aborts with 400 for an unknown
    kind."""
    labels = map(on_one_line, request.form.getlist("label"))
    low, high, low_pole, high_pole = (
        on_one_line(request.form.get(name)) for name in ("low-number", "high-number", "low-pole", "high-pole")
    )
    kind = request.form.get("kind", ScaleKind.CIRCLES)
    if kind not in list(ScaleKind):
        abort(400)
    return ScaleDraft(
        on_one_line(request.form.get("title")),
        tuple(labels),
        "bipolar" in request.form,
        draft.source,
        draft.licence,
        ScaleKind(kind),
        (low, high),
        (low_pole, high_pole),
    )


def _page(draft: ScaleDraft, seen: str, scale_id: str) -> str:
    empty = [""] * (MOST_OPTIONS - len(draft.labels))
    return render_template(
        "scale.html",
        form=FlaskForm(),
        draft=draft,
        seen=seen,
        scale_id=scale_id,
        labels=[*draft.labels, *empty],
        longest_title=LONGEST_SCALE_TITLE,
        longest_label=LONGEST_LABEL,
        ScaleKind=ScaleKind,
    )
