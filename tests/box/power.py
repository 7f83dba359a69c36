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
import signal
import statistics
import sys
import tempfile
import threading
import time
import urllib.error
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any, Protocol

from appliance.domain.exam import ExamState
from tests.box.guest.exam import URL, Browser
from tests.box.lossy_disk import LossyDisk
from tests.box.own_time import OwnTime
from tests.box.services import Services, await_so
from tests.support.broker import Broker
from tests.support.exam_harness import BOX, SITE, ExamHarness, mqtt_settings
from tests.support.subscriber import Subscriber

REPOSITORY = Path(__file__).resolve().parents[2]
_LONGEST_UNTIL_CUT_S = 20.0
_LIVE_WITHIN_S = 240.0
_MB_A_CUT = 16
_NO_FSYNC = "import os; os.fsync = os.fdatasync = lambda fd: None\n"


class StaysDarkError(SystemExit):
    """The box does not come to a live picture, while everything around it runs."""


class Computer(Protocol):
    """What loses its power: its station's data are on a disk with a cache that a cut loses."""

    own_time: OwnTime
    asked_every_s: float
    """Whether it is live; one that is emulated has little time for answers."""

    @property
    def url(self) -> str:
        """Of its pages; another one after each start."""

    def make(self) -> None:
        """Whatever a first start needs; the disk is new."""

    def start(self) -> None:
        """Power on."""

    def require_alive(self) -> None:
        """Exits where a part has ended by itself: what then comes is no cut. StaysDarkError: the station has."""

    def two_words(self) -> str:
        """That a new box shows, after its start."""

    def last_words(self) -> str:
        """What was printed last, for one who asks why nothing comes."""

    def cut(self) -> None:
        """Power off, without a word."""

    def data(self) -> AbstractContextManager[Path]:
        """The station's folder while the power is off, as a start finds it."""


class HostServices:
    """The package's services under a systemd of their own, on this kernel."""

    def __init__(self, root: Path, scratch: Path, site: str, with_fsync: bool, size_mb: int) -> None:
        self._disk = LossyDisk(scratch / "disk", size_mb)
        extra = scratch / "extra"
        (extra / "etc/nailfold").mkdir(parents=True)
        (extra / "etc/nailfold/site.toml").write_text(site)
        if not with_fsync:
            [packages] = root.glob("opt/nailfold/lib/python3.*/site-packages")
            place = extra / packages.relative_to(root)
            place.mkdir(parents=True)
            (place / "zz-no-fsync.pth").write_text(_NO_FSYNC)
        self._log = scratch / "services.log"
        self._services = Services(root, extra, self._disk.mounted, self._log)
        self.own_time = self._services.own_time
        self.asked_every_s = 0.1
        self.url = URL

    def make(self) -> None:
        self._disk.make()

    def start(self) -> None:
        self._disk.plug()
        self._services.start()

    def require_alive(self) -> None:
        self._disk.require_alive()
        self._services.require_alive()

    def two_words(self) -> str:
        code: str = json.loads((self._disk.mounted / "access.json").read_text())["access_code"]
        return code

    def last_words(self) -> str:
        return self._log.read_text(errors="replace")[-4000:]

    def cut(self) -> None:
        self._disk.cut()
        self._services.kill()
        self._disk.clear()

    @contextmanager
    def data(self) -> Iterator[Path]:
        self._disk.plug()
        try:
            yield self._disk.mounted
        finally:
            self._disk.unmount()


