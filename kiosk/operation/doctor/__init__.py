"""Is this installation as anonymous as it claims, and does it work?

Proves it where it can, and says what to do. A module a topic; each check yields advice, and none changes
anything.
"""

from kiosk.operation.doctor.advice import Advice, Topic, Weight, report_document, worst
from kiosk.operation.doctor.examination import examine
from kiosk.operation.doctor.machine import Machine, this_machine

__all__ = ["Advice", "Machine", "Topic", "Weight", "examine", "report_document", "this_machine", "worst"]
