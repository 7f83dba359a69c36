"""nailfold train"""

from pathlib import Path

import click

from appliance.apps.commands.options import FILE, load
from appliance.apps.workbench.commands.train_pattern import pattern
from appliance.apps.workbench.training.train_networks import TrainingOptions, train_networks


@click.group("train", invoke_without_command=True)
@click.option("--data", "annotations", type=FILE, metavar="FILE", help="Your labels (COCO).")
@click.option("--images", "pictures", type=FILE, metavar="FOLDER", help="Where file_name counts from.")
@click.option("--out", type=FILE, metavar="FOLDER", help="A new folder for the weights and the reports.")
@click.option(
    "--minutes", type=click.FloatRange(0.01, 10_000), default=20.0, show_default=True, help="How long to train."
)
@click.option(
    "--held-out",
    type=click.FloatRange(0.05, 0.9),
    default=0.25,
    show_default=True,
    help="Share of the subjects to judge by.",
)
@click.option(
    "--rendered",
    type=click.IntRange(2, 20_000),
    default=300,
    show_default=True,
    help="Drawn nailfolds to train on beside, so that rare shapes are not forgotten.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the split and the training.")
@click.option("--recall-only", "is_partial", is_flag=True, help="Not all that is visible is labelled.")
@click.option("--map", "mapping", multiple=True, metavar="NAME=CLASS", help="What a category means; may be repeated.")
@click.option("--config", type=FILE, metavar="FILE", help="The site's settings (TOML).")
@click.pass_context
def command(
    ctx: click.Context,
    annotations: Path | None,
    pictures: Path | None,
    out: Path | None,
    minutes: float,
    held_out: float,
    rendered: int,
    seed: int,
    is_partial: bool,
    mapping: tuple[str, ...],
    config: Path | None,
) -> None:
    """Train the shipped detector further on your own labelled pictures.

    Subjects are split; the report compares the held-out ones before and after. Nothing of the installation changes.
    """
    if ctx.invoked_subcommand is not None:
        return
    if annotations is None or pictures is None or out is None:
        raise click.UsageError("name --data, --images and --out", ctx)
    options = TrainingOptions(annotations, pictures, out, minutes, held_out, rendered, seed, is_partial, mapping)
    train_networks(options, load(config).settings, click.echo)


command.add_command(pattern)
