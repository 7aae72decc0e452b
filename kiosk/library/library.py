"""All that is defined in files: surveys with their translations, trees, catalogues.

Read once at start and by `kiosk check`; an installation may add files of its own to those shipped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.domain.survey import Scale, Survey
from kiosk.domain.tree import Tree
from kiosk.library.catalogues import REFERENCE, Catalogue, read_catalogues, survey_texts
from kiosk.library.definition import DefinitionError, is_there
from kiosk.library.own_files import FileProblem, OwnFiles, unread_files
from kiosk.library.surveys import read_questions
from kiosk.library.trees import read_trees
from kiosk.settings import Settings, SettingsError


@dataclass(frozen=True)
class Library:
    """What is on file; each mapping is by id or language code.

    `problems` are files of the installation's own that are not used as they stand; `own` are the paths, in
    KIOSK_DATA, of those that are.
    """

    surveys: Mapping[str, Survey]
    trees: Mapping[str, Tree]
    guest: Mapping[str, Catalogue]
    desk: Mapping[str, Catalogue]
    scales: Mapping[str, Scale] = field(default_factory=dict)
    problems: tuple[FileProblem, ...] = ()
    own: tuple[Path, ...] = ()

    @property
    def units(self) -> dict[str, str]:
        """Unit id -> name, of all trees."""
        return {unit: tree.node(unit).name for tree in self.trees.values() for unit in tree.leaves}


def read_library(settings: Settings) -> Library:
    """Read and check everything. Raises DefinitionError at the first file that does not hold, and
    SettingsError if a language is to be shown that has no catalogue."""
    library = read_usable_library(settings)
    for problem in library.problems:
        if problem.is_bad:
            raise DefinitionError(problem.english, problem.message)
    check_languages(settings, library)
    return library


def read_usable_library(settings: Settings) -> Library:
    """Read everything that can be used; `problems` of what is returned names what cannot.

    A file of the installation's own that cannot be read is replaced by its last good copy, or left out.
    Raises DefinitionError if a shipped file does not hold.
    """
    read = OwnFiles(settings.data)
    folders = settings.definition_folders
    guest = read_catalogues(settings.translation_folders, "guest", read)
    desk = read_catalogues(settings.translation_folders, "desk", read)
    texts = survey_texts(guest)
    scales, surveys = read_questions(folders, read)
    trees: dict[str, Tree] = {}
    for folder in folders:
        if is_there(folder / "trees"):
            trees |= read_trees(folder / "trees", read, frozenset(trees))
    return Library(
        {name: survey.translated(texts) for name, survey in surveys.items()},
        trees,
        guest,
        desk,
        scales,
        (*read.problems, *unread_files(settings.data)),
        tuple(read.good),
    )


def check_languages(settings: Settings, library: Library) -> None:
    """Raise SettingsError if a language is to be shown that has no catalogue, not even a broken one."""
    for code in sorted(settings.languages - set(library.guest)):
        place = Path("translations") / code / "LC_MESSAGES" / "guest.po"
        if str(place) not in {problem.file for problem in library.problems}:
            raise SettingsError(
                f"KIOSK_LANGUAGES names {code!r}, which has no catalogue; choose among "
                f"{', '.join(library.guest)} or add {settings.data / place}"
            )


def spoken_languages(catalogues: Mapping[str, Catalogue], allowed: frozenset[str] | None) -> tuple[str, ...]:
    """Languages the guest's screen can speak, the reference first.

    A language must have every text, and either be the reference, or have been reviewed by a native
    reader, or be one of `allowed` (None: all of them, for the demonstration).
    """
    return tuple(
        code
        for code, catalogue in catalogues.items()
        if catalogue.is_complete
        and (code == REFERENCE or catalogue.is_reviewed or allowed is None or code in allowed)
    )


def shown_languages(
    catalogues: Mapping[str, Catalogue], survey: Survey, allowed: frozenset[str] | None
) -> tuple[str, ...]:
    """Languages a guest may choose for a survey, in the picker's order: those the screen can speak that
    have every text of the survey too. Nothing falls back to Swedish inside a statement.

    A round has frozen its survey's texts, and a review is of the texts on file: what was frozen counts as
    reviewed only where it is the same, word for word.
    """
    return tuple(
        code
        for code in spoken_languages(catalogues, allowed)
        if code == REFERENCE or _can_be_asked(catalogues[code], survey, allowed)
    )


def _can_be_asked(catalogue: Catalogue, survey: Survey, allowed: frozenset[str] | None) -> bool:
    code = catalogue.language.code
    frozen = survey.texts.get(code, {})
    if allowed is None or code in allowed:
        return set(frozen) >= set(survey.messages)
    return all(frozen.get(message, "") == catalogue.texts.get(message) for message in survey.messages)
