"""All that is defined in files: surveys with their translations, trees, catalogues.

Read once at start and by `kiosk check`; an installation may add files of its own to those shipped.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.domain.survey import Survey
from kiosk.domain.tree import Tree
from kiosk.library.catalogues import REFERENCE, Catalogue, read_catalogues, survey_texts
from kiosk.library.definition import DefinitionError
from kiosk.library.surveys import read_surveys
from kiosk.library.trees import read_trees
from kiosk.settings import Settings, SettingsError


@dataclass(frozen=True)
class Library:
    """What is on file; each mapping is by id or language code."""

    surveys: Mapping[str, Survey]
    trees: Mapping[str, Tree]
    guest: Mapping[str, Catalogue]
    desk: Mapping[str, Catalogue]

    @property
    def units(self) -> dict[str, str]:
        """Unit id -> name, of all trees."""
        return {unit: tree.node(unit).name for tree in self.trees.values() for unit in tree.leaves}


def read_library(settings: Settings) -> Library:
    """Read and check everything. Raises DefinitionError at the first file that does not hold, and
    SettingsError if a language is to be shown that has no catalogue."""
    folders = [folder for folder in settings.definition_folders if folder.is_dir()]
    guest = read_catalogues(settings.translation_folders, "guest")
    for code in sorted(settings.languages - set(guest)):
        raise SettingsError(
            f"KIOSK_LANGUAGES names {code!r}, which has no catalogue; choose among {', '.join(guest)} or add "
            f"{settings.data / 'translations' / code / 'LC_MESSAGES' / 'guest.po'}"
        )
    texts = survey_texts(guest)
    surveys = {name: survey.translated(texts) for name, survey in read_surveys(folders).items()}
    trees: dict[str, Tree] = {}
    for folder in folders:
        for name, tree in read_trees(folder / "trees").items() if (folder / "trees").is_dir() else ():
            if name in trees:
                raise DefinitionError(f"{folder / 'trees' / name}.toml: this id is taken; rename it")
            trees[name] = tree
    return Library(surveys, trees, guest, read_catalogues(settings.translation_folders, "desk"))


def spoken_languages(catalogues: Mapping[str, Catalogue], allowed: frozenset[str] | None) -> tuple[str, ...]:
    """Languages the guest's screen can speak, the reference first.

    A language must have every text, and either be the reference, or have been reviewed by a native
    reader, or be one of `allowed` (None: all of them, for the demonstration).
    """
    return tuple(
        code
        for code, found in catalogues.items()
        if found.is_complete
        and (code == REFERENCE or found.is_reviewed or allowed is None or code in allowed)
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
