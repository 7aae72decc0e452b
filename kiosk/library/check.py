"""The report of `kiosk check`: surveys with their versions, and the state of each language."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from kiosk.domain.noise import EPSILON
from kiosk.domain.survey import MOST_PICTURES, Pictures, Scale, Survey, cost_of
from kiosk.domain.theme import WHITE, Theme, shown_contrast
from kiosk.library import completeness
from kiosk.library.catalogues import REFERENCE, survey_texts, with_texts_of
from kiosk.library.definition import DefinitionError, definition_files
from kiosk.library.library import Library, read_library
from kiosk.library.surveys import read_scales, read_survey, readable
from kiosk.settings import Settings

EMOJI = re.compile("[\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff]")
"""Symbols and emoji that Debian's default fonts do not have."""


def read_checked(settings: Settings, paths: Iterable[Path]) -> Library:
    """Read the library, with further survey files (or folders of them) added.

    Raises DefinitionError for the first file that cannot be used, and SettingsError if KIOSK_LANGUAGES names
    a language without a catalogue.
    """
    return add_files(read_library(settings), paths)


def add_files(library: Library, paths: Iterable[Path]) -> Library:
    """Return the library with the surveys in further files, or folders of files, translated by the library's
    catalogues. A file replaces the survey with the same id. Its survey may use the library's scales, and
    those in the folder `scales` beside the file, which come first. Raises DefinitionError for a file that is
    missing or cannot be used."""
    surveys = dict(library.surveys)
    for path in _files(paths):
        scales = readable({**library.scales, **read_scales(path.parent / "scales")})
        surveys[path.stem] = read_survey(path, scales)
    guest = with_texts_of(surveys.values(), library.guest)
    texts = survey_texts(guest)
    translated = {name: survey.translated(texts) for name, survey in surveys.items()}
    return replace(library, surveys=translated, guest=guest)


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    """Yield each path that is a file, and the definition files in each that is a folder. Raises
    DefinitionError for a path that does not exist."""
    for path in paths:
        if not path.exists():
            raise DefinitionError(f"{path}: there is no such file or folder")
        yield from definition_files(path) if path.is_dir() else [path]


def check_report(library: Library) -> dict[str, Any]:
    """Return the report as `kiosk check --json` prints it: surveys, scales, trees, counters and theories by
    id, the state of the guest's screen and of each language, and the theme."""
    return {
        "surveys": {
            survey.id: {
                "version": survey.version,
                "source": survey.source,
                "licence": survey.licence,
                "official": list(survey.official),
                "unofficial": [
                    code
                    for code, state in _languages(library, survey).items()
                    if not state["missing"] and not survey.is_official_in(code)
                ],
                "epsilon": str(cost_of(survey.statements) * EPSILON),
                "scale": survey.statements[0].scale.id,
                "statements": [
                    {
                        "id": s.id,
                        "text": s.text,
                        "scale": s.scale.id,
                        "good": s.good,
                        "agreeing": list(s.agreeing_options),
                        **({"several": True} if s.several else {}),
                        **({"follows": s.follows.as_json()} if s.follows else {}),
                    }
                    for s in survey.statements
                ],
                "languages": _languages(library, survey),
            }
            for survey in library.surveys.values()
        },
        "scales": {scale.id: _scale(library, scale) for scale in library.scales.values()},
        "trees": {
            tree.root.id: {"name": tree.root.name, "units": list(tree.leaves)}
            for tree in library.trees.values()
        },
        "counters": {counter.id: counter.name for counter in library.counters.values()},
        "theories": {
            theory.id: {"boxes": len(theory.boxes), "not_measured": [box.text for box in theory.gaps]}
            for theory in library.theories.values()
        },
        "screen": {
            code: _counts(completeness.of_screen(catalogue)) for code, catalogue in library.guest.items()
        },
        "languages": {code: _whole(library, code) for code in library.guest},
        "theme": _theme(library.theme),
    }


def _theme(theme: Theme) -> dict[str, Any]:
    """Return the theme, with the contrast of white text on its accent colour, as a JSON-ready document."""
    return {
        "name": theme.name,
        "logo": theme.logo.file if theme.logo else None,
        "accent": theme.accent,
        "contrast": float(shown_contrast(theme.accent, WHITE)),
    }


def _whole(library: Library, code: str) -> dict[str, int | bool]:
    """Return the state of a language over the screen and all surveys: the numbers of `empty` and `unreviewed`
    texts, and whether there are none of both (`reviewed`)."""
    state = completeness.of_all(library.guest[code], library.surveys.values())
    return {
        "empty": len(state.missing), "unreviewed": len(state.unreviewed), "reviewed": state.is_reviewed
    }  # fmt: skip


def _counts(state: completeness.Completeness) -> dict[str, int]:
    return {"missing": len(state.missing), "unreviewed": len(state.unreviewed)}


