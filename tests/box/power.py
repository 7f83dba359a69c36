"""`make test-power`: the power goes at random moments of captures and finishes; nothing finished may be lost.

    python -m tests.box.power [--cuts 20] [--seed 1] [--without-fsync]

The installed package runs under its own systemd (services.py) with its data on a disk whose cache a cut loses
(lossy_disk.py), beside a broker that stays. After every cut the box must reach the live picture by itself. Figures go
into build/reports/box.json. Needs root, an installed root (make test-box makes it) and nbdkit, nbdfuse, mosquitto.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
import urllib.error
from collections import Counter
from http.client import HTTPException
from pathlib import Path

from appliance.domain.exam import ExamState
from tests.box.guest.exam import Browser
from tests.box.lossy_disk import LossyDisk
from tests.box.services import Services, await_so
from tests.support.broker import Broker
from tests.support.exam_harness import BOX, SITE, ExamHarness, mqtt_settings
from tests.support.subscriber import Subscriber

REPOSITORY = Path(__file__).resolve().parents[2]
_LONGEST_UNTIL_CUT_S = 20.0
_LIVE_WITHIN_S = 240.0
_MB_A_CUT = 16
_NO_FSYNC = "import os; os.fsync = os.fdatasync = lambda fd: None\n"


class Box:
    """The services with their disk, and what the box has answered over all starts."""

    def __init__(self, root: Path, scratch: Path, site: str, cuts: int, with_fsync: bool) -> None:
        # A store that keeps its reserve free takes no exam any more, and a cut then has nothing to tear.
        self.disk = LossyDisk(scratch / "disk", size_mb=512 + _MB_A_CUT * cuts)
        self.finished: list[str] = []
        self.live_after_s: list[float] = []
        self.refusals: Counter[str] = Counter()
        extra = scratch / "extra"
        (extra / "etc/nailfold").mkdir(parents=True)
        (extra / "etc/nailfold/site.toml").write_text(site)
        if not with_fsync:
            [packages] = root.glob("opt/nailfold/lib/python3.*/site-packages")
            place = extra / packages.relative_to(root)
            place.mkdir(parents=True)
            (place / "zz-no-fsync.pth").write_text(_NO_FSYNC)
        self._services = Services(root, extra, self.disk.mounted, scratch / "services.log")
        self.own_time = self._services.own_time
        self._browser = Browser()
        self._is_set_up = False

    def start(self) -> None:
        """Power on, until pictures come and are analysed."""
        self.disk.plug()
        self._services.start()
        self.live_after_s.append(self._services.await_live(self._is_live, _LIVE_WITHIN_S))
        self._browser = Browser()
        if not self._is_set_up:
            self._browser.set_up(json.loads((self.disk.mounted / "access.json").read_text())["access_code"])
            self._is_set_up = True
        self._browser.log_in("ana.ruiz", "small vessels tell")

    def cut(self) -> None:
        """Power off, without a word."""
        self.disk.cut()
        self._services.kill()
        self.disk.clear()

    def examine_until(self, is_over: threading.Event) -> None:
        """Exam after exam; what the box says it has finished is noted."""
        while not is_over.is_set():
            try:
                self._examine()
            except urllib.error.HTTPError as refused:
                self.refusals[f"{refused.code} {refused.read()[:160].decode(errors='replace')}"] += 1
                is_over.wait(0.1)
            except (OSError, HTTPException):
                # The answer of a box without power.
                is_over.wait(0.1)

    def _examine(self) -> None:
        if self._browser.json("/api/v1/state")["exam"]["exam_id"] is None:
            self._browser.post(
                "/api/v1/exam/start", pseudonym=f"NC-{random.randrange(10**6):06}", is_new=True, protocol="free"
            )
        for _ in range(random.choice((1, 2, 3))):
            # Where the cores are shared the picture stands at times, and is too old to keep.
            self._browser.post_until_taken("/api/v1/exam/capture", _LIVE_WITHIN_S)
        self.finished.append(self._browser.post("/api/v1/exam/finish", accepts_missing=True)["finished_exam_id"])

    def is_all_sent(self) -> bool:
        """Whether the broker has every message."""
        waiting = self._browser.json("/api/v1/state")["outbox"]
        return waiting["pending"] + waiting["sent"] == 0

    def _is_live(self) -> bool:
        try:
            return bool(json.loads(Browser().get("/health/ready"))["is_ready"])
        except (OSError, HTTPException):
            return False


def main() -> int:
    """Exit status 0 if everything that was finished is there and whole, and has arrived."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--root", type=Path, default=REPOSITORY / "build/box/root")
    options.add_argument("--report", type=Path, default=REPOSITORY / "build/reports/box.json")
    options.add_argument("--cuts", type=int, default=20)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--without-fsync", action="store_true", help="lie about fsync; must be noticed")
    asked = options.parse_args()
    in_a_network_of_its_own("tests.box.power")
    random.seed(asked.seed)
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nailfold-power-", dir=REPOSITORY / "build") as folder:
        scratch = Path(folder)
        with Broker(scratch / "broker", ["max_queued_messages 0"]) as broker:
            subscriber = Subscriber(broker.port, f"nailfold/v1/{SITE}/{BOX}/results/+")
            box = Box(asked.root, scratch, _site(broker.port), asked.cuts, not asked.without_fsync)
            figures = run(box, asked.cuts, subscriber)
    figures["seconds"] = round(time.monotonic() - began_s)
    print(json.dumps(figures, indent=2))
    if not asked.without_fsync:
        known = json.loads(asked.report.read_text()) if asked.report.exists() else {"schema": "nailfold.box/1"}
        asked.report.parent.mkdir(parents=True, exist_ok=True)
        asked.report.write_text(json.dumps({**known, **figures}, indent=2) + "\n")
    is_whole = not (figures["exams_lost"] or figures["results_not_received"] or figures["problems"])
    return 0 if is_whole else 1


