"""What an attack found: its figure beside the bar it must keep, and what its control found."""

from dataclasses import dataclass
from enum import Enum


class Scale(Enum):
    """How much is tried: a quick half inside the tests, all of it by `make attack`."""

    QUICK = "quick"
    FULL = "full"


@dataclass(frozen=True)
class Finding:
    """One attack's result. The control is a leaky variant on which the attack must succeed: an attack
    that finds nothing there is broken, and its zero elsewhere says nothing."""

    attack: str
    figure: str
    bar: str
    held: bool
    control: str
    control_caught: bool

    @property
    def is_good(self) -> bool:
        return self.held and self.control_caught
