"""Addresses of kiosks and posters: which there are, and making one."""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from kiosk.desk.forms import LinkForm
from kiosk.desk.session import desk, for_coordinator, for_staff, note
from kiosk.office import Deed
from kiosk.rounds import Admission
from kiosk.store import Link

blueprint = Blueprint("links", __name__)


@dataclass(frozen=True)
class Address:
    """A link as staff see it."""

    unit: str
    is_poster: bool
    url: str


@blueprint.route("/links")
@for_staff
def links() -> ResponseReturnValue:
    """All addresses, by unit."""
    form = LinkForm()
    form.unit.choices = sorted(_units().items(), key=lambda unit: unit[1])
    return render_template(
        "links.html", addresses=[_address(link) for link in desk().store.links()], form=form
    )


@blueprint.route("/links", methods=["POST"])
@for_coordinator
def new_link() -> ResponseReturnValue:
    """Make an address for a unit. Not for staff: whoever has one can stuff the box, if slowly."""
    form = LinkForm()
    form.unit.choices = list(_units().items())
    if form.validate():
        desk().store.add_link(Admission(form.kind.data), form.unit.data)
        note(Deed.ADDRESS_MADE, f"{form.unit.data}, {form.kind.data}")
    return redirect(url_for("links.links"), 303)


def _units() -> dict[str, str]:
    """Unit id -> name, of all trees on file."""
    trees = desk().library.trees.values()
    return {unit: tree.node(unit).name for tree in trees for unit in tree.leaves}


def _address(link: Link) -> Address:
    is_poster = link.admission is Admission.POSTER
    path = f"/{'s' if is_poster else 'k'}/{link.code}" if link.code else "/"
    return Address(_units().get(link.unit_id, link.unit_id), is_poster, desk().guest_address + path)
