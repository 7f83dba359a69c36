"""Every attack on an update that TUF names, against the box's own client: refused, said why, nothing put in place."""

import json
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from appliance.apps.config.engine_bundle import BUNDLE_FILES
from appliance.apps.fleet_server.release_maker import SYSTEM_FILE, ReleaseMaker
from appliance.apps.station.fleet.update_client import UpdateClient
from appliance.domain.errors import UpdateError

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=timezone.utc)


class Site:
    """A release with the bundle e-1, and a box that has already taken it.

    Args:
        kind: "engines", or "system", whose bundle is one file.
    """

    def __init__(self, folder: Path, kind: str) -> None:
        self.kind, self.files = kind, BUNDLE_FILES if kind == "engines" else (SYSTEM_FILE,)
        self.folder, self.now, self.floor = folder, NOW, datetime(2026, 11, 1, tzinfo=timezone.utc)
        self.release = folder / "release"
        self.weights = folder / "weights"
        self.weights.mkdir()
        for name in self.files:
            (self.weights / name).write_bytes(f"{name} of the release".encode() * 100)
        self.maker = ReleaseMaker(self.release, folder / "keys")
        self.maker.make(NOW)
        self.root = self.maker.root_file.read_bytes()
        self.add(self.maker, "e-1")
        self.fetch("e-1")

    def add(self, maker: ReleaseMaker, name: str) -> None:
        if self.kind == "engines":
            maker.add_bundle(name, self.weights, NOW)
        else:
            maker.add_system(name, self.weights / SYSTEM_FILE, NOW)

    @property
    def metadata(self) -> Path:
        return self.release / "metadata"

    def fetch(self, name: str) -> Path:
        into = self.folder / "box" / name
        client = UpdateClient(
            self.root, self.folder / "seen", f"file://{self.release}", lambda: self.now, lambda: self.floor, self.raised
        )
        client.fetch(f"{self.kind}/{name}", self.files, into)
        return into

    def raised(self, moment: datetime) -> None:
        self.floor = max(self.floor, moment)

    @property
    def last_file(self) -> str:
        return self.files[-1]

    def target(self) -> Path:
        """The last file of the second bundle."""
        (file,) = (self.release / "targets" / self.kind / "e-2").glob(f"*.{self.last_file}")
        return file

    def newest(self, role: str) -> Path:
        files = self.metadata.glob(f"*{role}.json")
        return max(files, key=lambda file: json.loads(file.read_text())["signed"]["version"])


@pytest.fixture(params=("engines", "system"))
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    return Site(tmp_path, request.param)


def offer_second(site: Site) -> None:
    site.add(site.maker, "e-2")


def rollback(site: Site) -> None:
    """The attacker puts back a whole, once valid, older release."""
    shutil.copytree(site.metadata, site.folder / "older")
    offer_second(site)
    site.fetch("e-2")
    shutil.rmtree(site.metadata)
    shutil.copytree(site.folder / "older", site.metadata)


def freeze(site: Site) -> None:
    """The attacker offers the same release for ever, so that no box hears of a newer one."""
    offer_second(site)
    site.now = NOW + timedelta(days=31)


def expired_with_a_clock_at_1970(site: Site) -> None:
    """As before, and the battery of the box's clock is empty."""
    freeze(site)
    site.floor = site.now
    site.now = datetime(1970, 1, 1, tzinfo=timezone.utc)


def wrong_key(site: Site) -> None:
    """A release of somebody else's keys."""
    foreign = ReleaseMaker(site.folder / "foreign", site.folder / "foreign-keys")
    foreign.make(NOW)
    for _ in range(3):
        foreign.renew(NOW)
    site.add(foreign, "e-2")
    shutil.rmtree(site.release)
    shutil.copytree(site.folder / "foreign", site.release)


def wrong_target(site: Site) -> None:
    """The right name, another content of the same length."""
    offer_second(site)
    site.target().write_bytes(b"x" * len((site.weights / site.last_file).read_bytes()))


def truncated(site: Site) -> None:
    offer_second(site)
    file = site.target()
    file.write_bytes(file.read_bytes()[:-1])


def oversized(site: Site) -> None:
    """A file without an end fills no disk."""
    offer_second(site)
    with site.target().open("ab") as file:
        file.truncate(10**10)


