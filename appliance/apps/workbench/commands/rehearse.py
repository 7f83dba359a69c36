"""nailfold rehearse"""

import json
from pathlib import Path
from typing import Any

import click

from appliance.apps.commands.options import FILE
from appliance.apps.files.atomic_file import write_atomically
from appliance.apps.workbench.rehearsal.rehearse import rehearse
from appliance.domain.errors import ExportError

COMPARED = ("density_per_mm", "mean_apical_um")
WITHIN = 0.95
"""Of the rehearsals have a figure inside its stated error, which is half of a 95 % interval."""


@click.command("rehearse")
@click.option("--out", type=FILE, default=Path("exam.json"), show_default=True, metavar="FILE", help="The figures.")
@click.option(
    "--pages", type=FILE, default=Path("report"), show_default=True, metavar="FOLDER", help="The PDF and its pages."
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Whose fingers the scope shows.")
@click.option(
    "--exams",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="How many exams, of this seed and the next ones; of many, 95 % have to lie inside their stated errors.",
)
def command(out: Path, pages: Path, seed: int, exams: int) -> None:
    """Examine eight fingers by four sectors of the simulated scope, by keyboard in a real browser.

    Starts a station of its own, captures, finishes, opens the report, keeps its PDF, and compares the exam's density
    and mean apical width with what the scope really showed. Exit code 1 where a step failed, took too long, or a figure
    lies outside its stated error. Needs playwright and Chromium (the `test` extra).
    """
    if exams == 1:
        figures = rehearse(out, pages, click.echo, seed)
        _print_exam(figures)
        _require_within([key for key in COMPARED if not figures[key]["is_within_stated_error"]], out)
        return
    seen = []
    for one in range(seed, seed + exams):
        place = pages / f"seed-{one}"
        place.mkdir(parents=True, exist_ok=True)
        figures = rehearse(place / "exam.json", place, lambda _step: None, one)
        seen.append(figures)
        click.echo(f"seed {one:<4}" + "".join(f"  {_compared(figures, key)}" for key in COMPARED))
    within = {key: sum(one[key]["is_within_stated_error"] for one in seen) for key in COMPARED}
    write_atomically(out, json.dumps({"exams": seen, "within_stated_error": within}, indent=2).encode())
    click.echo(", ".join(f"{key} inside in {count} of {exams}" for key, count in within.items()))
    _require_within([key for key in COMPARED if within[key] < WITHIN * exams], out)


def _print_exam(figures: dict[str, Any]) -> None:
    for key in ("seconds", "sectors", "stills_counted", "density_error_per_mm", "width_error_um", "pdf_pages"):
        value = figures[key]
        click.echo(f"{key:24}{value:.2f}" if isinstance(value, float) else f"{key:24}{value}")
    for key in COMPARED:
        click.echo(_compared(figures, key))


def _compared(figures: dict[str, Any], key: str) -> str:
    found = figures[key]
    mark = "" if found["is_within_stated_error"] else "  outside"
    return f"{key:24}{found['found']:.2f} +- {found['stated_error']:.2f}, truth {found['truth']:.2f}{mark}"


def _require_within(outside: list[str], out: Path) -> None:
    if outside:
        raise ExportError(f"outside the stated error: {', '.join(outside)}", f"See {out}.")
