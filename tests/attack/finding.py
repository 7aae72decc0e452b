"""The result of an attack beside its bound, and the result on its control."""

from dataclasses import dataclass
from enum import Enum


class Scale(Enum):
    """How much is tried: a short version in the tests, the full version by `make attack`."""

    QUICK = "quick"
    FULL = "full"


@dataclass(frozen=True)
class Finding:
    """One attack's result.

    The control is a leaky variant on which the attack must succeed. If it finds nothing there, the attack is
    broken and its result on the product means nothing. `is_promised` is false for a result that is measured
    against a bound which the product does not promise to keep.
    """

    attack: str
    figure: str
    bar: str
    held: bool
    control: str
    control_caught: bool
    is_promised: bool = True

    @property
    def is_good(self) -> bool:
        return (self.held or not self.is_promised) and self.control_caught
