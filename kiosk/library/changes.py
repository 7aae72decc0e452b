"""Changes an installation's own files, as a transaction.

The whole library is read with the change before any file is replaced. Changes are serialised, also between
processes. Either all files of a change are replaced or none: if one cannot be written, the previous files are
restored.
"""

import fcntl
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from kiosk.domain.message import Message
from kiosk.library.definition import is_there
from kiosk.library.library import Library, read_usable_library
from kiosk.library.own_files import LAST_GOOD, OWN_FOLDERS, FileProblem
from kiosk.library.rule_texts import reference_text
from kiosk.library.theme import theme_files
from kiosk.settings import Settings

Changes = Mapping[Path, bytes | None]
"""Path relative to KIOSK_DATA -> new content, None to remove the file. Files are replaced in this order."""

CANDIDATE = ".candidate-"

_ONE_AT_A_TIME = threading.RLock()

_held: set[Path] = set()
"""Folders whose lock on changes is held by the thread that holds `_ONE_AT_A_TIME`."""


class RefusedError(ValueError):
    """The change was refused, and no file was changed. `messages` has the reasons, at least one, for the
    desk; the error's text is in Swedish."""

    def __init__(self, *messages: Message) -> None:
        super().__init__(" ".join(message.render(reference_text) for message in messages))
        self.messages = messages


