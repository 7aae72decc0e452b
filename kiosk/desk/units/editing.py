"""Organisations in the browser: their areas and units are added, renamed, moved and closed. An organisation
is one tree of the library."""

from collections.abc import Mapping

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from kiosk.desk.context import desk
from kiosk.desk.denials import Denial, deny
from kiosk.desk.forms import on_one_line
from kiosk.desk.i18n import translate
from kiosk.desk.respondents import forms
from kiosk.desk.saving import EditForm, show_or_save
from kiosk.desk.session import for_coordinator, note
from kiosk.domain.message import Message
from kiosk.domain.respondent import Respondent
from kiosk.domain.tree import Tree
from kiosk.library.drafts import new_title, refuse_bad
from kiosk.library.library import Library
from kiosk.library.tree_drafts import (
    LONGEST_UNIT_NAME,
    TreeDraft,
    UnitDraft,
    add_tree,
    read_tree_draft,
    rewrite_tree,
    tree_digest,
    tree_path,
)
from kiosk.settings import Settings
from kiosk.storage import Action

blueprint = Blueprint("unit_editing", __name__)

NEW_ROWS = 5
"""Empty rows for new areas and units in the form."""

NEW_ROW = "new-"
"""Beginning of the key of a new row, which has no id yet. Ids have no hyphen."""


@blueprint.route("/new-units", methods=["GET", "POST"])
@for_coordinator
def new() -> ResponseReturnValue:
    """Show the form of a new organisation; save the sent one. Refused input stays in the form, with status
    400. Aborts with 404 if files cannot be changed."""
    if desk().settings is None:
        abort(404)
    return show_or_save(
        _form(TreeDraft("", ())),
        TreeDraft(desk().library.theme.name, ()),
        "",
        lambda settings, sent, _seen: add_tree(settings, sent, _nodes_of_rounds()),
        _confirm,
    )


@blueprint.route("/units/<tree_id>", methods=["GET", "POST"])
@for_coordinator
def edit(tree_id: str) -> ResponseReturnValue:
    """Show the form of an own organisation; save the sent one. Refused input stays in the form, with status
    400. Aborts with 404 for an unknown one. Raises DeniedError (403) for a shipped one, and RefusedError
    (400) for one whose file cannot be read."""
    _tree(tree_id)
    if not is_own(tree_id):
        deny(Denial.TREE_SHIPPED)
    refuse_bad(desk().library, tree_path(tree_id))
    settings = desk().own_settings
    draft, seen = read_tree_draft(settings, tree_id), tree_digest(settings, tree_id)

    def write(settings: Settings, sent: TreeDraft, seen: str) -> tuple[Library, str]:
        return rewrite_tree(settings, tree_id, sent, seen, _busy(), _nodes_of_rounds()), tree_id

    return show_or_save(_form(draft, tree_id), draft, seen, write, _confirm)


@blueprint.route("/units/<tree_id>/copy", methods=["POST"])
@for_coordinator
def copy(tree_id: str) -> ResponseReturnValue:
    """Create an own organisation with the areas and units of another one, which keep their ids, and redirect
    to the form of the copy. Aborts with 404 for an unknown one, and if files cannot be changed."""
    tree = _tree(tree_id)
    copied = translate("{title} (kopia)", title=tree.root.name)
    names = (other.root.name for other in desk().library.trees.values())
    name = new_title(copied, names, LONGEST_UNIT_NAME)
    units = (
        UnitDraft(
            node.id,
            node.name,
            "" if node.parent == tree.root.id else node.parent,
            respondent=tree.respondents.get(node.id),
        )
        for node in tree.nodes
        if node.parent is not None
    )
    draft, added = TreeDraft(name, tuple(units), tree.respondent(tree.root.id)), list[str]()

    def write(settings: Settings) -> Library:
        library, new_id = add_tree(settings, draft)
        added.append(new_id)
        return library

    desk().change(write)
    note(Action.UNITS_WRITTEN, name)
    flash(translate("Kopian är klar. Ändra det du vill och spara."))
    return redirect(url_for("unit_editing.edit", tree_id=added[0]), 303)


def is_own(tree_id: str) -> bool:
    """Return whether a tree is the installation's own, so that it can be edited here."""
    return desk().has_own_file(tree_path(tree_id))