class Box:
    """The computer, and what the box has answered over all starts."""

    def __init__(self, computer: Computer) -> None:
        self.computer = computer
        self.finished: list[str] = []
        self.live_after_s: list[float] = []
        self.refusals: Counter[str] = Counter()
        self.doing = "nothing"
        self.cut_while: Counter[str] = Counter()
        self._browser = Browser()
        self._is_set_up = False

    def start(self) -> None:
        """Power on, until pictures come and are analysed."""
        began_s = time.monotonic()
        self.computer.start()
        try:
            await_so(self._is_live, "live picture", _LIVE_WITHIN_S, self.computer.own_time)
        except SystemExit as error:
            print(self.computer.last_words(), flush=True)
            self.computer.require_alive()
            raise StaysDarkError(*error.args) from error
        self.live_after_s.append(time.monotonic() - began_s)
        if not self._is_set_up:
            self._browser = Browser(self.computer.url)
            self._browser.set_up(self.computer.two_words())
            self._is_set_up = True
        # Who was logged in is so still; hashing a password takes an emulated processor a minute.
        self._browser.go_to(self.computer.url)
        if self._browser.json("/api/v1/session")["account"] is None:
            self._browser.log_in("ana.ruiz", "small vessels tell")

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
            self.doing = "starting an exam"
            self._browser.post(
                "/api/v1/exam/start", pseudonym=f"NC-{random.randrange(10**6):06}", is_new=True, protocol="free"
            )
        for _ in range(random.choice((1, 2, 3))):
            self.doing = "capturing"
            # Where the cores are shared the picture stands at times, and is too old to keep.
            self._browser.post_until_taken("/api/v1/exam/capture", _LIVE_WITHIN_S)
        self.doing = "finishing"
        self.finished.append(self._browser.post("/api/v1/exam/finish", accepts_missing=True)["finished_exam_id"])

    def is_all_sent(self) -> bool:
        """Whether the broker has every message."""
        waiting = self._browser.json("/api/v1/state")["outbox"]
        return waiting["pending"] + waiting["sent"] == 0

    def _is_live(self) -> bool:
        time.sleep(self.computer.asked_every_s)
        self.computer.require_alive()
        try:
            return bool(json.loads(Browser(self.computer.url).get("/health/ready"))["is_ready"])
        except (OSError, HTTPException):
            return False


