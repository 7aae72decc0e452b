"""Reads pasted lines of text: each line is a statement, and an optional block of lines is its answers.

Answers follow a line such as "Svar:", on the same line or below it, or begin with a dash or a number below
statements that do not. A block of answers belongs to the statements above it.
"""

import re
from collections.abc import Sequence

from kiosk.domain.message import Message
from kiosk.library.catalogues import REFERENCE
from kiosk.library.importing.form import ForeignForm, ForeignFormError
from kiosk.library.importing.form_builder import FormBuilder

MOST_LINES = 2_000
"""Most lines of a pasted text, empty ones included."""
LONGEST_TEXT = 200_000
"""Most characters of a pasted text."""

HEADING = re.compile(
    r"(?:svar|svaren|svarsalternativ|alternativ|skala|answers?|options|scale)\s*:\s*(.*)", re.I
)
BULLET = re.compile(r"(?:[-–—•*·]|\u2022)\s+(.*)")
NUMBER = re.compile(r"(?:\d{1,2}|[a-zåäö])[.)]\s+(.*)", re.I)

Line = tuple[int, str]
"""Number of a line, from 1, and its text."""


def read_lines(text: str, default_title: str, default_answers: Sequence[str]) -> ForeignForm:
    """Return the form in pasted lines, in Swedish, with the title `default_title`.

    Each line is a statement, or an answer to the statements above it. Answers follow "Svar:" or the like, on
    the same line with slashes, semicolons or commas between them, or on the lines below it up to an empty
    one. In a text without such a line, answers begin with a dash or a number, as its first line does not.
    `default_answers` are the answers of statements without any, from the lowest. Answers without a statement
    are listed as left out. Raises ForeignFormError for a text over MOST_LINES, LONGEST_TEXT or
    MOST_QUESTIONS, and for one with neither statements nor answers.
    """
    if text.count("\n") > MOST_LINES or len(text) > LONGEST_TEXT:
        raise ForeignFormError(
            Message("Texten är längre än en enkät: högst {most} rader.", {"most": MOST_LINES})
        )
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    builder = FormBuilder("Text", REFERENCE)
    for statements, answers in _blocks(lines):
        labels = [label for _, label in answers] or default_answers
        choices = [(str(number), {REFERENCE: label}) for number, label in enumerate(labels, start=1)]
        choice_list = f"{answers[0][0]}" if answers else "default"
        for number, statement in statements:
            place = Message("Rad {line}", {"line": number})
            builder.add(place, f"line_{number}", {REFERENCE: statement}, choices, choice_list)
        if not statements and answers:
            reason = Message("Svaren har inget påstående ovanför sig.", {})
            builder.leave_out(Message("Rad {line}", {"line": answers[0][0]}), reason)
    return builder.form({}, default_title)


def _blocks(lines: Sequence[Line]) -> list[tuple[list[Line], list[Line]]]:
    """Return (statements, answers) of each block, in order. The last block may have no answers, and the first
    no statements."""
    is_answer = _answer_pattern([line for _, line in lines if line])
    blocks: list[tuple[list[Line], list[Line]]] = [([], [])]
    is_below_heading = False
    for number, line in lines:
        heading = HEADING.fullmatch(line)
        match = is_answer.fullmatch(line) if is_answer else None
        if not line:
            is_below_heading = is_below_heading and not blocks[-1][1]
        elif heading:
            if blocks[-1][1]:
                blocks.append(([], []))
            blocks[-1][1].extend((number, part) for part in _parts(heading[1]))
            is_below_heading = not heading[1]
        elif is_below_heading or match:
            blocks[-1][1].append((number, match[1] if match else _unmarked(line)))
        else:
            if blocks[-1][1]:
                blocks.append(([], []))
            blocks[-1][0].append((number, _unmarked(line)))
    return [block for block in blocks if block[0] or block[1]]


def _answer_pattern(lines: Sequence[str]) -> re.Pattern[str] | None:
    """Return the pattern of a line with the mark of answers, whose group 1 is the answer; None if no line is
    an answer by its mark.

    Answers have another mark than the first line, which is a statement. In a text with a heading of answers,
    marks say nothing.
    """
    if any(HEADING.fullmatch(line) for line in lines):
        return None
    marks = [_mark(line) for line in lines]
    return next((mark for mark in marks if mark and mark != marks[0]), None)


def _mark(line: str) -> re.Pattern[str] | None:
    """Return the mark with which a line begins; None without one."""
    return next((mark for mark in (BULLET, NUMBER) if mark.fullmatch(line)), None)


def _unmarked(line: str) -> str:
    """Return a line without its mark."""
    match = BULLET.fullmatch(line) or NUMBER.fullmatch(line)
    return match[1] if match else line


def _parts(text: str) -> list[str]:
    """Return the answers in one line. Slashes separate them if the line has one, else semicolons if it has
    one, else commas."""
    separator = next((mark for mark in "/;," if mark in text), ",")
    return [_unmarked(part.strip()) for part in text.split(separator) if part.strip()]
