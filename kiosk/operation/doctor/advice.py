"""The findings of an examination."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict


class Severity(StrEnum):
    """The severity of a finding, the lowest first: nothing to do, worth a look, a fault to mend."""

    GOOD = "good"
    WARNING = "look"
    BAD = "bad"


class Topic(StrEnum):
    """The topic of a finding. Monitoring programs rely on the values."""

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
    MAIL = "mail"


@dataclass(frozen=True)
class Advice:
    """A finding. `text` is an English sentence without a full stop. If something is wrong, the sentence ends
    with the remedy."""

    topic: Topic
    severity: Severity
    text: str


class AdviceDocument(TypedDict):
    """A finding as `kiosk doctor --json` prints it; `weight` is the value of its Severity."""

    topic: str
    weight: str
    text: str


class ReportDocument(TypedDict):
    """The output of `kiosk doctor --json`; `status` is the value of the highest Severity among `advice`."""

    status: str
    advice: list[AdviceDocument]


def worst(all_advice: Sequence[Advice]) -> Severity:
    """Return the highest severity; GOOD without findings."""
    order = list(Severity)
    return max((advice.severity for advice in all_advice), key=order.index, default=Severity.GOOD)


def report_document(all_advice: Sequence[Advice]) -> ReportDocument:
    """Return the document of these findings, in their order."""
    return {
        "status": worst(all_advice).value,
        "advice": [
            {"topic": advice.topic.value, "weight": advice.severity.value, "text": advice.text}
            for advice in all_advice
        ],
    }
