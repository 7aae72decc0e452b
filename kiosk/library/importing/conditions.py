"""Reads conditions of other programs: a question is asked if another one has one of some answers. A follow-up
has such a condition, and no other.

Each public function returns a Condition; None for any other condition, or an empty text.
"""

import re

Condition = tuple[str, tuple[str, ...]]
"""The name of a question, and the names of its answers after which another one is asked."""

LONGEST_CONDITION = 1_000
"""Most characters of a condition that is read: a longer one has another shape."""

_QUOTED = r"""(?:'(?P<single>[^']+)'|"(?P<double>[^"]+)")"""

XPATH = re.compile(
    rf"(?:\$\{{(?P<name>[\w.-]+)\}}\s*=\s*|(?P<call>selected)\(\s*\$\{{(?P<in_call>[\w.-]+)\}}\s*,\s*){_QUOTED}"
    r"(?(call)\s*\))"
)
"""Pattern of a term in an XLSForm: ${q} = 'x', or selected(${q}, 'x')."""

EXPRESSION = re.compile(rf"(?P<name>\w+)(?:\.NAOK|\.code)?\s*==\s*(?:{_QUOTED}|(?P<bare>\d+))")
"""Pattern of a term in LimeSurvey: q.NAOK == 'x'. The group `name` may have ids: survey X group X question
and its row."""

VISIBLE_IF = re.compile(
    rf"\{{(?P<name>[^{{}}]+)\}}\s*(?:(?:==?|contains)\s*(?:{_QUOTED}|(?P<bare>[\w-]+))|anyof\s*\[(?P<list>[^\[\]]*)\])"
)
"""Pattern of a term in SurveyJS: {q} = 'x', or {q} anyof ['x', 'y']."""

_ITEM = re.compile(rf"{_QUOTED}|(?P<bare>[\w-]+)")
"""An answer in a list of SurveyJS."""


def xpath_condition(text: str) -> Condition | None:
    """Return the condition in an XLSForm's column `relevant`: (name of the other question, names of the
    answers to it after which this one is asked). None if a follow-up cannot have it."""
    return _condition(text, XPATH)


def expression_condition(text: str) -> Condition | None:
    """Return the condition in LimeSurvey's column `relevance`: (code of the other question, codes of the
    answers to it after which this one is asked). None if a follow-up cannot have it."""
    return _condition(text, EXPRESSION)


def visible_if_condition(text: str) -> Condition | None:
    """Return the condition in SurveyJS's `visibleIf`: (name of the other question, names of the answers to it
    after which this one is asked). None if a follow-up cannot have it. A row of a matrix, "m.row", has the
    name of the statement that it becomes, "m_row"."""
    condition = _condition(text, VISIBLE_IF)
    return condition and (condition[0].strip().replace(".", "_"), condition[1])


def _condition(text: str, term: re.Pattern[str]) -> Condition | None:
    """Return the condition in a text: terms with the pattern `term`, about one question, joined by `or`. None
    for any other text."""
    if len(text) > LONGEST_CONDITION:
        return None
    # Brackets say nothing where every term is joined by "or".
    terms = re.split(r"\s+or\s+|\s*\|\|\s*", _without_brackets(text), flags=re.IGNORECASE)
    matched = [match for part in terms if (match := term.fullmatch(_without_brackets(part)))]
    names = {match["name"] or match.groupdict().get("in_call") or "" for match in matched}
    answers = [answer for match in matched for answer in _answers(match)]
    if len(matched) < len(terms) or len(names) != 1 or not answers:
        return None
    return names.pop(), tuple(dict.fromkeys(answers))


def _without_brackets(text: str) -> str:
    """Return a text without spaces around it and without brackets around the whole."""
    text = text.strip()
    while text.startswith("(") and text.endswith(")") and _closes_at(text) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def _closes_at(text: str) -> int:
    """Return the index of the bracket that closes the first one, -1 if none does."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return at
    return -1


def _answers(match: re.Match[str]) -> list[str]:
    """Return the names of the answers in a term; [] for a list with anything else."""
    groups = match.groupdict()
    if groups.get("list") is not None:
        items = [_ITEM.fullmatch(item.strip()) for item in match["list"].split(",")]
        return [answer for item in items if item for answer in _answers(item)] if all(items) else []
    answer = groups["single"] or groups["double"] or groups.get("bare")
    return [answer] if answer else []