def run(box: Box, cuts: int, subscriber: Subscriber) -> dict[str, object]:
    """Cut after cut; then what is there."""
    box.disk.make()
    try:
        _cut_again_and_again(box, cuts)
        await_so(box.is_all_sent, "delivery of every message", 120.0, box.own_time)
    finally:
        box.cut()
    box.disk.plug()
    try:
        return _figures(box, cuts, subscriber)
    finally:
        box.disk.unmount()


def _cut_again_and_again(box: Box, cuts: int) -> None:
    box.start()
    for number in range(cuts):
        is_over, moment_s = threading.Event(), random.uniform(0.2, _LONGEST_UNTIL_CUT_S)
        work = threading.Thread(target=box.examine_until, args=(is_over,))
        work.start()
        time.sleep(moment_s)
        try:
            box.disk.require_alive()
        finally:
            box.cut()
            is_over.set()
            work.join()
        box.start()
        print(
            f"cut {number + 1} after {moment_s:.1f} s: live again after {box.live_after_s[-1]:.1f} s, "
            f"{len(box.finished)} exams finished so far",
            flush=True,
        )


def _figures(box: Box, cuts: int, subscriber: Subscriber) -> dict[str, object]:
    problems: list[str] = []
    with ExamHarness(box.disk.mounted / "exams", mqtt_settings(1)) as harness:
        store = harness.storage.exams
        exams = {exam.exam_id: exam for exam in store.exams(limit=100_000)}
        lost = [one for one in box.finished if one not in exams or exams[one].state is not ExamState.FINISHED]
        for exam_id in exams:
            for image in store.exam(exam_id).images:
                try:
                    store.read_png(exam_id, image.image_id)
                except Exception as error:  # whatever it is, it is told
                    problems.append(f"{exam_id}: {error}")
        if not harness.storage.journal.verify().is_intact:
            problems.append("the journal does not verify")
        if (said := harness.storage.database.rows("check", "PRAGMA integrity_check")[0][0]) != "ok":
            problems.append(f"the database is damaged: {said}")
        queued = {row["msg_id"] for row in harness.storage.database.rows("look", "SELECT msg_id FROM outbox")}
    received = {arrival.document["msg_id"] for arrival in subscriber.collect(quiet_s=2)}
    return {
        "kills": cuts,
        "exams_finished": len(box.finished),
        "exams_lost": len(lost),
        "results_not_received": len(queued - received),
        "starts_to_live_s": {
            "median": round(statistics.median(box.live_after_s), 1),
            "longest": round(max(box.live_after_s), 1),
            "starts": len(box.live_after_s),
        },
        "refusals": dict(box.refusals),
        "problems": problems[:20],
    }


def _site(port: int) -> str:
    mqtt = f'[mqtt]\nenabled = true\nhost = "127.0.0.1"\nport = {port}\ntls = false\nsite = "{SITE}"\nbox = "{BOX}"\n'
    # Few pictures, so that shared cores have time for exams; and one that is late is kept all the same.
    slow = "[capture]\nfps = 2.0\n[exam]\nmax_frame_age_s = 60.0\n"
    return f'[station]\ndata_dir = "/var/lib/nailfold"\n{slow}{mqtt}'


def in_a_network_of_its_own(module: str) -> None:
    """The box's port 8080 is nobody else's: the module starts once more, where it is not."""
    if os.environ.get("NAILFOLD_OWN_NETWORK") != "yes":
        for program in ("nbdkit", "nbdfuse", "mosquitto", "unshare"):
            if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None:
                sys.exit(f"{program} is missing; install: apt-get install nbdkit nbdfuse mosquitto")
        os.environ["NAILFOLD_OWN_NETWORK"] = "yes"
        inside = ["sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable, "-m", module]
        os.execvp("unshare", ["unshare", "--net", *inside, *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
