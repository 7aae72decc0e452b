"""Reads surveys and scales from questions/*.toml."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import ceil
from pathlib import Path

from kiosk.domain.language_code import is_language_code
from kiosk.domain.survey import (
    FACES,
    MOST_FOLLOW_UP_OPTIONS,
    MOST_SEVERAL,
    NONE_OF_THESE,
    NOT_CONCERNED,
    TARGET_LIMITS,
    FollowUp,
    Good,
    Pictures,
    Poles,
    Scale,
    Statement,
    Survey,
    can_agree,
    cost_of,
    number_scale,
)
from kiosk.library.definition import (
    DefinitionError,
    Read,
    Table,
    definition_files,
    read_definition,
    refuse_taken,
    strictly,
)

MOST_STATEMENTS = 20
"""Most statements of a survey. Also the most that a ballot may cost (`cost_of`), so that a survey with
several options tells no more about a guest than the longest survey without them."""
MOST_OPTIONS = 11
"""Most options of a scale, numbers included: more do not fit a screen."""
HIGHEST_NUMBER = 100
"""Highest number of a scale of numbers."""


def _origin(table: Table) -> tuple[str, str, bool]:
    """Return (source, licence, validated). Raises DefinitionError if one is missing, so that no question with
    unknown rights is used."""
    return table.text("source"), table.text("licence"), table.flag("validated")


def _official(table: Table) -> tuple[str, ...]:
    """Return the codes of the languages with an official wording; () without the key. Raises DefinitionError
    for a text that is no language code."""
    codes = table.optional_texts("official")
    if wrong := [code for code in codes if not is_language_code(code)]:
        raise table.error("official", f'{wrong[0]!r} is no language code; write codes such as ["en", "sv"]')
    return codes


def read_scale(path: Path) -> Scale:
    """Return the scale in a file. The file lists the options lowest first, or, without an order, as guests
    see them: then `labels` are reversed. Raises DefinitionError, with the line, for any fault."""
    table, scale_id = read_definition(path)
    _origin(table)
    _official(table)
    bipolar, title = table.flag("bipolar"), table.optional_text("title")
    if "numbers" in table.values or "poles" in table.values:
        return replace(_read_number_scale(table, scale_id, bipolar=bipolar), title=title)
    is_ordered = table.flag("ordered") if "ordered" in table.values else True
    allowed = Pictures if is_ordered else [Pictures.NONE]
    usual = Pictures.CIRCLES if is_ordered else Pictures.NONE
    pictures = Pictures(table.optional_choice("pictures", allowed) or usual)
    labels: list[str] = []
    for option in table.tables("options", at_least=2, at_most=MOST_OPTIONS):
        label = option.text("label")
        if label in labels:
            raise option.error("label", f"{label!r} occurs twice; a guest could not tell them apart")
        option.finish()
        labels.append(label)
    if pictures is Pictures.FACES and len(labels) != FACES:
        raise table.error("pictures", f'faces are for {FACES} options, not {len(labels)}; write "circles"')
    table.finish()
    if not is_ordered and bipolar:
        raise table.error("bipolar", "options without an order have no middle; write false")
    if not is_ordered:
        labels.reverse()
    return Scale(scale_id, tuple(labels), bipolar, pictures, is_ordered=is_ordered, title=title)


def _read_number_scale(table: Table, scale_id: str, *, bipolar: bool) -> Scale:
    """Return the scale of a file with `numbers` and `poles`. `bipolar` is as in `Scale`, and does not change
    the numbers. Raises DefinitionError for values that make no scale."""
    numbers, poles = table.optional_numbers("numbers"), table.optional_texts("poles")
    table.optional_choice("pictures", [Pictures.NONE])
    if len(numbers) != 2 or not 0 <= numbers[0] < numbers[1] <= HIGHEST_NUMBER:
        raise table.error(
            "numbers", f"must be the lowest and the highest number, 0 to {HIGHEST_NUMBER}, such as [0, 10]"
        )
    options = numbers[1] - numbers[0] + 1
    if options > MOST_OPTIONS:
        raise table.error("numbers", f"are {options} answers; at most {MOST_OPTIONS} fit a screen")
    if len(set(poles)) != 2 or not all(poles):
        raise table.error("poles", 'must be two different texts, such as ["Inte alls", "Helt och hållet"]')
    if "options" in table.values:
        raise table.error("options", "cannot be combined with numbers; remove the [[options]] or the numbers")
    table.finish()
    return number_scale(scale_id, Poles(numbers[0], *poles), options, bipolar=bipolar)


def read_survey(path: Path, scales: Mapping[str, Scale]) -> Survey:
    """Return the survey in a file, untranslated. `scales` are those that it may name, by id. Raises
    DefinitionError, with the line, for any fault."""
    table, survey_id = read_definition(path)
    title = table.text("title")
    source, licence, validated = _origin(table)
    official = _official(table)
    default_scale = table.optional_text("scale")
    if default_scale:
        _check_scale(table, default_scale, scales)
    statements: list[Statement] = []
    for row in table.tables("statements", at_least=1, at_most=MOST_STATEMENTS):
        statement = _read_statement(row, scales, default_scale, statements)
        if statement.id in {s.id for s in statements}:
            raise row.error("id", f"{statement.id!r} occurs twice; every statement needs its own id")
        if statement.text in {s.text for s in statements}:
            raise row.error("text", "occurs twice in this survey; remove one")
        statements.append(statement)
    if (cost := cost_of(statements)) > MOST_STATEMENTS:
        raise table.error(
            "statements",
            f"tell as much about a guest as {ceil(cost)} with one answer, at most {MOST_STATEMENTS} may: a "
            "question with several options counts as 1, and 1/2 for each option, a follow-up as 1/3 "
            "(docs/noise.md); remove some",
        )
    table.finish()
    return Survey(survey_id, title, source, licence, validated, tuple(statements), {}, official)


def _read_statement(
    row: Table, scales: Mapping[str, Scale], default_scale: str, before: Sequence[Statement]
) -> Statement:
    """Return the statement of a section. `default_scale` is the id of the scale of statements that name none,
    "" if the survey has no such scale; `before` are the statements of the sections above. Raises
    DefinitionError for any fault."""
    scale_id = row.optional_text("scale") or default_scale
    if not scale_id:
        raise row.error("scale", "is missing here and at the top of the file; name a scale")
    _check_scale(row, scale_id, scales)
    statement_id = row.identifier("id")
    if statement_id in RESERVED_NAMES:
        raise row.error("id", f"{statement_id!r} is used by the guest's form; choose another")
    good, agreeing = row.optional_choice("good", Good), row.optional_numbers("agreeing")
    options = len(scales[scale_id].labels)
    for key in ("good", "agreeing", "target"):
        if row.values.get(key) and not scales[scale_id].is_ordered:
            raise row.error(key, f"the options of the scale {scale_id!r} have no order; remove it")
    if not can_agree(agreeing, options):
        raise row.error(
            "agreeing",
            f"{list(agreeing)} must be different option numbers from 1, the lowest, to {options}, but not "
            "all of them",
        )
    several = row.flag("several") if "several" in row.values else False
    if several and (reason := _why_not_several(scales[scale_id])):
        raise row.error("several", reason)
    follows = _read_follow_up(row, scales[scale_id], before, several=several)
    target = row.optional_number("target", TARGET_LIMITS[1])
    if target is not None and target < TARGET_LIMITS[0]:
        raise row.error("target", f"must be a percentage from {TARGET_LIMITS[0]} to {TARGET_LIMITS[1]}")
    statement = Statement(
        statement_id,
        row.text("text"),
        row.text("outcome"),
        scales[scale_id],
        Good(good) if good else None,
        tuple(sorted(agreeing)),
        row.optional_texts("earlier_spellings"),
        row.optional_texts("earlier_wordings"),
        target,
        several,
        follows,
    )
    row.finish()
    return statement


def _read_follow_up(
    row: Table, scale: Scale, before: Sequence[Statement], *, several: bool
) -> FollowUp | None:
    """Return the statement and the answers that the question of a section follows; None if it is no
    follow-up. Raises DefinitionError for any fault of `follows` or `when`. `scale` and `several` are the
    question's own, `before` the statements above it."""
    followed, when = row.optional_text("follows"), row.optional_numbers("when")
    if not followed:
        if when:
            raise row.error("when", 'needs the statement: write follows = "its id", or remove it')
        return None
    if reason := _why_not_followed(followed, row.values.get("id"), before):
        raise row.error("follows", reason)
    if reason := _why_no_follow_up(scale, several=several):
        raise row.error("follows", reason)
    options = len(before[-1].scale.labels)
    if not when or not can_agree(when, options):
        raise row.error(
            "when",
            f"must be the numbers of the answers to {followed!r} after which it is asked, such as [1, 2]: "
            f"from 1, the lowest, to {options}, but not all of them",
        )
    return FollowUp(followed, tuple(sorted(when)))


