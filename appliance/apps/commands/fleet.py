"""nailfold fleet"""

import importlib

import click

_FOLDER = "appliance.apps.commands"
_MODULES = {
    "fleet_identity": ("request", "authority", "broker-config"),
    "fleet_jobs": ("boxes", "want", "reference", "job-key", "job"),
    "fleet_trust": ("bar", "admit", "accept-journal"),
    "fleet_release": ("release",),
    "fleet_rollout": ("rollout",),
    "fleet_simulate": ("simulate", "demo"),
    "fleet_ingest": ("ingest",),
    "fleet_console": ("console", "console-account"),
    "fleet_results": ("exams", "gaps"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


class FleetCommands(click.Group):
    """Loads a command's module when it is used: an ingest worker needs no console, no agent and no simulated box."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_MODULE_OF)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _MODULE_OF:
            return None
        module = importlib.import_module(f"{_FOLDER}.{_MODULE_OF[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command


@click.group("fleet", cls=FleetCommands)
def command() -> None:
    """Servers of a fleet of boxes, which run beside an MQTT 5 broker."""
