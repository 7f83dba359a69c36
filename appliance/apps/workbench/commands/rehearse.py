"""nailfold rehearse"""

from pathlib import Path

import click

from appliance.apps.commands.options import FILE
from appliance.apps.workbench.rehearsal.rehearse import rehearse
from appliance.domain.errors import ExportError


@click.command("rehearse")
@click.option("--out", type=FILE, default=Path("exam.json"), show_default=True, metavar="FILE", help="The figures.")
@click.option(
    "--pages", type=FILE, default=Path("report"), show_default=True, metavar="FOLDER", help="The PDF and its pages."
)
def command(out: Path, pages: Path) -> None:
    """Examine eight fingers by four sectors of the simulated scope, by keyboard in a real browser.

    Starts a station of its own, captures, finishes, opens the report, keeps its PDF, and compares the exam's density
    and mean apical width with what the scope really showed. Exit code 1 where a step failed, took too long, or a figure
    lies outside its stated error. Needs playwright and Chromium (the `test` extra).
    """
    figures = rehearse(out, pages, click.echo)
    for key in ("seconds", "sectors", "stills_counted", "density_error_per_mm", "width_error_um", "pdf_pages"):
        value = figures[key]
        click.echo(f"{key:24}{value:.2f}" if isinstance(value, float) else f"{key:24}{value}")
    outside = [key for key in ("density_per_mm", "mean_apical_um") if not figures[key]["is_within_stated_error"]]
    for key in ("density_per_mm", "mean_apical_um"):
        found = figures[key]
        click.echo(f"{key:24}{found['found']:.2f} +- {found['stated_error']:.2f}, truth {found['truth']:.2f}")
    if outside:
        raise ExportError(f"outside the stated error: {', '.join(outside)}", f"See {out}.")
