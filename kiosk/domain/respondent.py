"""The word for the people who answer at a node: guests, participants and so on."""

from enum import StrEnum


class Respondent(StrEnum):
    """The words that a node may have. The values stand in the files of trees."""

    GUEST = "guest"
    PARTICIPANT = "participant"
    VISITOR = "visitor"
    CUSTOMER = "customer"
    HELP_SEEKER = "help_seeker"
    INDIVIDUAL = "individual"
