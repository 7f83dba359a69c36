"""Flags that the commands of the fleet's servers share; of these alone, so that a worker loads nothing else."""

from pathlib import Path

import click

CONFIG = click.option(
    "--config",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="The server's settings (TOML): mqtt, database, ingest.",
)