def _why_not_followed(followed: str, own_id: object, before: Sequence[Statement]) -> str:
    """Return the reason why a question cannot follow the statement with the id `followed`, with the remedy;
    "" if it can. `own_id` is the question's id; `before` are the statements above it."""
    if followed == own_id:
        return "a statement cannot follow itself; name the statement before it"
    if followed not in {statement.id for statement in before}:
        return f"no statement {followed!r} stands above this one; move it above, or correct the id"
    last = before[-1]
    if last.id != followed:
        return f"a follow-up must stand right below {followed!r}; it stands below {last.id!r}"
    if last.follows:
        return f"{followed!r} is a follow-up itself, and cannot have one; ask a question of its own"
    if last.several:
        return f"a guest may choose several answers to {followed!r}, so it cannot have a follow-up"
    return ""


def _why_no_follow_up(scale: Scale, *, several: bool) -> str:
    """Return the reason why a question with this scale cannot be a follow-up, with the remedy; "" if it can.
    `several` says whether a guest may choose several of its answers."""
    if several:
        return "a follow-up has one answer; remove several"
    if scale.is_ordered:
        return f"the options of the scale {scale.id!r} have an order; use a scale with ordered = false"
    if len(scale.labels) > MOST_FOLLOW_UP_OPTIONS:
        return (
            f"the scale {scale.id!r} has {len(scale.labels)} options; at most {MOST_FOLLOW_UP_OPTIONS} fit "
            "the screen of a follow-up; leave some out"
        )
    if NOT_CONCERNED in scale.labels:
        return f"the program adds {NOT_CONCERNED!r} itself; remove it from the scale {scale.id!r}"
    return ""


