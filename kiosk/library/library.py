"""The library: surveys with their translations, trees and catalogues, read from files.

It is read once at start and by `kiosk check`. An installation may add its own files to the shipped ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.domain.counters import Counter, ShownCounters
from kiosk.domain.respondent import Respondent
from kiosk.domain.survey import Scale, Survey
from kiosk.domain.theme import Theme
from kiosk.domain.theory import Theory
from kiosk.domain.tree import Tree
from kiosk.library.catalogues import Catalogue, read_catalogues, survey_texts, with_texts_of
from kiosk.library.completeness import of_screen, of_survey
from kiosk.library.counters import read_all_counters, read_shown_counters
from kiosk.library.definition import DefinitionError, is_there
from kiosk.library.own_files import QUESTIONS, FileProblem, TolerantReader, unread_files
from kiosk.library.surveys import read_questions
from kiosk.library.theme import THEME, read_installed_theme
from kiosk.library.theories import KnownIds, read_theories
from kiosk.library.trees import read_trees
from kiosk.settings import Settings, SettingsError


@dataclass(frozen=True)
class Library:
    """The content of all files; each mapping is by id or language code. `surveys` are translated. `guest` and
    `desk` are the catalogues of the guest's and the staff's texts.

    `problems` lists the installation's own files that are not used, or only in their last good copy; `own`
    has the paths, relative to KIOSK_DATA, of those that are used. `choices` says at which units counters are
    shown.
    """

    surveys: Mapping[str, Survey]
    trees: Mapping[str, Tree]
    guest: Mapping[str, Catalogue]
    desk: Mapping[str, Catalogue]
    scales: Mapping[str, Scale] = field(default_factory=dict)
    counters: Mapping[str, Counter] = field(default_factory=dict)
    theories: Mapping[str, Theory] = field(default_factory=dict)
    problems: tuple[FileProblem, ...] = ()
    own: tuple[Path, ...] = ()
    theme: Theme = field(default_factory=Theme)
    choices: ShownCounters = field(default_factory=ShownCounters)

    @property
    def places(self) -> dict[str, str]:
        """Node id -> name, for all nodes of all trees; the name in the first tree if two have a node with the
        same id."""
        names: dict[str, str] = {}
        for tree in self.trees.values():
            for node in tree.nodes:
                names.setdefault(node.id, node.name)
        return names

    @property
    def units(self) -> dict[str, str]:
        """Unit id -> name, for all trees; the name in the first tree if two have a unit with the same id."""
        places = self.places
        return {unit: places[unit] for tree in self.trees.values() for unit in tree.leaves}

    def respondent(self, tree: Tree, node_id: str) -> Respondent:
        """Return the word for those who answer at a node of a round's tree, from the library's trees: a
        round's own tree has no words. If no tree of the library has the node, the word is that of the nearest
        node above it that is in one; GUEST if none is. Raises KeyError if `tree` lacks the node."""
        for above in tree.upwards(node_id):
            for present in self.trees.values():
                if present.has(above):
                    return present.respondent(above)
        return Respondent.GUEST

    def counters_at(self, unit_id: str) -> tuple[Counter, ...]:
        """Return the counters that staff of a unit tap, in the order of the files. An id of no unit has those
        that are shown everywhere."""
        return tuple(counter for counter in self.counters.values() if self.choices.is_shown(counter, unit_id))


def read_library(settings: Settings) -> Library:
    """Return the library, if every file can be used.

    Raises DefinitionError for the first file that cannot be used, and SettingsError if KIOSK_LANGUAGES names
    a language without a catalogue.
    """
    library = read_usable_library(settings)
    for problem in library.problems:
        if problem.is_bad:
            raise DefinitionError(problem.english, problem.message)
    check_languages(settings, library)
    return library


def read_usable_library(settings: Settings) -> Library:
    """Return the library of all files that can be used; its `problems` lists the others.

    An own file of the installation that cannot be read is replaced by its last good copy, or left out. Raises
    DefinitionError if a shipped file cannot be used.
    """
    read = TolerantReader(settings.data)
    folders = settings.definition_folders
    guest = read_catalogues(settings.translation_folders, "guest", read)
    desk = read_catalogues(settings.translation_folders, "desk", read)
    scales, surveys = read_questions(folders, read)
    guest = with_texts_of(surveys.values(), guest)
    texts = survey_texts(guest)
    trees: dict[str, Tree] = {}
    for folder in folders:
        if is_there(folder / "trees"):
            # Own trees come first, in all lists: the shipped one is another organisation's.
            trees = read_trees(folder / "trees", read, frozenset(trees)) | trees
    counters = read_all_counters(folders, read)
    choices = read_shown_counters(settings.data / QUESTIONS, counters, read)
    statements = {statement.id for survey in surveys.values() for statement in survey.statements}
    places = {node.id for tree in trees.values() for node in tree.nodes}
    theme = read_installed_theme(settings.data, read)
    if theme.logo and Path(THEME) in read.good:
        read.good.append(Path(theme.logo.file))
    return Library(
        {name: survey.translated(texts) for name, survey in surveys.items()},
        trees,
        guest,
        desk,
        scales,
        counters,
        read_theories(folders, KnownIds(counters, statements, places), read),
        (*read.problems, *unread_files(settings.data)),
        tuple(read.good),
        theme,
        choices,
    )


def check_languages(settings: Settings, library: Library) -> None:
    """Raise SettingsError if KIOSK_LANGUAGES names a language without a catalogue file. A file that cannot be
    read is no error: it is among the library's `problems`."""
    for code in sorted(settings.languages - set(library.guest)):
        place = Path("translations") / code / "LC_MESSAGES" / "guest.po"
        if str(place) not in {problem.file for problem in library.problems}:
            raise SettingsError(
                f"KIOSK_LANGUAGES names {code!r}, which has no catalogue; choose among "
                f"{', '.join(library.guest)} or add {settings.data / place}"
            )


def screen_languages(catalogues: Mapping[str, Catalogue], allowed: frozenset[str] | None) -> tuple[str, ...]:
    """Return the codes of the languages in which the guest's screen can be shown, in the order of
    `catalogues`.

    A language must have every text of the screen. It must also be the reference, or be reviewed by a native
    reader, or be in `allowed` (None allows all, for the demonstration).
    """
    return tuple(
        code for code, catalogue in catalogues.items() if of_screen(catalogue).can_be_shown(code, allowed)
    )


def shown_languages(
    catalogues: Mapping[str, Catalogue], survey: Survey, allowed: frozenset[str] | None
) -> tuple[str, ...]:
    """Return the codes of the languages that a guest may choose for a survey, in the order of the language
    picker.

    These are the `screen_languages` that also have every text of the survey, and whose translation of the
    survey is reviewed or allowed: a statement is never shown partly in Swedish. Other surveys do not count.
    """
    return tuple(
        code
        for code in screen_languages(catalogues, allowed)
        if of_survey(catalogues[code], survey).can_be_shown(code, allowed)
    )
