"""A desk whose own files cannot be changed, as in the demonstration."""

from pathlib import Path

from tests.tools.desk_side import Desk

ARGUMENTS = {
    "code": "en", "counter_id": "advise", "scale_id": "agree5", "survey_id": "ombudsmannaskap",
    "theory_id": "ombudsmannaskap", "tree_id": "vasteras",
}  # fmt: skip
"""Argument of a route -> the id of something that exists."""

SIGN_OUT = {"sign_in.sign_out", "account_links.choose_password"}


def test_no_form_ends_in_an_error_page_of_the_server(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sign_in()
    desk.app.extensions["desk"].settings = None
    data = {
        "csrf_token": desk.token("/admin/rounds/new"), "survey": "ombudsmannaskap", "year": "2026",
        "organisation": "Vi", "fingerprint": "0" * 64, "key": "0" * 64, "content": "YQ==", "lines": "Hej",
    }  # fmt: skip
    failed, seen = [], 0
    routes = desk.app.test_request_context("/").url_adapter
    assert routes is not None
    for rule in desk.app.url_map.iter_rules():
        if (
            "POST" in (rule.methods or ())
            and rule.endpoint not in SIGN_OUT
            and rule.arguments <= {*ARGUMENTS}
        ):
            address = routes.build(rule.endpoint, {name: ARGUMENTS[name] for name in rule.arguments}, "POST")
            status = desk.client.post(address, data=data).status_code
            seen += 1
            if status >= 500:
                failed.append((rule.endpoint, status))
    assert (failed, seen > 40) == ([], True)
