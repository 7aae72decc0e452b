"""Who of the staff did what. Nothing in it is about guests."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from kiosk.desk.session import desk, for_coordinator

blueprint = Blueprint("log", __name__)


@blueprint.route("/log")
@for_coordinator
def log() -> ResponseReturnValue:
    """The latest entries, the last first."""
    return render_template("log.html", entries=desk().store.office.log())
