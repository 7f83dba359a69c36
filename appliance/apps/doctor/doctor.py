"""`nailfold doctor`: what is there, what is missing, what to do about it."""

import json
from dataclasses import asdict

import click

from appliance.apps.config.settings import Settings
from appliance.apps.doctor.check import Check
from appliance.apps.doctor.device_checks import check_broker, check_camera, check_engines
from appliance.apps.doctor.host_checks import (
    check_clock,
    check_database,
    check_disk,
    check_gpio,
    check_gpu,
    check_jetson_utils,
    check_tensorrt,
)
from appliance.capture.open_source import known_kind


def examine(settings: Settings) -> list[Check]:
    """Every check; each stands alone, so one fault hides no other."""
    needs_gpu = settings.inference.runtime == "tensorrt"
    source = known_kind(settings.capture.source)
    needs_jetson_utils = source is not None and source.needs_jetson_utils
    return [
        check_engines(settings.inference),
        check_gpu(needs_gpu),
        check_tensorrt(settings.inference.tensorrt_flavour, needs_gpu),
        check_jetson_utils(needs_jetson_utils),
        check_camera(settings.capture),
        check_broker(settings.mqtt),
        check_disk(settings.station.data_dir),
        check_database(settings.storage.folder),
        check_clock(),
        check_gpio(is_required=False),
    ]


def doctor(settings: Settings, as_json: bool) -> int:
    """Prints the checks; the exit code is 0 when all is there that the settings ask for, else 1."""
    checks = examine(settings)
    is_fit = not any(check.is_fault for check in checks)
    if as_json:
        rows = [asdict(check) for check in checks]
        click.echo(json.dumps({"schema": "nailfold.doctor/1", "is_fit": is_fit, "findings": rows}, indent=2))
    else:
        for check in checks:
            click.echo(_line(check))
        click.echo("ready" if is_fit else "not ready: see the lines marked MISSING")
    return 0 if is_fit else 1


def _line(check: Check) -> str:
    word = "found" if check.is_found else "MISSING" if check.is_required else "not there"
    remedy = "" if check.is_found or not check.remedy else f"\n{'':26}{check.remedy}"
    return f"{check.subject:14}{word:12}{check.seen}{remedy}"
