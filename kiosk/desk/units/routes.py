"""The page of the units: the trees for which a round can be opened."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from kiosk.desk.context import desk
from kiosk.desk.session import for_coordinator
from kiosk.desk.units.editing import is_own

blueprint = Blueprint("units", __name__)


@blueprint.route("/units")
@for_coordinator
def units() -> ResponseReturnValue:
    """Show each tree of the library, from its root down. Reloads the library first if own files were
    changed."""
    desk().reread_if_changed()
    return render_template("units.html", trees=desk().library.trees.values(), is_own=is_own, form=FlaskForm())
