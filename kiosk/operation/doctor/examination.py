"""Examines an installation, topic by topic.

A topic that cannot be examined is a finding, and the examination continues.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime

import peewee

from kiosk.library.definition import DefinitionError
from kiosk.library.library import Library, read_usable_library
from kiosk.operation.doctor import clock, database, files, keys, machine, memory_image, network, rounds
from kiosk.operation.doctor.advice import Advice, Topic, Weight
from kiosk.operation.doctor.machine import Machine
from kiosk.settings import Settings
from kiosk.storage import KeysAwayError, Store, StoreError, open_store

FAULTS = (OSError, ValueError, peewee.PeeweeException, StoreError, KeysAwayError, DefinitionError)
"""The errors of a damaged file, a missing permission or an unreachable database."""


def examine(settings: Settings, on: Machine, now: datetime) -> list[Advice]:
    """Run all checks. Changes nothing; test files are removed.

    Root examines the installation as its owner, so that the result holds for the server and no file becomes
    root's. It reads configuration and logs as root.
    """
    with files.acting_as(files.owner_of(settings)):
        of_installation = list(_examine_installation(settings, now))
    is_demonstration = any(advice == rounds.DEMONSTRATION for advice in of_installation)
    server = network.look_at_server(settings, on, is_demonstration=is_demonstration)
    public = network.look_at_public_address(settings, on, is_demonstration=is_demonstration)
    return [
        *of_installation,
        *_guarded(Topic.SPACE, machine.look_at_space(settings)),
        *_guarded(Topic.MEMORY, machine.look_at_memory(on)),
        *_guarded(Topic.MEMORY, memory_image.look_at_memory_images(on)),
        *_guarded(Topic.TIME_ZONE, machine.look_at_time_zone(on, now)),
        *_guarded(Topic.CLOCK, clock.look_at_synchronisation(on)),
        *_guarded(Topic.NETWORK, network.look_at_listening(settings)),
        *_guarded(Topic.SERVER, server),
        *_guarded(Topic.PROXY, public),
    ]


def _examine_installation(settings: Settings, now: datetime) -> Iterator[Advice]:
    """Check the files, then their content as far as it can be opened."""
    strangers = list(files.look_at_user(settings))
    missing = [] if strangers else list(files.look_at_presence(settings))
    yield from [*strangers, *missing]
    if strangers or any(advice.topic is Topic.INSTALLATION for advice in missing):
        return
    yield from _guarded(Topic.FILES, files.look_at_files(settings))
    yield from _guarded(Topic.FILES, files.look_at_writing(settings))
    yield from _guarded(Topic.FILES, files.look_at_secret_key(settings))
    yield from _guarded(Topic.INSTALLATION, _examine_store(settings, now))


def _examine_store(settings: Settings, now: datetime) -> Iterator[Advice]:
    with closing(open_store(settings.data, settings.database_url, settings.keys)) as store:
        yield from _guarded(Topic.DATABASE, database.look_at_database(store))
        yield from rounds.look_at_demonstration(store)
        store.check_schema()
        if settings.keys.is_dir():
            yield from _guarded(Topic.KEYS, keys.look_at_keys(settings, store))
        yield from _guarded(Topic.CLOCK, clock.look_at_counts(settings, store, now))
        yield from _guarded(Topic.ROUNDS, rounds.look_at_rounds(store, now))
        yield from _guarded(Topic.LIBRARY, _examine_library(settings, store, now))


def _examine_library(settings: Settings, store: Store, now: datetime) -> Iterator[Advice]:
    library = read_usable_library(settings)
    yield from _look_at_own_files(library)
    yield from rounds.look_at_links(store, library, now)
    yield from rounds.look_at_languages(settings, store, library)


def _look_at_own_files(library: Library) -> Iterator[Advice]:
    """Report own definition files and translations that are not used as they are."""
    for problem in library.problems:
        yield Advice(Topic.LIBRARY, Weight.BAD if problem.is_bad else Weight.LOOK, problem.outcome)


def _guarded(topic: Topic, advice: Iterator[Advice]) -> Iterator[Advice]:
    """Yield the advice on a topic, and any error that ended its examination."""
    try:
        yield from advice
    except FAULTS as error:
        problem = (str(error).splitlines() or [type(error).__name__])[0]
        yield Advice(topic, Weight.BAD, f"{topic} cannot be examined further: {problem}")
