"""The command `nailfold`."""

import importlib
import logging
import traceback
from typing import Any

import click

from appliance.domain.errors import ApplianceError

COMMANDS = (
    "run",
    "analyze",
    "calibrate",
    "evaluate",
    "dataset",
    "train",
    "doctor",
    "config",
    "account",
    "report",
    "journal",
    "export",
    "import",
    "pacs",
    "engines",
    "bench",
    "openapi",
    "rehearse",
)

_MODULES = {"import": "import_exams"}
"""Where a command's name is a word of Python's own."""


class Commands(click.Group):
    """Loads a command's module when it is used; a foreseen error is one line on stderr and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = _MODULES.get(cmd_name, cmd_name)
        command: click.Command = importlib.import_module(f"appliance.apps.commands.{module}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ApplianceError as error:
            if ctx.params["debug"]:
                traceback.print_exc()
            click.echo(f"nailfold: {error}", err=True)
            ctx.exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--debug", is_flag=True, help="Print the traceback of an error.")
@click.version_option(package_name="nailfold-appliance", message="nailfold %(version)s")
def main(debug: bool) -> None:
    """Nailfold capillaroscopy: live, measured, counted."""
    # A command's own sentence says what failed; what libraries add is for --debug, and for the station's log.
    logging.getLogger().addHandler(logging.StreamHandler() if debug else logging.NullHandler())


if __name__ == "__main__":
    main(prog_name="nailfold")