def _tree(tree_id: str) -> Tree:
    return desk().library.trees.get(tree_id) or abort(404)


def _nodes_of_rounds() -> set[str]:
    """Return the ids of all nodes of all rounds. No new unit gets one of them: it would show the figures of
    another place."""
    return {node.id for state in desk().store.rounds() for node in state.round.tree.nodes}


def _busy() -> Mapping[str, Message]:
    """Return unit id -> the reason why the unit must remain open and have no units below it: a round that is
    not closed, else a kiosk or a poster. Units without a reason are left out."""
    busy = {
        link.unit_id: Message(
            "{unit} har en kiosk eller affisch. Flytta eller stäng den först, på sidan Skärmar och "
            "utskrifter.",
            {"unit": desk().place_name(link.unit_id)},
        )
        for link in desk().store.links.all()
    }
    for state in desk().store.rounds():
        of_round = state.round
        for unit in of_round.tree.leaves if not state.is_closed else ():
            busy[unit] = Message(
                "{unit} är med i omgången ”{title}”, som inte är avslutad. Vänta tills den är det.",
                {"unit": of_round.tree.node(unit).name, "title": of_round.title},
            )
    return busy


def _sent(previous: TreeDraft) -> TreeDraft:
    """Return the organisation in the form; `previous` has its rows before the change, none if it is new. New
    rows without a name and without rows below are left out. Aborts with 400 for malformed fields, and for a
    row above that is not in the form."""
    sent, known = request.form, {unit.key for unit in previous.units}
    keys, *fields = (sent.getlist(name) for name in ("key", "unit_name", "parent", "unit_respondent"))
    if any(len(values) != len(keys) for values in fields) or len(set(keys)) < len(keys):
        abort(400)
    rows_sent = [
        UnitDraft(
            key, on_one_line(name), parent, f"closed-{key}" in sent, _respondent(word) if word else None
        )
        for key, name, parent, word in zip(keys, *fields, strict=True)
    ]
    above = {unit.parent for unit in rows_sent if unit.name}
    units = [unit for unit in rows_sent if unit.key in known or unit.name or unit.key in above]
    rows = {unit.key for unit in units}
    is_wrong = any(
        (unit.key not in known and not unit.key.startswith(NEW_ROW)) or unit.parent not in {"", *rows}
        for unit in units
    )
    if is_wrong:
        abort(400)
    return TreeDraft(on_one_line(sent.get("name")), tuple(units), _respondent(sent.get("respondent", "")))


def _respondent(sent: str) -> Respondent:
    """Return the Respondent whose value a field has. Aborts with 400 for any other text."""
    return Respondent(sent) if sent in list(Respondent) else abort(400)


def _form(previous: TreeDraft, tree_id: str = "") -> EditForm[TreeDraft]:
    """Return the form of an organisation that has the rows of `previous`; without `tree_id`, of a new one."""
    return EditForm(
        lambda draft, seen: _page(draft, seen, tree_id),
        lambda: _sent(previous),
        translate("Någon annan har ändrat verksamheterna sedan du öppnade dem. Öppna dem igen."),
    )


def _confirm(tree_id: str) -> ResponseReturnValue:
    note(Action.UNITS_WRITTEN, desk().library.trees[tree_id].root.name)
    flash(translate("Sparat. Omgångar som redan är skapade ändras inte."))
    return redirect(url_for("unit_editing.edit", tree_id=tree_id), 303)


def _page(draft: TreeDraft, seen: str, tree_id: str) -> str:
    used = {unit.key for unit in draft.units}
    numbers = (number for number in range(1, len(draft.units) + NEW_ROWS + 1))
    new_keys = [f"{NEW_ROW}{number}" for number in numbers if f"{NEW_ROW}{number}" not in used][:NEW_ROWS]
    return render_template(
        "units_edit.html",
        form=FlaskForm(),
        draft=draft,
        rows=[*draft.units, *(UnitDraft(key, "", "") for key in new_keys)],
        known={unit.key for unit in draft.units if not unit.key.startswith(NEW_ROW)},
        seen=seen,
        tree_id=tree_id,
        longest=LONGEST_UNIT_NAME,
        respondents=[(respondent, forms(respondent).person) for respondent in Respondent],
    )