def _why_not_several(scale: Scale) -> str:
    """Return the reason why a guest cannot choose several of a scale's options, with the remedy; "" if a
    guest can."""
    if scale.is_ordered:
        return f"the options of the scale {scale.id!r} have an order; use a scale with ordered = false"
    if len(scale.labels) > MOST_SEVERAL:
        return (
            f"the scale {scale.id!r} has {len(scale.labels)} options; at most {MOST_SEVERAL} can be chosen "
            "among, since what each option tells about a guest adds up (docs/noise.md); leave some out, or "
            "ask two questions"
        )
    if NONE_OF_THESE in scale.labels:
        return f"the program adds {NONE_OF_THESE!r} itself; remove it from the scale {scale.id!r}"
    return ""


def _check_scale(table: Table, scale_id: str, scales: Mapping[str, Scale]) -> None:
    """Raise DefinitionError if `scales` has no scale with this id; `table` is the one that names it."""
    if scale_id not in scales:
        known = ", ".join(sorted(scales)) or "none"
        raise table.error("scale", f"no scale {scale_id!r} in the folder scales; choose one of: {known}")


RESERVED_NAMES = frozenset({"slip", "lang"})
"""Fields of the guest's form beside the statements."""


def read_scales(folder: Path, read: Read = strictly, taken: Container[str] = ()) -> dict[str, Scale | None]:
    """Return all scales of a folder, by id; {} without the folder. An id in `taken` is a fault of the file.
    `read` decides what happens to a faulty file: `strictly` raises DefinitionError. The value is None for a
    file without a replacement."""
    return {
        path.stem: read(path, partial(_read_new_scale, taken=taken))
        for path in definition_files(folder, read)
    }


def readable(scales: Mapping[str, Scale | None]) -> dict[str, Scale]:
    """Return the scales without those whose value is None, which could not be read."""
    return {scale_id: scale for scale_id, scale in scales.items() if scale is not None}


def read_questions(folders: list[Path], read: Read = strictly) -> tuple[dict[str, Scale], dict[str, Survey]]:
    """Return all (scales, surveys) of the folders, untranslated, by id.

    A folder holds survey files and, optionally, a folder `scales`. Later folders see the scales of earlier
    ones. A duplicate id is a fault of the later file, since a round must know which survey it froze. `read`
    decides what happens to a faulty file; surveys and scales without a replacement are left out. A folder's
    surveys never use an earlier folder's scale instead of a faulty one with the same id.
    """
    scales: dict[str, Scale] = {}
    surveys: dict[str, Survey] = {}
    for folder in folders:
        known = readable({**scales, **read_scales(folder / "scales", read, frozenset(scales))})
        for path in definition_files(folder, read):
            survey = read(path, partial(_read_new_survey, taken=frozenset(surveys), scales=known))
            if survey is not None:
                surveys[survey.id] = survey
        scales = {**known, **scales}
    return scales, surveys


def _read_new_scale(path: Path, taken: Container[str]) -> Scale:
    refuse_taken(path, taken)
    return read_scale(path)


def _read_new_survey(path: Path, taken: Container[str], scales: Mapping[str, Scale]) -> Survey:
    if path.stem in taken:
        raise DefinitionError(f"{path}: a survey {path.stem!r} exists already; rename this")
    return read_survey(path, scales)
