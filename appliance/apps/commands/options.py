"""Flags that several commands share; each stands above the site's file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from appliance.apps.config.load_settings import load_settings
from appliance.apps.config.settings import LoadedSettings
from appliance.capture.open_source import SOURCES

Function = TypeVar("Function", bound=Callable[..., Any])

FILE = click.Path(path_type=Path)
# Flag to setting.
SETTINGS = {
    "source": "capture.source",
    "host": "web.host",
    "port": "web.port",
    "data_dir": "station.data_dir",
    "um_per_px": "calibration.um_per_px",
    "mqtt_host": "mqtt.host",
    "mqtt_port": "mqtt.port",
    "runtime": "inference.runtime",
}


def settings_options(command: Function) -> Function:
    """Adds the flags; the command passes them all on to `load`."""
    for option in reversed(
        (
            click.option("--config", type=FILE, metavar="FILE", help="The site's settings (TOML)."),
            click.option("--source", help=" | ".join(kind.usage for kind in SOURCES)),
            click.option(
                "--host", help="Address of the pages; :: opens them to the network, 0.0.0.0 to its IPv4 alone."
            ),
            click.option("--port", type=int, help="Port of the pages; 0 takes a free one."),
            click.option("--data-dir", type=FILE, metavar="FOLDER", help="Where exams are kept."),
            click.option("--um-per-px", type=float, help="Micrometres per pixel of the full frame."),
            click.option("--mqtt-host", help="Host of the MQTT broker."),
            click.option("--mqtt-port", type=int, help="Port of the MQTT broker."),
            click.option("--runtime", help="onnxruntime or tensorrt; never replaced by the other."),
        )
    ):
        command = option(command)
    return command


def load(config: Path | None, **flags: Any) -> LoadedSettings:
    """The settings in force, with the flags on top."""
    return load_settings(config, {SETTINGS[name]: value for name, value in flags.items()})
