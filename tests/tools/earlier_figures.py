"""Earlier figures that a test enters at the desk."""

from werkzeug.test import TestResponse

from tests.tools.desk_side import Desk


def enter(desk: Desk, path: str = "/admin/imported/new/ombudsmannaskap", **changes: str) -> TestResponse:
    """Enter the three percentages of the 2022 report on a page of the desk, and return the response.
    `changes` replace fields of the form. The statements to which the percentages belong are made up for this
    test."""
    data = {
        "csrf_token": desk.token(path), "node": "dagverksamheten", "first": "2022-01-01",
        "last": "2022-12-31", "n": "20", "source": "Effektrapport 2022",
        "reason": "report", "count-listened-5": "50 %",
        "count-feel_better-4": "35 %",
        "count-rights_knowledge-3": "20 %",
    }  # fmt: skip
    return desk.client.post(path, data={**data, **changes})
