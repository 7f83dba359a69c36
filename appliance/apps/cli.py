"""The command `nailfold`."""

import importlib
import importlib.util
import logging
import traceback
from typing import Any

import click

from appliance.apps.extras import missing_extra
from appliance.domain.errors import ApplianceError
from appliance.foreign_files.names import shown

DEVICE_COMMANDS = (
    "run",
    "firmware",
    "analyze",
    "calibrate",
    "doctor",
    "config",
    "account",
    "report",
    "journal",
    "data",
    "results",
    "export",
    "import",
    "pacs",
    "engines",
    "fleet",
    "openapi",
)
WORKBENCH_COMMANDS = ("evaluate", "dataset", "train", "bench", "rehearse")
"""There only where the workbench is installed: on a developer's computer, not on the box."""

_MODULES = {"import": "import_exams"}
"""Where a command's name is a word of Python's own."""
_WORKBENCH = "appliance.apps.workbench"


class Commands(click.Group):
    """Loads a command's module when it is used; a foreseen error is one line on stderr and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*DEVICE_COMMANDS, *(WORKBENCH_COMMANDS if _has_workbench() else ())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        place = _WORKBENCH if cmd_name in WORKBENCH_COMMANDS else "appliance.apps"
        command = _command(f"{place}.commands.{_MODULES.get(cmd_name, cmd_name)}")
        if cmd_name == "engines" and isinstance(command, click.Group) and _has_workbench():
            for name in ("quantize", "benchmark"):
                command.add_command(_command(f"{_WORKBENCH}.commands.engines_{name}"))
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ApplianceError as error:
            _fail(ctx, str(error))
        except ModuleNotFoundError as error:
            extra = missing_extra(error)
            if extra is None:
                raise
            _fail(ctx, extra)


def _command(module: str) -> click.Command:
    command: click.Command = importlib.import_module(module).command
    return command


def _has_workbench() -> bool:
    return importlib.util.find_spec(_WORKBENCH) is not None


def _fail(ctx: click.Context, sentence: str) -> None:
    if ctx.params["debug"]:
        traceback.print_exc()
    click.echo(shown(f"nailfold: {sentence}"), err=True)
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
