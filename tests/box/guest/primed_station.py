"""The station in a machine that was stopped just before its data disk was plugged in (tests/box/primed_machine.py).

What a start repeats each time the same, and what touches no disk, is done before: the kernel has booted, the libraries
are loaded, the networks have seen the one picture that the camera shows. What they found is remembered, since an
emulated processor needs half a minute for it. All that follows is the station's own: `run_station` with its data folder
on the disk, accounts, store, journal, outbox, broker, pages and live picture.

Where the computer that starts is told so, Python's fsync does nothing, which the power cuts must show.
"""

import ctypes
import fcntl
import json
import os
import ssl
import struct
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

LINE, DISK, DATA = "/dev/ttyS1", Path("/dev/vdb"), Path("/var/lib/nailfold")
_RNDADDENTROPY, _RNDRESEEDCRNG = 0x40085203, 0x5207


def main() -> None:
    """Ready for the disk, then the station until the power goes."""
    os.environ["XDG_STATE_HOME"] = "/var/lib"
    from appliance.apps.commands.options import load  # noqa: PLC0415
    from appliance.apps.engines.live_precision import live_precision  # noqa: PLC0415
    from appliance.apps.station import assembly  # noqa: PLC0415
    from appliance.apps.station.run import run_station  # noqa: PLC0415
    from appliance.inference.engine_set import load_engine_set  # noqa: PLC0415
    from appliance.ports import EngineSet  # noqa: PLC0415

    loaded = load(Path("/probe/primed.toml"))
    say("libraries")
    chosen = live_precision(loaded.settings.inference)
    engines = load_engine_set(chosen.settings, version("nailfold-appliance"))
    say("networks")
    remembering = EngineSet(
        Remembered(engines.detector.detect), RememberedPoints(engines.keypoints.estimate), engines.identity, None
    )
    see_once(loaded.settings, remembering)
    say("picture")
    assembly.live_precision = lambda _: chosen
    assembly.load_engine_set = lambda *_: remembering
    say("primed")
    told = json.loads(wait_for_a_line())
    # The machine that goes on is a copy: a computer that starts knows another time, and draws other numbers.
    subprocess.run(["date", "-s", f"@{told['now']}"], check=True, stdout=subprocess.DEVNULL)
    new_numbers(bytes.fromhex(told["random"]))
    while not DISK.exists():
        time.sleep(0.02)
    mount(str(DISK), str(DATA))
    say("mounted")
    Path("/run/site.toml").write_text(told["site"])
    loaded = load(Path("/run/site.toml"))
    if not told["has_fsync"]:
        os.fsync = os.fdatasync = lambda _: None
    try:
        run_station(loaded, lambda: say("served"))
    except Exception as error:
        say(f"station ended: {error}")
        raise


def say(what: str) -> None:
    print(f"PRIMED {what}", flush=True)


def wait_for_a_line() -> str:
    with open(LINE) as line:
        return line.readline()


def new_numbers(seed: bytes) -> None:
    """For the kernel's generator and for OpenSSL's."""
    pool = os.open("/dev/urandom", os.O_WRONLY)
    fcntl.ioctl(pool, _RNDADDENTROPY, struct.pack("ii", 8 * len(seed), len(seed)) + seed)
    fcntl.ioctl(pool, _RNDRESEEDCRNG)
    os.close(pool)
    ssl.RAND_add(seed, float(len(seed)))


def mount(device: str, place: str) -> None:
    """Without a program: the root is left alone."""
    libc = ctypes.CDLL(None, use_errno=True)
    noatime = 1024
    if libc.mount(device.encode(), place.encode(), b"ext4", noatime, None) != 0:
        raise OSError(ctypes.get_errno(), f"{device} cannot be mounted")


def see_once(settings, engines) -> None:
    """The picture that the camera shows for ever, analysed as the station will."""
    from appliance.analysis.pipeline import Pipeline  # noqa: PLC0415
    from appliance.capture.open_source import open_source  # noqa: PLC0415

    source = open_source(settings.capture.source, settings.capture)
    source.open()
    while (frame := source.read(60.0)) is None:
        continue
    source.close()
    Pipeline(engines, settings=settings.analysis).analyse(frame, track=True)


class Remembered:
    """A function of a picture, computed once for each picture."""

    def __init__(self, detect) -> None:
        self._detect, self._known = detect, {}

    def detect(self, image_rgb):
        key = hash(image_rgb.tobytes())
        if key not in self._known:
            self._known[key] = self._detect(image_rgb)
        return self._known[key]


class RememberedPoints:
    """The same of a picture and its boxes."""

    def __init__(self, estimate) -> None:
        self._estimate, self._known = estimate, {}

    def estimate(self, image_rgb, boxes):
        key = hash((image_rgb.tobytes(), tuple(boxes)))
        if key not in self._known:
            self._known[key] = self._estimate(image_rgb, boxes)
        return self._known[key]


if __name__ == "__main__":
    sys.exit(main())