def scale_labels(library: Library, scale: Scale) -> dict[str, list[str]]:
    """Return language code -> a scale's labels, the lowest first, for the languages that have all of them. A
    reader compares them: a scale must mean the same in each language."""
    rows = {
        code: list(scale.labels if code == REFERENCE else scale.labels_in(code, catalogue.texts))
        for code, catalogue in library.guest.items()
    }
    return {code: row for code, row in rows.items() if all(row)}


def _scale(library: Library, scale: Scale) -> dict[str, Any]:
    """Return a scale's labels, whether it has pictures, and the emoji in its labels, as a JSON-ready
    document."""
    labels = scale_labels(library, scale)
    emoji = sorted({char for row in labels.values() for label in row for char in EMOJI.findall(label)})
    return {"pictures": scale.has_pictures, "emoji": emoji, "labels": labels}


def _languages(library: Library, survey: Survey) -> dict[str, dict[str, int]]:
    """Return language code -> the numbers of the survey's texts that are `missing` and `unreviewed`."""
    return {
        code: _counts(completeness.of_survey(catalogue, survey)) for code, catalogue in library.guest.items()
    }


def check_text(library: Library) -> str:
    """Return the report as `kiosk check` prints it: lines of text with warnings, the last with a line
    feed."""
    lines = []
    report = check_report(library)
    for name, row in report["surveys"].items():
        lines.append(
            f"survey {name}: version {row['version']}, {len(row['statements'])} statements; "
            f"epsilon of a whole ballot in a protected round: {row['epsilon']}"
        )
        if row["official"]:
            lines += [f"  source: {row['source']}", f"  licence: {row['licence']}"]
            lines.append(f"  official wording: {', '.join(row['official'])}")
        if row["unofficial"]:
            lines.append(
                f"  NOT an official translation (ej officiell översättning): {', '.join(row['unofficial'])}"
            )
        silent = [
            statement["id"]
            for statement in row["statements"]
            if statement["good"] is None and library.surveys[name].statement(statement["id"]).scale.is_ordered
        ]
        if silent:
            lines.append(
                f"  warning: {', '.join(silent)}: the file does not say which end of the scale is good; add "
                'good = "high", "low" or "neither" to the statement'
            )
        shown = {
            code: state
            for code, state in row["languages"].items()
            if library.surveys[name].is_official_in(code)
        }
        lines += _language_lines(shown)
    lines += _scale_lines(library)
    for name, row in report["trees"].items():
        lines.append(f"tree {name}: {', '.join(row['units'])}")
    lines.append(f"counters: {', '.join(report['counters'])}")
    for name, row in report["theories"].items():
        lines.append(f"theory {name}: {row['boxes']} boxes, {len(row['not_measured'])} not measured")
        lines += [f"  not measured: {text}" for text in row["not_measured"]]
    lines += ["screen of guests", *_language_lines(report["screen"])]
    for code, row in report["languages"].items():
        verdict = "reviewed" if row["reviewed"] else "NOT reviewed by a native reader"
        lines.append(f"language {code}: {row['empty']} empty, {row['unreviewed']} unreviewed: {verdict}")
    theme = report["theme"]
    names = ", ".join(filter(None, [theme["name"], theme["logo"]])) or "no name or logo"
    lines.append(f"theme: {names}, accent {theme['accent']} (contrast {theme['contrast']} with white)")
    return "\n".join(lines) + "\n"


def _language_lines(states: dict[str, dict[str, int]]) -> list[str]:
    """Return the lines about the languages of a survey or the screen: one for each language with missing
    texts, and one with the numbers of unreviewed texts of all languages. `states` maps each language code to
    the numbers of `missing` and `unreviewed` texts."""
    lines = [
        f"  {code}: {state['missing']} texts missing, hidden from guests"
        for code, state in states.items()
        if state["missing"]
    ]
    unreviewed = [f"{code} {state['unreviewed']}" for code, state in states.items() if state["unreviewed"]]
    return [*lines, *([f"  unreviewed texts: {', '.join(unreviewed)}"] if unreviewed else [])]


def _pictures(scale: Scale) -> str:
    """Return which pictures a scale has, in words."""
    if scale.pictures is Pictures.NONE:
        return "no pictures"
    if scale.pictures is Pictures.FACES:
        return "a face each"
    return "a picture each" if scale.has_pictures else f"no pictures, since more than {MOST_PICTURES}"


def _scale_lines(library: Library) -> list[str]:
    """Return each scale's labels in all languages, one below the other, so that a reader can compare them."""
    lines = []
    for name, row in check_report(library)["scales"].items():
        number = len(row["labels"][REFERENCE])
        pictures = _pictures(library.scales[name])
        order = "lowest first" if library.scales[name].is_ordered else "without an order, last first"
        lines.append(f"scale {name}: {number} answers, {pictures}; {order}")
        lines += [f"  {code}: {' | '.join(labels)}" for code, labels in row["labels"].items()]
        if row["emoji"]:
            signs = " ".join(row["emoji"])
            lines.append(f"  needs a font with {signs} on every screen: install fonts-noto-color-emoji")
    return lines
