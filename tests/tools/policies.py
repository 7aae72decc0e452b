"""A response's content security policy, read as a browser reads it."""

from werkzeug.test import TestResponse


def directives(response: TestResponse) -> dict[str, set[str]]:
    """Return directive -> its values (CSP Level 3, "parse a serialized CSP"). Raises ValueError for a
    directive that occurs twice, since browsers ignore the second."""
    [policy] = response.headers.getlist("Content-Security-Policy")
    directives: dict[str, set[str]] = {}
    for part in filter(None, map(str.strip, policy.split(";"))):
        name, *values = part.split()
        if name in directives:
            raise ValueError(f"{name} is given twice")
        directives[name] = set(values)
    return directives
