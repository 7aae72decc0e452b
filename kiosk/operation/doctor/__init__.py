"""The doctor: examines whether an installation is as anonymous as it claims, and whether it works.

Each topic has a module. Each check yields findings, of which a good one says that all is well, and changes
nothing.
"""

from kiosk.operation.doctor.advice import Advice, Severity, Topic, report_document, worst
from kiosk.operation.doctor.examination import examine
from kiosk.operation.doctor.machine import Machine, this_machine

__all__ = ["Advice", "Machine", "Severity", "Topic", "examine", "report_document", "this_machine", "worst"]
