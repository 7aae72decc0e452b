"""Folders of files for a machine: templates with placeholders such as @ADDRESS@, filled in and written."""

from collections.abc import Mapping
from pathlib import Path


class MachineFilesError(ValueError):
    """A value that cannot be filled in, or a folder that cannot be written. The message names the option of
    the command."""


def filled(folder: Path, values: Mapping[str, str]) -> dict[str, bytes]:
    """Return path below `folder` -> content of each of its files, with placeholders, such as @ADDRESS@,
    replaced. `values` is placeholder -> value; a placeholder without a value stays."""
    contents = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        text = path.read_text(encoding="utf-8")
        for mark, value in values.items():
            text = text.replace(mark, value)
        contents[path.relative_to(folder).as_posix()] = text.encode()
    return contents


def write(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files, path below `folder` -> content, to a new folder. Raises MachineFilesError if it exists, or
    if something cannot be written; then files may remain.

    The files are readable to all, whatever the umask: the programs that need them run as other users. A file
    that begins with #! is executable.
    """
    try:
        folder.mkdir(mode=0o755, parents=True)
        folder.chmod(0o755)
        for name, content in contents.items():
            path = folder / name
            _make_folders(folder, path.parent)
            path.write_bytes(content)
            path.chmod(0o755 if content.startswith(b"#!") else 0o644)
    except FileExistsError as error:
        raise MachineFilesError(f"{folder} exists already; choose another name for --out") from error
    except OSError as error:
        raise MachineFilesError(
            f"cannot write {error.filename}: {error.strerror}; choose another --out"
        ) from error


def _make_folders(top: Path, folder: Path) -> None:
    """Create a folder and its parents below `top`, readable to all."""
    for parent in reversed([folder, *folder.parents]):
        if parent.is_relative_to(top) and not parent.exists():
            parent.mkdir()
            parent.chmod(0o755)
