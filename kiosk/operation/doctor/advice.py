"""What an examination finds: how a thing stands, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict


class Weight(StrEnum):
    """How a thing stands: as it must be, worth a person's look, or wrong."""

    GOOD = "good"
    LOOK = "look"
    BAD = "bad"


class Topic(StrEnum):
    """What was examined. Monitoring programs rely on these words."""

    INSTALLATION = "installation"
    FILES = "files"
    SPACE = "space"
    MEMORY = "memory"
    KEYS = "keys"
    CLOCK = "clock"
    TIME_ZONE = "time zone"
    DATABASE = "database"
    ROUNDS = "rounds"
    LINKS = "links"
    LIBRARY = "library"
    LANGUAGES = "languages"
    NETWORK = "network"
    SERVER = "server"
    PROXY = "proxy"
    LOGS = "logs"


@dataclass(frozen=True)
class Advice:
    """How one thing stands, in a sentence that ends with the way out where something is wrong."""

    topic: Topic
    weight: Weight
    text: str


class AdviceDocument(TypedDict):
    """One piece of advice as `kiosk doctor --json` prints it."""

    topic: str
    weight: str
    text: str


class ReportDocument(TypedDict):
    """What `kiosk doctor --json` prints."""

    status: str
    advice: list[AdviceDocument]


def worst(all_advice: Sequence[Advice]) -> Weight:
    """The weight of the worst piece of advice."""
    order = list(Weight)
    return max((advice.weight for advice in all_advice), key=order.index, default=Weight.GOOD)


def report_document(all_advice: Sequence[Advice]) -> ReportDocument:
    """All advice for a program that reads it."""
    return {
        "status": worst(all_advice).value,
        "advice": [
            {"topic": advice.topic.value, "weight": advice.weight.value, "text": advice.text}
            for advice in all_advice
        ],
    }
