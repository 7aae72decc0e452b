"""Routes are compiled once for all applications of a test run: hundreds of tests make an application of their
own.

For each route of each application, werkzeug parses the route's text, and writes and compiles two functions.
This takes most of the time of making an application, and its results depend only on the route's text.
"""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

_compile: Callable[[Rule, bool], Any] = Rule._compile_builder
_compiled: dict[tuple[Any, ...], Any] = {}

_parse: Callable[[Rule, str], Any] = Rule._parse_rule
_parsed: dict[str, Any] = {}


def share_routes() -> None:
    """Make each application reuse the parsed and compiled parts that another one has for the same route."""
    Rule._parse_rule = _parsed_once  # type: ignore[method-assign, assignment]
    Rule._compile_builder = _compiled_once  # type: ignore[method-assign, assignment]


def _compiled_once(rule: Rule, append_unknown: bool = True) -> Any:
    parts = (append_unknown, repr(rule.defaults), *rule._trace)
    if parts not in _compiled:
        _compiled[parts] = _compile(rule, append_unknown)
    return _compiled[parts]


def _parsed_once(rule: Rule, text: str) -> Any:
    """Return the parts of a route, parsed once for each text. Parts with variables are parsed for each
    application, because they have its converters."""
    if "<" in text:
        return _parse(rule, text)
    if text not in _parsed:
        before = len(rule._trace)
        parts = tuple(_parse(rule, text))
        _parsed[text] = parts, tuple(rule._trace[before:])
    else:
        rule._trace.extend(_parsed[text][1])
    return _parsed[text][0]
