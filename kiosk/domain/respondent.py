"""The word for those who answer at a place: guests, participants and so on."""

from enum import StrEnum


class Respondent(StrEnum):
    """The words to choose from. The values stand in the files of trees."""

    GUEST = "guest"
    PARTICIPANT = "participant"
    VISITOR = "visitor"
    CUSTOMER = "customer"
    HELP_SEEKER = "help_seeker"
    INDIVIDUAL = "individual"
