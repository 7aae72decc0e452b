"""Routes compiled once for all applications of a run: hundreds of tests make an application of their own.

werkzeug writes, parses and compiles two functions for each route of each application, which takes most of the
time of making one. They depend only on the parts of the route.
"""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

_compile: Callable[[Rule, bool], Any] = Rule._compile_builder
_compiled: dict[tuple[Any, ...], Any] = {}


def share_routes() -> None:
    """Let each application use the functions that another one compiled for the same parts."""
    Rule._compile_builder = _compiled_once  # type: ignore[method-assign, assignment]


def _compiled_once(rule: Rule, append_unknown: bool = True) -> Any:
    if rule.defaults:
        return _compile(rule, append_unknown)
    parts = (append_unknown, *rule._trace)
    if parts not in _compiled:
        _compiled[parts] = _compile(rule, append_unknown)
    return _compiled[parts]
