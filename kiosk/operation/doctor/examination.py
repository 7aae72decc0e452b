"""Examines an installation, topic by topic.

A topic that cannot be examined is a finding, and the examination continues.
"""

import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime

import peewee

from kiosk.library.definition import DefinitionError
from kiosk.library.library import Library, read_usable_library
from kiosk.operation.doctor import (
    clock,
    database,
    files,
    keys,
    machine,
    mail,
    memory_image,
    network,
    rounds,
)
from kiosk.operation.doctor.advice import Advice, Severity, Topic
from kiosk.operation.doctor.machine import Machine
from kiosk.settings import Settings
from kiosk.storage import KeyUnavailableError, Store, StoreError, open_store

FAULTS = (
    OSError,
    ValueError,
    peewee.PeeweeException,
    StoreError,
    KeyUnavailableError,
    DefinitionError,
    subprocess.TimeoutExpired,
)
"""The errors of a damaged file, a missing permission, an unreachable database or a slow journal."""


def examine(settings: Settings, on: Machine, now: datetime) -> list[Advice]:
    """Return the findings of all checks of an installation on the machine `on`, one topic after the other.
    Changes nothing; test files are removed.

    If root runs it, the installation is examined as its owner, so that the result holds for the server and no
    file becomes root's. Configuration and logs are read as root.
    """
    with files.acting_as(files.owner_of(settings)):
        of_installation = list(_examine_installation(settings, now))
    is_demonstration = any(advice == rounds.DEMONSTRATION for advice in of_installation)
    server = network.check_server(settings, on, is_demonstration=is_demonstration)
    public = network.check_public_address(settings, on, is_demonstration=is_demonstration)
    return [
        *of_installation,
        *_guarded(Topic.SPACE, machine.check_space(settings)),
        *_guarded(Topic.MEMORY, machine.check_memory(on)),
        *_guarded(Topic.MEMORY, memory_image.check_memory_images(on)),
        *_guarded(Topic.TIME_ZONE, machine.check_time_zone(on, now)),
        *_guarded(Topic.CLOCK, clock.check_synchronisation(on)),
        *_guarded(Topic.NETWORK, network.check_listening(settings)),
        *_guarded(Topic.SERVER, server),
        *_guarded(Topic.PROXY, public),
    ]


def _examine_installation(settings: Settings, now: datetime) -> Iterator[Advice]:
    """Check the files, then their content as far as it can be opened. Stops after the first finding if
    another user owns the installation or it is missing."""
    strangers = list(files.check_user(settings))
    missing = [] if strangers else list(files.check_presence(settings))
    yield from [*strangers, *missing]
    if strangers or any(advice.topic is Topic.INSTALLATION for advice in missing):
        return
    yield from _guarded(Topic.FILES, files.check_files(settings))
    yield from _guarded(Topic.FILES, files.check_writing(settings))
    yield from _guarded(Topic.FILES, files.check_secret_key(settings))
    yield from _guarded(Topic.INSTALLATION, _examine_store(settings, now))


def _examine_store(settings: Settings, now: datetime) -> Iterator[Advice]:
    """Examine what is in the database and the library. Raises StoreError for tables of another schema."""
    with closing(open_store(settings.data, settings.database_url, settings.keys)) as store:
        yield from _guarded(Topic.DATABASE, database.check_database(store))
        yield from rounds.check_demonstration(store)
        store.check_schema()
        if settings.keys.is_dir():
            yield from _guarded(Topic.KEYS, keys.check_keys(settings, store))
        yield from _guarded(Topic.CLOCK, clock.check_counts(settings, store, now))
        yield from _guarded(Topic.ROUNDS, rounds.check_rounds(store, now))
        yield from _guarded(Topic.LIBRARY, _examine_library(settings, store, now))
        yield from _guarded(Topic.MAIL, mail.check_mail(settings, store, now))


def _examine_library(settings: Settings, store: Store, now: datetime) -> Iterator[Advice]:
    library = read_usable_library(settings)
    yield from _check_own_files(library)
    yield from rounds.check_links(store, library, now)
    yield from rounds.check_languages(settings, store, library)


def _check_own_files(library: Library) -> Iterator[Advice]:
    """Report own files and translations that are not used, or not as they are."""
    for problem in library.problems:
        yield Advice(Topic.LIBRARY, Severity.BAD if problem.is_bad else Severity.WARNING, problem.outcome)


def _guarded(topic: Topic, advice: Iterator[Advice]) -> Iterator[Advice]:
    """Yield the findings of one topic. An error of FAULTS ends them, and is yielded as a BAD one."""
    try:
        yield from advice
    except FAULTS as error:
        problem = (str(error).splitlines() or [type(error).__name__])[0]
        yield Advice(topic, Severity.BAD, f"{topic} cannot be examined further: {problem}")
