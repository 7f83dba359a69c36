"""`make test-stick`: a copy of the box goes onto a stick and comes back, through pages and the units' whole sandbox.

    python -m tests.box.stick

The installed package runs under its own systemd (services.py). The stick is a file system of its own at /media/backup,
there after the station has started and there before. Needs root and an installed root (make test-box makes it); a FAT
on USB is in `make test-image`.
"""

import argparse
import json
import re
import shutil
import sys
import tempfile
import urllib.error
from http.client import HTTPException
from pathlib import Path
from typing import Any

from tests.box.guest.exam import Browser
from tests.box.power import in_a_network_of_its_own
from tests.box.services import Services, await_so

REPOSITORY = Path(__file__).resolve().parents[2]
_DROP_IN = "lib/systemd/system/nailfold-station.service.d/stick.conf"
_SITE = """
[station]
data_dir = "/var/lib/nailfold"
[capture]
fps = 2.0
[exam]
max_frame_age_s = 60.0
"""
_LIVE_WITHIN_S, _WORDS = 240.0, "four words of mine"


class Box:
    """The services, and a browser beside them."""

    def __init__(self, root: Path, scratch: Path) -> None:
        extra, self._data = scratch / "extra", scratch / "data"
        for folder in (extra / "etc/nailfold", extra / "media/backup", (extra / "usr" / _DROP_IN).parent, self._data):
            folder.mkdir(parents=True)
        (extra / "etc/nailfold/site.toml").write_text(_SITE)
        # Below usr: /lib of the root is a link, and no folder is copied over one.
        shutil.copy(REPOSITORY / "image-build/image/overlay/usr" / _DROP_IN, extra / "usr" / _DROP_IN)
        self.services = Services(root, extra, self._data, scratch / "services.log")
        self.browser = Browser()

    def await_live(self, is_new: bool = False) -> None:
        """Pictures come; somebody is logged in."""
        self.services.await_live(_is_live, _LIVE_WITHIN_S)
        self.browser = Browser()
        if is_new:
            self.browser.set_up(json.loads((self._data / "access.json").read_text())["access_code"])
        self.browser.log_in("ana.ruiz", "small vessels tell")

    def examine(self, pseudonym: str) -> None:
        """One exam of one picture."""
        self.browser.post("/api/v1/exam/start", pseudonym=pseudonym, is_new=True, protocol="free")
        self.browser.post_until_taken("/api/v1/exam/capture", _LIVE_WITHIN_S)
        self.browser.post("/api/v1/exam/finish", accepts_missing=True)

    def exams(self) -> int:
        return int(self.browser.post("/api/v1/exams/search")["total"])

    def copy_onto_stick(self) -> str:
        """The name of the file that is on the stick then."""
        before = self.on_stick()
        self.browser.get("/settings/backups/")
        self.browser.form("/settings/backups/seal", what="copy", passphrase=_WORDS, stick="yes")
        await_so(lambda: self._job()["state"] in ("done", "failed"), "copy", _LIVE_WITHIN_S, self.services.own_time)
        if self._job()["state"] == "failed":
            sys.exit(f"no copy: {self._job()}")
        [name] = self.on_stick() - before
        return name

    def restore(self, name: str) -> None:
        """From the stick; the station restarts into it."""
        self.browser.get("/settings/backups/")
        plan = self.browser.form("/settings/backups/look", stick_file=name, passphrase=_WORDS)
        [plan_id] = re.findall(r'name="plan_id" value="([^"]+)"', plan)
        self.browser.form("/settings/backups/restore", plan_id=plan_id)
        await_so(lambda: not _is_live(), "end of the station", _LIVE_WITHIN_S, self.services.own_time)

    def plug(self) -> None:
        self.services.inside("mount", "-t", "tmpfs", "-o", "uid=nailfold,mode=700,size=400m", "stick", "/media/backup")

    def on_stick(self) -> set[str]:
        return set(self.services.inside("ls", "/media/backup").split())

    def _job(self) -> Any:
        return self.browser.json("/api/v1/jobs")["jobs"][0]


def _is_live() -> bool:
    try:
        return bool(json.loads(Browser().get("/health/ready"))["is_ready"])
    except (OSError, HTTPException, urllib.error.HTTPError):
        return False


def main() -> int:
    """Exit status 0 if both copies got onto the stick and the first brought the box back."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--root", type=Path, default=REPOSITORY / "build/box/root")
    asked = options.parse_args()
    in_a_network_of_its_own("tests.box.stick")
    with tempfile.TemporaryDirectory(prefix="nailfold-stick-", dir=REPOSITORY / "build") as folder:
        box = Box(asked.root, Path(folder))
        try:
            return _go_through(box)
        finally:
            box.services.kill()


def _go_through(box: Box) -> int:
    box.services.start()
    box.await_live(is_new=True)
    box.plug()
    box.examine("NC-0001")
    first = box.copy_onto_stick()
    print(f"plugged in while the station ran: {first}", flush=True)
    box.examine("NC-0002")
    box.services.inside("systemctl", "restart", "nailfold-station")
    box.await_live()
    second = box.copy_onto_stick()
    print(f"there before the station started: {second}", flush=True)
    before = box.exams()
    box.restore(first)
    box.await_live()
    after = box.exams()
    print(f"restored from the stick: {before} exams before, {after} after", flush=True)
    return 0 if (before, after) == (2, 1) else 1


if __name__ == "__main__":
    sys.exit(main())
