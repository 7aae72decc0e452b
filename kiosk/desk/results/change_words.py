"""The words for a tested change of the share that agrees: the same on all pages, in mail, reports and files.

A test compares shares, so the words say "up" or "down", never "better": those who answer may be others each
time. If the survey says which share of a statement is good, the words add whether the change goes there.
"""

from kiosk.desk.i18n import translate
from kiosk.domain.statistics import Trend
from kiosk.domain.steps import to_good_end
from kiosk.domain.survey import Statement


def change_word(trend: Trend, statement: Statement, *, is_noisy: bool) -> str:
    """Return the words for the result of a test of the share that agrees, without a full stop.

    A significant change is "up" or "down", and goes the right or the wrong way if the statement says which
    share is good. A change that is not significant may be chance or, if `is_noisy`, chance or protection.
    `is_noisy` says whether one of the compared rounds is protected.
    """
    if trend is Trend.CHANCE:
        return translate("Kan vara slump eller skydd") if is_noisy else translate("Kan vara slump")
    is_up, is_good = trend is Trend.UP, to_good_end(trend, statement)
    if is_good is None:
        return translate("Upp") if is_up else translate("Ner")
    if is_good:
        return translate("Upp, åt rätt håll") if is_up else translate("Ner, åt rätt håll")
    return translate("Upp, åt fel håll") if is_up else translate("Ner, åt fel håll")
