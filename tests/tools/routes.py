"""Routes are compiled once for all applications of a test run: hundreds of tests make an application of their
own.

For each route of each application, werkzeug parses the route's text, and writes and compiles two functions.
This takes most of the time of making an application, and its results depend only on the route.
"""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

_compile: Callable[[Rule], None] = Rule.compile
_compiled: dict[tuple[Any, ...], tuple[Any, ...]] = {}
"""Key of a route -> its parts, its variables and its two functions. They do not depend on the application
whose route was compiled first, since no converter does."""


def share_routes() -> None:
    """Make each application reuse what another one has compiled for the same route."""
    Rule.compile = _compile_once  # type: ignore[method-assign, assignment]


def _compile_once(rule: Rule) -> None:
    key = (rule.rule, rule.host, rule.subdomain, rule.merge_slashes, rule.is_leaf, repr(rule.defaults))
    if key not in _compiled:
        _compile(rule)
        functions = (rule._build.__func__, rule._build_unknown.__func__)  # type: ignore[attr-defined]
        _compiled[key] = rule._parts, rule._trace, rule._converters, rule.arguments, *functions
        return
    rule._parts, rule._trace, rule._converters, arguments, build, build_unknown = _compiled[key]
    rule.arguments = set(arguments)
    rule._build, rule._build_unknown = build.__get__(rule, None), build_unknown.__get__(rule, None)
