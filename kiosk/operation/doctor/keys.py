"""Checks the keys of boxes, slip sets and letterboxes: each must open its row."""

from collections.abc import Iterator

from kiosk.operation.doctor.advice import Advice, Severity, Topic
from kiosk.settings import Settings
from kiosk.storage import Store


def check_keys(settings: Settings, store: Store) -> Iterator[Advice]:
    """Check that every sealed row can be decrypted with its key; nothing of its content is used. Yields one
    finding about that, good or bad, and a warning for each round that lost boxes with their ballots, by a
    lost key or a restore."""
    faults = store.key_faults()
    if faults:
        yield Advice(
            Topic.KEYS,
            Severity.BAD,
            f"keys that do not open what they belong to: {len(faults)}, such as {faults[0].file}, which "
            f"{faults[0].problem}: answers are refused there, nothing is counted, and nothing is lost yet. "
            f"Bring the files back to {settings.keys}; only if they are lost for good, run: kiosk "
            "give-up-keys",
        )
    else:
        yield Advice(Topic.KEYS, Severity.GOOD, "every key opens its box, slip set or letterbox")
    for state in store.rounds():
        if state.lost_boxes:
            yield Advice(
                Topic.KEYS,
                Severity.WARNING,
                f"round {state.round.id}: the keys of {state.lost_boxes} boxes were lost, after a restored "
                "backup perhaps; the ballots that waited in them cannot be read by anybody",
            )