def mix_and_match(site: Site) -> None:
    """Old targets under a new snapshot."""
    older = site.newest("targets").read_bytes()
    offer_second(site)
    site.newest("targets").write_bytes(older)


def targets_signed_by_the_timestamps_key(site: Site) -> None:
    """The key that is on a server all day long must not be able to make a release."""
    (site.folder / "keys" / "targets.pem").write_bytes((site.folder / "keys" / "timestamp.pem").read_bytes())
    offer_second(site)


def missing_file(site: Site) -> None:
    offer_second(site)
    site.target().unlink()


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        (rollback, "older than what this box has seen"),
        (freeze, "it has expired"),
        (expired_with_a_clock_at_1970, "it has expired"),
        (wrong_key, "not signed by the keys of this box's fleet"),
        (wrong_target, "changed or cut off"),
        (truncated, "changed or cut off"),
        (oversized, "longer than its release says"),
        (mix_and_match, "mix and match|not of one release"),
        (targets_signed_by_the_timestamps_key, "not signed by the keys"),
        (missing_file, "is not there"),
    ],
    ids=lambda one: one.__name__ if callable(one) else "",
)
def test_attack_is_refused_and_what_runs_is_left_alone(site: Site, attack: Callable[[Site], None], said: str) -> None:
    attack(site)
    before = {file.name: file.read_bytes() for file in (site.folder / "box" / "e-1").iterdir()}
    wanted = "e-2" if attack is not rollback else "e-3"
    with pytest.raises(UpdateError, match=said):
        site.fetch(wanted)
    assert not (site.folder / "box" / wanted).exists()
    assert not list((site.folder / "box").glob("*.part"))
    assert {file.name: file.read_bytes() for file in (site.folder / "box" / "e-1").iterdir()} == before


def test_release_that_is_what_it_says_is_taken(site: Site) -> None:
    offer_second(site)
    into = site.fetch("e-2")
    assert {file.name for file in into.iterdir()} == set(site.files)
    assert site.floor == NOW, "the signed time of the release"


def test_clock_at_1970_takes_a_release_that_is_still_valid(site: Site) -> None:
    """A box without a clock battery is not cut off from updates."""
    offer_second(site)
    site.now = datetime(1970, 1, 1, tzinfo=timezone.utc)
    assert site.fetch("e-2").exists()


def test_bundle_that_is_in_no_release_is_refused(site: Site) -> None:
    with pytest.raises(UpdateError, match=rf"has no {site.kind}/e-9/{site.files[0]}"):
        site.fetch("e-9")


def test_bundle_for_which_there_is_no_room_is_not_fetched(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    offer_second(site)
    usage = type(shutil.disk_usage(site.folder))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 500_000_000, 500_000_000))
    with pytest.raises(UpdateError, match="500 MB are free"):
        site.fetch("e-2")
    assert not list((site.folder / "box").glob("e-2*"))


class _Dripping(BaseHTTPRequestHandler):
    """Every file of the release, a byte now and then and without an end."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(b"{")
                self.wfile.flush()
                self.server.has_sent.set()  # type: ignore[attr-defined]
                time.sleep(0.05)

    def log_message(self, *_: object) -> None:
        pass


def test_server_that_drips_is_left_once_nobody_waits_any_more(site: Site) -> None:
    """Slow retrieval: each step of a job has its time, and what it began must end with it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Dripping)
    server.daemon_threads, server.has_sent = True, threading.Event()  # type: ignore[attr-defined]
    serving, is_over = threading.Thread(target=server.serve_forever), threading.Event()
    serving.start()
    address = f"http://127.0.0.1:{server.server_port}"
    client = UpdateClient(site.root, site.folder / "seen", address, lambda: NOW, lambda: NOW, site.raised)
    try:
        with ThreadPoolExecutor() as pool:
            fetching = pool.submit(client.fetch, f"{site.kind}/e-1", site.files, site.folder / "box/new", is_over)
            assert server.has_sent.wait(30)  # type: ignore[attr-defined]
            assert not fetching.done()
            is_over.set()
            with pytest.raises(UpdateError, match=r"its time was over|link broke"):
                fetching.result(30)
        assert not (site.folder / "box/new").exists()
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
