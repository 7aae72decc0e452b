"""The examination of an installation and its machine."""

import json
import sys
from datetime import datetime

import click

from kiosk.cli.arguments import current_settings
from kiosk.cli.errors import report_errors
from kiosk.operation.doctor import Severity, examine, report_document, this_machine, worst


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For monitoring programs; see docs/doctor.md.")
@click.option("--quiet", is_flag=True, help="Print nothing about what is good.")
@report_errors
def doctor(as_json: bool, quiet: bool) -> None:
    """Examine whether this installation is as anonymous as it claims, and whether it works.

    The exit status is 1 if something is bad, else 0.
    """
    all_advice = examine(current_settings(), this_machine(), datetime.now())
    shown = [advice for advice in all_advice if not (quiet and advice.severity is Severity.GOOD)]
    if as_json:
        click.echo(json.dumps(report_document(shown), indent=1, ensure_ascii=False))
    else:
        for advice in shown:
            click.echo(f"{advice.severity:4}  {advice.text}")
    if worst(all_advice) is Severity.BAD:
        sys.exit(1)
