"""Counters in the browser: the list of all, the form of an own one, and the units at which each is shown."""

from collections.abc import Iterator
from itertools import islice

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from kiosk.desk.context import desk
from kiosk.desk.denials import Denial, deny
from kiosk.desk.forms import on_one_line
from kiosk.desk.i18n import translate
from kiosk.desk.saving import EditForm, show_or_save
from kiosk.desk.session import for_coordinator, note
from kiosk.domain.counters import Counter
from kiosk.library.counter_drafts import (
    LONGEST_COUNTER_DEFINITION,
    LONGEST_COUNTER_NAME,
    CounterDraft,
    TargetDraft,
    add_counter,
    counter_draft,
    draft_digest,
    own_counter_path,
    remove_counter,
    rewrite_counter,
    shares_targets,
    theories_with,
)
from kiosk.library.counters import MOST_TARGETS
from kiosk.library.library import Library
from kiosk.settings import Settings
from kiosk.storage import Action

blueprint = Blueprint("counters", __name__)

NEW_TARGETS = 5
"""Number of empty rows for new targets in the form, fewer if MOST_TARGETS rows would be exceeded."""


@blueprint.route("/counters")
@for_coordinator
def counters() -> ResponseReturnValue:
    """Show all counters, with the units at which each is shown. Reloads the library first if own files were
    changed."""
    desk().reread_if_changed()
    library, with_figures = desk().library, desk().store.outputs.all().counters_with_figures
    return render_template(
        "counters.html",
        drafts=[(counter, counter_draft(library, counter.id)) for counter in library.counters.values()],
        units=library.units,
        is_own=is_own,
        can_be_removed=lambda counter: (
            is_own(counter.id) and counter.id not in with_figures and not theories_with(library, counter.id)
        ),
        form=FlaskForm(),
    )


@blueprint.route("/new-counter", methods=["GET", "POST"])
@for_coordinator
def new() -> ResponseReturnValue:
    """Show the form of a new counter; save the sent counter. Refused input stays in the form, with status
    400. Aborts with 404 if files cannot be changed."""
    if desk().settings is None:
        abort(404)

    def write(settings: Settings, sent: CounterDraft, _seen: str) -> tuple[Library, Counter]:
        return add_counter(settings, sent, {*desk().store.outputs.all().counters_with_figures})

    def confirm(added: Counter) -> ResponseReturnValue:
        note(Action.COUNTER_WRITTEN, added.name)
        flash(translate("Sparat: {name}.", name=added.name))
        return redirect(url_for("counters.counters"), 303)

    draft = CounterDraft("", "", frozenset(desk().library.units))
    return show_or_save(_form(None), draft, "", write, confirm)


@blueprint.route("/counters/<counter_id>", methods=["GET", "POST"])
@for_coordinator
def counter(counter_id: str) -> ResponseReturnValue:
    """Show the form of a counter; save the sent one. Only the units of a shipped counter can change. Refused
    input stays in the form, with status 400. Aborts with 404 for an unknown counter, a total
    (`Counter.is_total`), and if files cannot be changed."""
    known = desk().library.counters.get(counter_id)
    if known is None or known.is_total or desk().settings is None:
        abort(404)
    draft, seen = counter_draft(desk().library, counter_id), draft_digest(desk().library, counter_id)

    def write(settings: Settings, sent: CounterDraft, seen: str) -> tuple[Library, Counter]:
        used = desk().store.outputs.all().targets_with_figures(counter_id)
        library = rewrite_counter(settings, counter_id, sent, seen, used)
        return library, library.counters[counter_id]

    def confirm(changed: Counter) -> ResponseReturnValue:
        note(Action.COUNTER_WRITTEN, translate(changed.name))
        flash(translate("Sparat."))
        return redirect(url_for("counters.counters"), 303)

    return show_or_save(_form(known), draft, seen, write, confirm)


@blueprint.route("/counters/<counter_id>/remove", methods=["POST"])
@for_coordinator
def remove(counter_id: str) -> ResponseReturnValue:
    """Remove an own counter without figures. Aborts with 404 for an unknown counter. Raises DeniedError (403)
    for one that is shipped, that has figures, or that a theory of change is tied to."""
    library = desk().library
    if counter_id not in library.counters:
        abort(404)
    if not is_own(counter_id):
        deny(Denial.COUNTER_SHIPPED)
    if counter_id in desk().store.outputs.all().counters_with_figures:
        deny(Denial.COUNTER_USED)
    if theories_with(library, counter_id):
        deny(Denial.COUNTER_TIED)
    name = library.counters[counter_id].name
    desk().change(lambda settings: remove_counter(settings, counter_id))
    note(Action.COUNTER_REMOVED, name)
    flash(translate("Borttaget: {name}.", name=name))
    return redirect(url_for("counters.counters"), 303)


def is_own(counter_id: str) -> bool:
    """Return whether a counter is the installation's own, in a file that can be read."""
    settings = desk().settings
    return settings is not None and own_counter_path(settings, counter_id) is not None


def _form(shown: Counter | None) -> EditForm[CounterDraft]:
    """Return the form of the counter `shown`; None for a new counter."""
    return EditForm(
        lambda draft, seen: _page(draft, seen, shown),
        lambda: _sent(shown),
        translate("Någon annan har ändrat det här sedan du öppnade det. Öppna det igen."),
    )


def _sent(shown: Counter | None) -> CounterDraft:
    """Return the counter in the form; `shown` is the counter that is edited, None for a new one. Units that
    do not exist are ignored. Only the units are read for a shipped counter."""
    sent = CounterDraft(
        on_one_line(request.form.get("name")),
        on_one_line(request.form.get("definition")),
        frozenset(request.form.getlist("unit")) & frozenset(desk().library.units),
        "closed" in request.form,
        tuple(_sent_targets()),
    )
    if shown is None or is_own(shown.id):
        return sent
    return CounterDraft(shown.name, shown.definition, sent.units)


def _sent_targets() -> Iterator[TargetDraft]:
    """Yield the targets in the form, in its order: first those that have an id, also without a name, then the
    new ones with a name. A fault of a target names its number in this order, from 1."""
    closed = frozenset(request.form.getlist("closed_target"))
    ids, names = request.form.getlist("target_id"), request.form.getlist("target")
    for target_id, name in islice(zip(ids, names, strict=False), 2 * MOST_TARGETS):
        if target_id or name.strip():
            yield TargetDraft(target_id, on_one_line(name), bool(target_id) and target_id in closed)


def _page(draft: CounterDraft, seen: str, shown: Counter | None) -> str:
    """Return the page with `draft` in the form. `seen` is the digest of the counter as it was opened, ""
    for a new one; `shown` is the counter that is edited, None for a new one."""
    return render_template(
        "counter.html",
        form=FlaskForm(),
        draft=draft,
        seen=seen,
        counter=shown,
        is_own=shown is None or is_own(shown.id),
        targets=[*draft.targets, *[TargetDraft("", "")] * NEW_TARGETS][:MOST_TARGETS],
        has_shared_targets=shown is not None and shares_targets(desk().own_settings, shown.id),
        with_figures=desk().store.outputs.all().targets_with_figures(shown.id) if shown else frozenset(),
        trees=desk().library.trees.values(),
        longest_name=LONGEST_COUNTER_NAME,
        longest_definition=LONGEST_COUNTER_DEFINITION,
    )
