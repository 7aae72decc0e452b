"""The published results: printed, or written to files. Nothing here reads more than the snapshot."""

from pathlib import Path

import click

from kiosk.cli.arguments import current_settings, installed_store
from kiosk.cli.errors import report_errors
from kiosk.output.export import files
from kiosk.storage import StoreError


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the snapshot document.")
@report_errors
def results(as_json: bool) -> None:
    """Print the published results: the snapshot, the same for everybody."""
    store = installed_store(current_settings())
    if as_json:
        click.echo(store.snapshot_text())
        return
    for published in store.snapshot()["rounds"]:
        epsilon = f", epsilon {published['epsilon']}" if "epsilon" in published else ""
        click.echo(
            f"{published['id']} ({published['state']}, version {published['version']}, k={published['k']}, "
            f"{published['protection']}{epsilon})"
        )
        for node in published["nodes"]:
            if node.get("excluded_rapid"):
                click.echo(f"  {node['id']}: {node['excluded_rapid']} sent in play, not counted")
            if node["answered"] is None:
                reasons = {"waiting": "waiting for more answers", "too_few": "too few answers"}
                click.echo(f"  {node['id']}: {reasons[node['why']]}")
                continue
            click.echo(f"  {node['id']}: {node['answered']} answered")
            for name, table in node["statements"].items():
                counts = " ".join(map(str, table["counts"]))
                others = " ".join(f"{kind}={n}" for kind, n in table["no_answer"].items())
                click.echo(f"    {name}: {counts}  {others} withheld={table['withheld']}")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@report_errors
def export(folder: Path) -> None:
    """Write the published results to a new FOLDER: counts and codebook as CSV, the snapshot, a
    description."""
    store = installed_store(current_settings())
    if folder.exists():
        raise StoreError(f"{folder} exists already; choose another name")
    contents = files(store.snapshot(), [state.round for state in store.rounds()], store.outputs.all())
    folder.mkdir(parents=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    click.echo(f"{folder}: {', '.join(contents)}")
