"""Doctor's look at the computer: GPU, JetPack's Python modules, disk, clock, GPIO. Changes nothing on it."""

import importlib.metadata
import importlib.util
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

from appliance.apps.doctor.check import Check
from appliance.apps.system_clock import LARGEST_CLOCK_ERROR_US, kernel_clock_error_us
from appliance.capture.jetson import import_jetson_utils
from appliance.domain.errors import ApplianceError
from appliance.inference.gpu import describe_gpu
from appliance.inference.trt_library import import_tensorrt, release_name
from appliance.storage.database import damage_in
from appliance.storage.emptied import require_not_emptied
from appliance.storage.open_storage import DATABASE_NAME
from firmware.board import gpio_chips

# An exam of 32 stills of 1280 x 1024 is about 80 MB as PNG; a gigabyte leaves a clinic a working day to react.
LOWEST_FREE_BYTES = 2**30
# Before this product existed: the year of a board whose clock battery is empty.
EARLIEST_YEAR = 2026


def check_gpu(is_required: bool) -> Check:
    """The NVIDIA GPU as its driver reports it, with the release of Jetson Linux where there is one."""
    try:
        gpu = describe_gpu()
    except ApplianceError as error:
        return Check("gpu", False, is_required, error.message, error.remedy)
    release = f", Jetson Linux {gpu.l4t}" if gpu.l4t else ""
    return Check("gpu", True, is_required, f"{gpu.name}, {gpu.compute_capability}, CUDA {gpu.cuda}{release}")


def check_tensorrt(flavour: str, is_required: bool) -> Check:
    """NVIDIA's TensorRT module, really imported: a broken installation shows only then."""
    try:
        return Check("tensorrt", True, is_required, release_name(flavour, import_tensorrt(flavour)))
    except ApplianceError as error:
        remedy = "Install JetPack 6 or 7 and make the venv with --system-site-packages; PyPI alone cannot install it."
        return Check("tensorrt", False, is_required, error.message, remedy)


def check_jetson_utils(is_required: bool) -> Check:
    """NVIDIA's jetson-utils with its compiled half.

    The PyPI project of that name is somebody else's: nothing of it is run before the compiled module
    `jetson_utils_python`, which only NVIDIA's CMake build installs, is found to be in place.
    """
    remedy = "Build https://github.com/dusty-nv/jetson-utils with CMake on the Jetson."
    if importlib.util.find_spec("jetson_utils_python") is None:
        try:
            version = importlib.metadata.version("jetson-utils")
        except importlib.metadata.PackageNotFoundError:
            return Check("jetson-utils", False, is_required, "no module jetson_utils_python", remedy)
        seen = f"a package jetson-utils {version} without NVIDIA's compiled module"
        return Check("jetson-utils", False, is_required, seen, f"pip uninstall jetson-utils: not NVIDIA's. {remedy}")
    try:
        import_jetson_utils()
    except ApplianceError as error:
        return Check("jetson-utils", False, is_required, error.message, error.remedy)
    return Check("jetson-utils", True, is_required, "NVIDIA's jetson-utils with its compiled module")


def check_disk(data_dir: Path, lowest_free_bytes: int = LOWEST_FREE_BYTES) -> Check:
    """Whether exams can be kept: a file is written, synchronised and removed again, and the free space is read."""
    place = next(path for path in (data_dir, *data_dir.resolve().parents) if path.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".doctor-") as probe:
            probe.write(b"probe")
            probe.flush()
            os.fsync(probe.fileno())
        free_bytes = shutil.disk_usage(place).free
    except OSError as error:
        return Check("disk", False, True, f"{place} cannot be written: {error.strerror}", "Set station.data_dir.")
    seen = f"{free_bytes / 2**30:.1f} GiB free, writable, at {place}"
    if free_bytes < lowest_free_bytes:
        return Check("disk", False, True, seen, f"Free at least {lowest_free_bytes / 2**30:.1f} GiB.")
    return Check("disk", True, True, seen)


def check_database(folder: Path) -> Check:
    """Whether every page of the exam database can be read; a box without one is fine. Changes nothing in it."""
    path = folder / DATABASE_NAME
    if not path.exists():
        try:
            require_not_emptied(folder, DATABASE_NAME)
        except ApplianceError as error:
            return Check("database", False, True, error.message, error.remedy)
        return Check("database", True, False, f"none yet in {folder}")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            damage = damage_in(connection)
    except sqlite3.Error as error:
        damage = str(error)
    if damage:
        remedy = "Put the last backup back: nailfold data restore."
        return Check("database", False, True, f"{path} is damaged: {damage}", remedy)
    return Check("database", True, True, f"{path}, every page readable")


def check_clock() -> Check:
    """Whether the date can stand on a report; a sane year is required, a synchronised clock is advised."""
    now = datetime.now(timezone.utc)
    seen = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if now.year < EARLIEST_YEAR:
        return Check("clock", False, True, f"{seen} is in the past", "Set the clock: sudo timedatectl set-time.")
    error_us = kernel_clock_error_us()
    if error_us is None or error_us >= LARGEST_CLOCK_ERROR_US:
        remedy = "Allow NTP (timedatectl set-ntp true), or check the time by hand when the box has no network."
        return Check("clock", False, False, f"{seen}, not synchronised", remedy)
    return Check("clock", True, True, f"{seen}, synchronised within {error_us / 1e6:.3f} s")


def check_gpio(is_required: bool) -> Check:
    """The GPIO chips with their labels; a Jetson's header hangs on "tegra234-gpio"."""
    try:
        chips = gpio_chips()
    except OSError as error:
        return Check("gpio", False, is_required, str(error), "Add the station's user to the group gpio.")
    if not chips:
        return Check("gpio", False, is_required, "no /dev/gpiochip*", "None needed without buttons on the header.")
    return Check("gpio", True, is_required, ", ".join(f"{chip.path} {chip.label} ({chip.lines})" for chip in chips))
