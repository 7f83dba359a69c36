"""The benchmark's report as a table for people."""

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

_COLUMNS = ("min", "p50", "p95", "max")


def print_table(report: dict[str, Any]) -> None:
    """Print a report of engines_benchmark: one row for each variant and measure, then what cannot run and why."""
    console = Console()
    cpu, load = report["machine"], report["machine"]["load_average"][0]
    rounds, threads = report["variants"][0]["rounds"], report["onnxruntime_threads"]
    title = (
        f"{cpu['cpu']}, {cpu['cores']} cores, {threads} threads, load {load}\n{report['measured_at']}, {rounds} rounds"
    )
    table = Table(box=box.SIMPLE, title=title)
    for name in ("variant", "measured"):
        table.add_column(name, no_wrap=True)
    for name in (*_COLUMNS, "ratio"):
        table.add_column(name, justify="right", no_wrap=True)
    for variant in report["variants"]:
        for measure in ("detector", "keypoints", "frame"):
            spread = variant[f"{measure}_ms"]
            numbers = [f"{spread[column]:.1f}" for column in _COLUMNS]
            ratio = f"{spread['ratio_to_first']:.2f}"
            table.add_row(f"{variant['runtime']} {variant['precision']}", measure, *numbers, ratio)
    console.print(table)
    console.print("Milliseconds. Ratio: to the first variant, within a round, median.")
    for row in report["unavailable"]:
        console.print(
            f"not here: {row['runtime']} {row['precision']}: {row['reason']}",
            soft_wrap=True,
            markup=False,
            highlight=False,
        )