@contextmanager
def exclusively(settings: Settings) -> Iterator[None]:
    """Hold the lock on changes in the `with` block, which reads the current files and may replace them.

    Waits until no other thread or process holds it; a thread that holds it may take it again. KIOSK_DATA is
    created if it is missing; OSError if it cannot be. The lock is on the folder itself, so there is no lock
    file.
    """
    with _ONE_AT_A_TIME:
        if settings.data in _held:
            yield
            return
        settings.data.mkdir(parents=True, exist_ok=True)
        folder = os.open(settings.data, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            _held.add(settings.data)
            yield
        finally:
            _held.discard(settings.data)
            os.close(folder)


def change_files(settings: Settings, changes: Changes) -> Library:
    """Replace own files, and return the new library. `changes` maps paths, relative to KIOSK_DATA, to new
    contents, None to remove the file.

    The caller holds `exclusively`. Raises RefusedError, and changes nothing, if a file that is readable now,
    or that is changed, would be unreadable, or if a file cannot be written; DefinitionError if a shipped file
    cannot be used. Own files that were unreadable before stay so, and are in the library's `problems`. Also
    updates the last good copies (`keep_last_good`).
    """
    try:
        for stale in settings.data.glob(f"{CANDIDATE}*"):
            shutil.rmtree(stale)
        with tempfile.TemporaryDirectory(prefix=CANDIDATE, dir=settings.data) as folder:
            candidate = replace(settings, data=Path(folder))
            _mirror(settings.data, candidate.data, changes)
            library = read_usable_library(candidate)
            _refuse_new_problems(settings, candidate, library, changes)
            replace_all(settings.data, changes)
    except OSError as error:
        raise RefusedError(
            Message("Filerna kan inte skrivas: {problem}. Ingenting ändrades.", {"problem": error.strerror})
        ) from error
    keep_last_good(settings, library)
    return library


def _mirror(data: Path, candidate: Path, changes: Changes) -> None:
    """Fill `candidate` with the future content of KIOSK_DATA: links to unchanged files, and the new files."""
    own = [data / name for name in (*OWN_FOLDERS, LAST_GOOD) if is_there(data / name)]
    for path in (*own, *theme_files(data)):
        _link(path, candidate / path.name, {candidate / changed for changed in changes})
    for path, content in changes.items():
        if content is not None:
            (candidate / path).parent.mkdir(parents=True, exist_ok=True)
            (candidate / path).write_bytes(content)


def _link(source: Path, target: Path, changed: set[Path]) -> None:
    """Create `target` as a link to `source`; or as a folder of links, if one of the `changed` paths is in it.
    A `target` that is itself in `changed` is not created. All paths are absolute."""
    if target in changed:
        return
    if source.is_dir() and any(path.is_relative_to(target) for path in changed):
        target.mkdir()
        for path in sorted(source.iterdir()):
            _link(path, target / path.name, changed)
    else:
        target.symlink_to(source)


def _refuse_new_problems(settings: Settings, candidate: Settings, library: Library, changes: Changes) -> None:
    """Raise RefusedError, with a reason for each file that is changed, or readable now, and would not be
    readable afterwards. `library` is that of `candidate`, the future content of KIOSK_DATA.

    A file that was unreadable before, and that the change does not touch, blocks no other file.
    """
    bad = [problem for problem in library.problems if problem.is_bad]
    new = [problem for problem in bad if Path(problem.file) in changes]
    if len(new) < len(bad):
        before = {problem.file for problem in read_usable_library(settings).problems}
        new += [problem for problem in bad if problem not in new and problem.file not in before]
    if new:
        raise RefusedError(*(_refusal(settings, candidate, problem) for problem in new))


def _refusal(settings: Settings, candidate: Settings, problem: FileProblem) -> Message:
    """Return the refusal for a file that would be unreadable. Absolute paths in its text are below the folder
    of `settings`, instead of that of `candidate`, which is temporary."""
    problem_text = problem.message.values["problem"]
    if isinstance(problem_text, str):
        problem_text = problem_text.replace(f"{candidate.data}/", f"{settings.data}/")
    return Message(
        "Ingenting ändrades. {file} skulle inte gå att läsa: {problem}",
        {"file": problem.file, "problem": problem_text},
    )


def replace_all(data: Path, changes: Changes) -> None:
    """Replace every file of a change, in its order, and flush each to the disk. `changes` maps paths,
    relative to `data` (KIOSK_DATA), to new contents, None to remove the file. The caller holds `exclusively`.

    If one cannot be replaced, the files and folders are as before, and OSError is raised. No file is read:
    the caller checks that the new files can be read.
    """
    undo: list[tuple[Path, Path | None]] = []
    new_folders: list[Path] = []
    try:
        for path, content in changes.items():
            new_folders += _make_folders(data / path.parent)
            if content is not None:
                _write(_beside(data / path, "new"), content)
        for path, content in changes.items():
            undo.append((data / path, _keep_old(data / path)))
            if content is None:
                (data / path).unlink(missing_ok=True)
            else:
                _beside(data / path, "new").replace(data / path)
            _sync(data / path.parent)
    except OSError:
        _put_back(undo)
        for path in changes:
            _beside(data / path, "new").unlink(missing_ok=True)
        for folder in reversed(new_folders):
            folder.rmdir()
        raise
    for _, old in undo:
        if old is not None:
            old.unlink(missing_ok=True)


def _beside(path: Path, ending: str) -> Path:
    """Return the path of a hidden file in the same folder, .NAME.ENDING, which no reader reads."""
    return path.with_name(f".{path.name}.{ending}")


def _make_folders(folder: Path) -> list[Path]:
    """Create a folder and its parents; returns those that were created, the outermost first."""
    missing = [path for path in (folder, *folder.parents) if not is_there(path)][::-1]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, and flush it to the disk."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _keep_old(path: Path) -> Path | None:
    """Keep a file that is about to be replaced, by a second hard link or a copy. Returns the path of the link
    or copy; None if there is no file."""
    old = _beside(path, "old")
    old.unlink(missing_ok=True)
    try:
        os.link(path, old)
    except FileNotFoundError:
        return None
    except OSError:
        shutil.copy2(path, old)
    return old


def _put_back(undo: list[tuple[Path, Path | None]]) -> None:
    """Restore files, the last first. `undo` has pairs of a path and that of the file's kept copy, None if the
    file was new: then it is removed."""
    for path, old in reversed(undo):
        if old is not None:
            old.replace(path)
        else:
            path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Flush the names in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def keep_last_good(settings: Settings, library: Library) -> None:
    """Copy to KIOSK_DATA/.last-good each own file that `library` uses, and delete the copies of removed
    files. Copies of files that cannot be read now stay.

    A copy that fails is no error, and is retried at the next change or start: the files themselves are
    intact.
    """
    with suppress(OSError):
        _copy_good_files(settings, library)


def _copy_good_files(settings: Settings, library: Library) -> None:
    copies = settings.data / LAST_GOOD
    for name in library.own:
        content = (settings.data / name).read_bytes()
        copy = copies / name
        if not copy.is_file() or copy.read_bytes() != content:
            _make_folders(copy.parent)
            _write(_beside(copy, "new"), content)
            _beside(copy, "new").replace(copy)
    bad = [settings.data / problem.file for problem in library.problems if problem.is_bad]
    if library.theme.logo:
        # A theme whose logo was removed is bad, and its last good copy needs the logo's copy.
        bad.append(settings.data / library.theme.logo.file)
    for copy in sorted(copies.rglob("*")):
        path = settings.data / copy.relative_to(copies)
        is_gone = not is_there(path) and not any(path.is_relative_to(bad_path) for bad_path in bad)
        if is_gone and not copy.is_dir():
            copy.unlink()
