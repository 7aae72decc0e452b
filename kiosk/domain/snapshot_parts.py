"""Parts of a snapshot's text as documents: a page that shows some nodes of some rounds need not parse
hundreds of others.

The text is that of `snapshot.as_text`. A round begins where its id is followed by its survey, and a node
where its id is followed by its parent. No other place has this: a quotation mark within a JSON string has a
backslash, and what follows a statement's id is an object. A table begins where a column's id is followed by
an object that begins with counts.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TypeVar, cast

from kiosk.domain.short_hash import short_hash
from kiosk.domain.snapshot import Document, NodeDocument, RoundDocument

_DECODER = json.JSONDecoder()

_ID, _SURVEY, _TABLES = '{"id":', ',"survey":"', '"statements":{'

_NODE = re.compile(r'{"id":"(?:[^"\\]|\\.)*","parent":["n]')
"""The beginning of a node, up to the first character of its parent: a quotation mark, or null."""


@dataclass(frozen=True)
class _Bounds:
    """Positions in the text. `start` is that of a round, `nodes` that of its list of nodes. `end` is behind
    the last node: just after the next round's id or, for the last round, at the text's end."""

    start: int
    nodes: int
    end: int


MOST_ROUNDS, MOST_NODES, MOST_TABLES = 8, 4096, 8
"""Most parsed parts of each kind that a SnapshotParts keeps. Before one more is kept, those of its kind are
forgotten. With hundreds of units and tens of statements a whole round takes tens of megabytes."""


class SnapshotParts:
    """The text of a snapshot. Methods raise ValueError for a round or node that it lacks. The documents that
    they return share parts, which callers must not change. At most `most_rounds` parsed rounds are kept."""

    def __init__(self, text: str, most_rounds: int = MOST_ROUNDS) -> None:
        self._text = text
        self._most_rounds = most_rounds
        self._bounds: dict[str, _Bounds] = {}
        self._rounds: dict[str, RoundDocument] = {}
        self._nodes: dict[tuple[str, str], RoundDocument] = {}
        self._tables: dict[tuple[str, ...], RoundDocument] = {}

    def rounds(self, round_ids: Iterable[str]) -> Document:
        """Return the document with these rounds only, in this order. ValueError for an unknown round."""
        return self._document([self._round(round_id) for round_id in round_ids])

    def node(self, round_ids: Iterable[str], node_id: str) -> Document:
        """Return the document with these rounds only, in this order, each with this node only. Keys of a
        round's JSON after `nodes` are left out. ValueError for an unknown round, or one without the node."""
        return self._document([self._round_with_node(round_id, node_id) for round_id in round_ids])

    def tables(self, round_id: str, column_ids: Sequence[str]) -> Document:
        """Return the document with this round only, and with the tables of these columns only at each node.
        Keys of the round's JSON after `nodes` are left out. ValueError for an unknown round, and if a node
        with figures lacks one of the columns."""
        return self._document([self._round_with_tables(round_id, tuple(column_ids))])

    def figures_hash(self, round_id: str) -> str:
        """Return a hash of a round's part of the text, 32 hex digits, by which a caller notices that its
        figures differ from earlier ones. The hash also changes with the id of the round after it.
        ValueError for an unknown round."""
        bounds = self._bounds_of(round_id)
        return short_hash(self._text[bounds.start : bounds.end], 32)

    def _document(self, rounds: list[RoundDocument]) -> Document:
        return {
            "made_at": self._head["made_at"],
            "demonstration": self._head["demonstration"],
            "rounds": rounds,
        }

    @cached_property
    def _head(self) -> Document:
        mark = '"rounds":['
        return cast(Document, json.loads(self._text[: self._text.index(mark)] + mark + "]}"))

    def _round(self, round_id: str) -> RoundDocument:
        # One look: another thread may forget the parts between two.
        if (kept := self._rounds.get(round_id)) is not None:
            return kept
        whole: RoundDocument = _DECODER.raw_decode(self._text, self._bounds_of(round_id).start)[0]
        return keep(self._rounds, round_id, whole, self._most_rounds)

    def _round_with_node(self, round_id: str, node_id: str) -> RoundDocument:
        key = (round_id, node_id)
        if (kept := self._nodes.get(key)) is not None:
            return kept
        of_round = self._bounds_of(round_id)
        mark = f'{{"id":{_json(node_id)},"parent":'
        at = self._text.index(mark, of_round.nodes, of_round.end)
        with_node = self._without_nodes(of_round)
        with_node["nodes"].append(_DECODER.raw_decode(self._text, at)[0])
        return keep(self._nodes, key, with_node, MOST_NODES)

    def _round_with_tables(self, round_id: str, column_ids: tuple[str, ...]) -> RoundDocument:
        key = (round_id, *column_ids)
        if (kept := self._tables.get(key)) is not None:
            return kept
        of_round = self._bounds_of(round_id)
        with_tables = self._without_nodes(of_round)
        with_tables["nodes"] += self._nodes_with_tables(of_round, column_ids)
        return keep(self._tables, key, with_tables, MOST_TABLES)

    def _nodes_with_tables(self, of_round: _Bounds, column_ids: Sequence[str]) -> Iterator[NodeDocument]:
        """Yield a round's nodes in order, each with the tables of these columns only; a node without figures
        as it is."""
        text = self._text
        starts = [node.start() for node in _NODE.finditer(text, of_round.nodes, of_round.end)]
        marks = [(column_id, f'{_json(column_id)}:{{"counts":') for column_id in column_ids]
        for start, end in pairwise([*starts, of_round.end]):
            tables = text.find(_TABLES, start, end)
            if tables < 0:
                yield _DECODER.raw_decode(text, start)[0]
                continue
            document = json.loads(text[start:tables] + _TABLES + "}}")
            for column_id, mark in marks:
                at = text.index(mark, tables, end) + len(mark) - len('{"counts":')
                document["statements"][column_id] = _DECODER.raw_decode(text, at)[0]
            yield document

    def _without_nodes(self, of_round: _Bounds) -> RoundDocument:
        """Return a round's document up to its nodes, with none of these."""
        return cast(RoundDocument, json.loads(self._text[of_round.start : of_round.nodes] + '"nodes":[]}'))

    def _bounds_of(self, round_id: str) -> _Bounds:
        if round_id not in self._bounds:
            self._find_bounds()
        if round_id not in self._bounds:
            raise ValueError(round_id)
        return self._bounds[round_id]

    def _find_bounds(self) -> None:
        """Find all rounds in one walk over the text: hundreds of walks take longer than parsing it."""
        text, at = self._text, self._text.find(_SURVEY)
        while at >= 0:
            start = text.rindex(_ID, 0, at)
            nodes = text.index('"nodes":[', at)
            following = text.find(_SURVEY, nodes)
            end = following if following >= 0 else len(text)
            self._bounds[json.loads(text[start + len(_ID) : at])] = _Bounds(start, nodes, end)
            at = following


Key = TypeVar("Key")
Value = TypeVar("Value")


def keep(kept: dict[Key, Value], key: Key, value: Value, most: int) -> Value:
    """Add a value to `kept` and return it. If `kept` has `most` values, they are forgotten first."""
    if len(kept) >= most:
        kept.clear()
    kept[key] = value
    return value


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