def asked_cuts(description: str | None, root: str) -> argparse.Namespace:
    """What the command line asks of a run of cuts; `root` is the name of its root in build/box."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--root", type=Path, default=REPOSITORY / "build/box" / root)
    options.add_argument("--report", type=Path, default=REPOSITORY / "build/reports/box.json")
    options.add_argument("--cuts", type=int, default=20)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--without-fsync", action="store_true", help="lie about fsync; 0 if that is noticed")
    return options.parse_args()


def main() -> int:
    """Exit status 0 if everything that was finished is there and whole, and has arrived; or if a lie was noticed."""
    asked = asked_cuts(__doc__, "root")
    in_a_network_of_its_own("tests.box.power")

    def services(scratch: Path, broker: int) -> HostServices:
        size_mb = disk_mb(asked.cuts)
        return HostServices(asked.root, scratch, site_of("127.0.0.1", broker), not asked.without_fsync, size_mb)

    return cut_and_report(services, asked.cuts, asked.seed, None if asked.without_fsync else asked.report)


def verdict(figures: dict[str, Any], cuts: int, has_fsync: bool) -> str:
    """Why the run proves nothing or proves the box wrong; empty where it shows what it is for."""
    wrong = [name for name in ("exams_lost", "results_not_received", "problems") if figures[name]]
    if not has_fsync:
        return "" if wrong else "the lie about fsync was not noticed"
    if wrong:
        return f"what was finished is not there and whole: {', '.join(wrong)}"
    if figures["kills"] < cuts:
        return f"{figures['kills']} cuts instead of {cuts}: the run was ended before"
    if figures["exams_finished"] == 0:
        return (
            f"no exam was finished within {cuts} cuts, so none could be lost; with so few that is chance: ask for more"
        )
    return ""


def disk_mb(cuts: int) -> int:
    """A store that keeps its reserve free takes no exam any more, and a cut then has nothing to tear."""
    return 512 + _MB_A_CUT * cuts


def cut_and_report(
    computer: Callable[[Path, int], Computer],
    cuts: int,
    seed: int,
    report: Path | None,
    prefix: str = "",
    longest_s: float = _LONGEST_UNTIL_CUT_S,
) -> int:
    """Exit status 0 if the run shows what it is for (`verdict`).

    Args:
        computer: made in a folder of its own, for the port of a broker that keeps its power.
        report: takes the figures, each name with the prefix before it; None: fsync is a lie, which must be noticed.
        longest_s: from the live picture to the cut.
    """
    random.seed(seed)
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nailfold-power-", dir=REPOSITORY / "build") as folder:
        scratch = Path(folder)
        with Broker(scratch / "broker", ["max_queued_messages 0"]) as broker:
            subscriber = Subscriber(broker.port, f"nailfold/v1/{SITE}/{BOX}/results/+")
            box = Box(computer(scratch, broker.port))
            try:
                figures = run(box, cuts, subscriber, longest_s)
            except StaysDarkError as error:
                if report is not None or not box.live_after_s:
                    raise
                print(f"noticed: after cut {len(box.live_after_s)} the box does not come up: {error}", flush=True)
                return 0
    figures["seconds"] = round(time.monotonic() - began_s)
    print(json.dumps(figures, indent=2))
    if report is not None:
        known = json.loads(report.read_text()) if report.exists() else {"schema": "nailfold.box/1"}
        report.parent.mkdir(parents=True, exist_ok=True)
        named = {f"{prefix}{name}": value for name, value in figures.items()}
        report.write_text(json.dumps({**known, **named}, indent=2) + "\n")
    if why := verdict(figures, cuts, report is not None):
        print(why, flush=True)
        return 1
    return 0


def run(box: Box, cuts: int, subscriber: Subscriber, longest_s: float) -> dict[str, Any]:
    """Cut after cut; then what is there."""
    box.computer.make()
    try:
        _cut_again_and_again(box, cuts, longest_s)
        await_so(box.is_all_sent, "delivery of every message", 120.0, box.computer.own_time)
    finally:
        box.computer.cut()
    with box.computer.data() as data:
        return _figures(box, data, subscriber)


def _cut_again_and_again(box: Box, cuts: int, longest_s: float) -> None:
    is_enough = threading.Event()
    # Ctrl-C: the cuts made so far are looked at. What runs beside this is in sessions of its own, and does not hear it.
    signal.signal(signal.SIGINT, lambda *_: is_enough.set())
    box.start()
    print(f"live for the first time after {box.live_after_s[0]:.1f} s", flush=True)
    for number in range(cuts):
        if is_enough.is_set():
            break
        is_over, moment_s = threading.Event(), random.uniform(0.2, longest_s)
        work = threading.Thread(target=box.examine_until, args=(is_over,))
        work.start()
        time.sleep(moment_s)
        try:
            box.computer.require_alive()
        finally:
            box.cut_while[box.doing] += 1
            box.computer.cut()
            is_over.set()
            work.join()
        box.start()
        print(
            f"cut {number + 1} after {moment_s:.1f} s: live again after {box.live_after_s[-1]:.1f} s, "
            f"{len(box.finished)} exams finished so far",
            flush=True,
        )


def _figures(box: Box, data: Path, subscriber: Subscriber) -> dict[str, Any]:
    problems: list[str] = []
    with ExamHarness(data / "exams", mqtt_settings(1)) as harness:
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
        "kills": len(box.live_after_s) - 1,
        "cut_while": dict(box.cut_while),
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


def site_of(broker: str, port: int, source: str = "", further: str = "") -> str:
    """The station's settings, with a broker there; with the simulated scope where no source is given."""
    mqtt = f'[mqtt]\nenabled = true\nhost = "{broker}"\nport = {port}\ntls = false\nsite = "{SITE}"\nbox = "{BOX}"\n'
    # Few pictures, so that shared cores have time for exams; and one that is late is kept all the same.
    slow = "[capture]\nfps = 2.0\n" + (f'source = "{source}"\n' if source else "") + "[exam]\nmax_frame_age_s = 60.0\n"
    return f'[station]\ndata_dir = "/var/lib/nailfold"\n{slow}{mqtt}{further}'


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
