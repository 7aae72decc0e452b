"""The page of tokens with which programs read the figures, for coordinators. A token is shown once, when it
is made."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kiosk.desk.context import desk
from kiosk.desk.forms import TokenForm
from kiosk.desk.i18n import translate
from kiosk.desk.notices import add_problem
from kiosk.desk.session import for_coordinator, note
from kiosk.storage import Action, TokenExistsError

blueprint = Blueprint("tokens", __name__)


@blueprint.route("/tokens")
@for_coordinator
def tokens() -> ResponseReturnValue:
    """Show all tokens, and the form for a new one."""
    return _page(TokenForm(formdata=None))


@blueprint.route("/tokens", methods=["POST"])
@for_coordinator
def add() -> ResponseReturnValue:
    """Make a token, and show it once. An empty or unreadable name stays in the form, with status 400; a name
    that another token has, with status 409."""
    form = TokenForm()
    if not form.validate():
        return _page(form, 400)
    name = form.name.data
    try:
        code = desk().store.api_tokens.add(name, desk().clock())
    except TokenExistsError:
        form.name.errors = [translate("Det finns redan en nyckel som heter {name}.", name=name)]
        return _page(form, 409)
    note(Action.TOKEN_MADE, name)
    return render_template("token.html", name=name, code=code)


@blueprint.route("/tokens/remove", methods=["POST"])
@for_coordinator
def remove() -> ResponseReturnValue:
    """Remove the token with the sent name, which is refused from then on, and redirect to the page. Status
    404 for an unknown name."""
    name = request.form.get("name", "")
    if not desk().store.api_tokens.remove(name):
        add_problem(translate("Det finns ingen sådan nyckel att ta bort: {name}", name=name), "tokens")
        return _page(TokenForm(formdata=None), 404)
    note(Action.TOKEN_REMOVED, name)
    flash(translate("Nyckeln {name} gäller inte längre.", name=name))
    return redirect(url_for("tokens.tokens"), 303)


def _page(form: TokenForm, status: int = 200) -> ResponseReturnValue:
    return render_template("tokens.html", tokens=desk().store.api_tokens.all(), form=form), status
