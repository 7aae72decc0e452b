"""The free space of a disk to which ballots are written."""

import os
from pathlib import Path

LEAST_FREE_BYTES = 256 * 1024
"""Free space, for other users than root, below which a disk counts as full: a ballot needs a block for its
key, and room in SQLite's log."""


def is_full(folder: Path) -> bool:
    """Return whether the disk of a folder has less than LEAST_FREE_BYTES free, or no inode. Raises OSError if
    the folder is missing, or a folder above it cannot be entered."""
    disk = os.statvfs(folder)
    has_no_inode = disk.f_files > 0 and disk.f_favail == 0
    return disk.f_bavail * disk.f_frsize < LEAST_FREE_BYTES or has_no_inode
