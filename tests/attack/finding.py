"""The result of an attack beside its bound, and the result on its control."""

from dataclasses import dataclass
from enum import Enum


class Scale(Enum):
    """The size of an attack: a short version in the tests, the full version by `make attack`."""

    QUICK = "quick"
    FULL = "full"


@dataclass(frozen=True)
class Finding:
    """The result of one attack.

    The control is a leaky variant on which the attack must succeed. If it finds nothing there, the attack is
    broken and its result on the program means nothing. `figure` is the result, `bar` its bound, `held`
    whether the bound was kept. `is_promised` is false for a bound that the program does not promise to keep.
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
