"""Routes are made once for all applications of a test run: hundreds of tests make an application.

For each route of each application, werkzeug parses the route's text, writes and compiles two functions, and
adds the route to a tree that requests are matched with. This takes most of the time of making an application,
and its results depend only on the routes.
"""

from typing import Any

from flask import Flask
from werkzeug.routing import Map, Rule, RuleFactory
from werkzeug.routing.matcher import StateMachineMatcher

_rules: dict[tuple[object, ...], Rule] = {}
"""What a route is made of -> the route. No converter here depends on the application that made it."""

_matchers: dict[tuple[object, ...], tuple[StateMachineMatcher, list[Rule]]] = {}
"""The routes of an application, by identity -> the tree that requests are matched with, and the routes."""

_ADDED = "_added"
"""The attribute of a map that lists its routes, in the order in which they were added."""


def share_routes() -> None:
    """Make each application reuse what another one has made for the same routes."""
    Flask.url_rule_class = staticmethod(_rule)  # type: ignore[assignment]
    Map.add = _add  # type: ignore[method-assign, assignment]
    Map.update = _update  # type: ignore[method-assign, assignment]


def _rule(route: str, *, methods: set[str], **options: Any) -> Rule:
    key = (route, frozenset(methods), repr(sorted(options.items())))
    if key not in _rules:
        _rules[key] = Rule(route, methods=methods, **options)
    return _rules[key]


def _add(of: Map, factory: RuleFactory) -> None:
    for rule in factory.get_rules(of):
        if rule.map is None:
            rule.bind(of)
        vars(of).setdefault(_ADDED, []).append(rule)
        of._rules_by_endpoint.setdefault(rule.endpoint, []).append(rule)
    of._remap = True


def _update(of: Map) -> None:
    if not of._remap:
        return
    added = vars(of).get(_ADDED, [])
    key = (of.merge_slashes, *map(id, added))
    if key not in _matchers:
        matcher = StateMachineMatcher(of.merge_slashes)
        for rule in added:
            if not rule.build_only:
                matcher.add(rule)
        matcher.update()
        _matchers[key] = matcher, [*added]
    of._matcher, _ = _matchers[key]
    for rules in of._rules_by_endpoint.values():
        rules.sort(key=Rule.build_compare_key)
    of._remap = False
