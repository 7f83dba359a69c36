"""A release is fetched over a link that breaks again and again."""

import http.server
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import pytest

from appliance.apps.fleet_server.release_maker import SYSTEM_FILE, ReleaseMaker
from appliance.apps.station.fleet import resuming_fetcher
from appliance.apps.station.fleet.update_client import UpdateClient
from appliance.domain.errors import UpdateError

NOON = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
CONTENT = bytes(range(256)) * 4096
"""1 MiB."""


class Link:
    """A web server of a release whose answers break off after so many bytes; usable with `with`.

    Attributes:
        breaks_after: bytes of a large answer; None: it does not break.
        knows_ranges: whether it begins in the middle of a file.
        sent: bytes of large files so far.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.breaks_after, self.knows_ranges, self.sent = folder, None, True, 0
        self.spoils = False
        link = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                link.answer(self)

            def log_message(self, *_: object) -> None:
                """Nothing on the test's output."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    breaks_after: int | None

    def answer(self, asked: http.server.BaseHTTPRequestHandler) -> None:
        path = self.folder / asked.path.lstrip("/")
        if not path.is_file():
            asked.send_error(404)
            return
        content = path.read_bytes()
        wanted = re.match(r"bytes=(\d+)-", asked.headers.get("Range", ""))
        start = int(wanted[1]) if wanted and self.knows_ranges else 0
        asked.send_response(206 if start else 200)
        if start:
            asked.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        rest = content[start:]
        asked.send_header("Content-Length", str(len(rest)))
        asked.end_headers()
        if path.suffix == ".json":
            asked.wfile.write(rest)
            return
        part = rest if self.breaks_after is None else rest[: self.breaks_after]
        self.sent += len(part)
        asked.wfile.write(bytes(len(part)) if self.spoils else part)

    def __enter__(self) -> "Link":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resuming_fetcher, "_FIRST_WAIT_S", 0.001)


@pytest.fixture
def maker(tmp_path: Path) -> ReleaseMaker:
    made = ReleaseMaker(tmp_path / "release", tmp_path / "keys")
    made.make(NOON)
    (tmp_path / "system").write_bytes(CONTENT)
    made.add_system("s-1", tmp_path / "system", NOON)
    return made


@pytest.fixture
def link(tmp_path: Path, maker: ReleaseMaker) -> Iterator[Link]:
    with Link(tmp_path / "release") as served:
        yield served


def fetch(tmp_path: Path, maker: ReleaseMaker, link: Link, is_over: threading.Event | None = None) -> bytes:
    """What the box then has."""
    root = maker.root_file.read_bytes()
    client = UpdateClient(root, tmp_path / "seen", link.url, lambda: NOON, lambda: NOON, lambda _: None)
    client.fetch("system/s-1", (SYSTEM_FILE,), tmp_path / "box", is_over)
    return (tmp_path / "box" / SYSTEM_FILE).read_bytes()


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(UpdateError, match="is refused"):
        yield


def test_a_link_that_breaks_is_taken_up_where_it_broke(tmp_path: Path, maker: ReleaseMaker, link: Link) -> None:
    link.breaks_after = 200_000

    assert fetch(tmp_path, maker, link) == CONTENT
    assert link.sent < 2 * len(CONTENT)


def test_what_came_before_the_last_attempt_ended_is_not_fetched_again(
    tmp_path: Path, maker: ReleaseMaker, link: Link
) -> None:
    link.breaks_after = 600_000
    is_over = threading.Event()
    is_over.set()
    with refused():
        fetch(tmp_path, maker, link, is_over)
    link.breaks_after = 0
    with refused():
        fetch(tmp_path, maker, link)  # nothing comes any more, and it ends
    link.breaks_after = None
    kept = sum(path.stat().st_size for path in (tmp_path / "seen" / "parts").iterdir())
    before = link.sent

    assert fetch(tmp_path, maker, link) == CONTENT
    assert link.sent - before == len(CONTENT) - kept
    assert not list((tmp_path / "seen" / "parts").iterdir())


def test_a_server_without_ranges_sends_the_whole_file_again(tmp_path: Path, maker: ReleaseMaker, link: Link) -> None:
    link.knows_ranges, link.breaks_after = False, 900_000
    with refused():
        fetch(tmp_path, maker, link)
    link.breaks_after = None

    assert fetch(tmp_path, maker, link) == CONTENT


def test_a_part_that_was_spoilt_is_forgotten_with_the_attempt(tmp_path: Path, maker: ReleaseMaker, link: Link) -> None:
    link.breaks_after, link.spoils = 600_000, True
    with refused():
        fetch(tmp_path, maker, link)
    link.breaks_after, link.spoils = None, False

    assert fetch(tmp_path, maker, link) == CONTENT


def test_a_part_that_is_longer_than_the_file_begins_anew(tmp_path: Path, maker: ReleaseMaker, link: Link) -> None:
    [target] = (tmp_path / "release/targets/system/s-1").iterdir()
    parts = tmp_path / "seen" / "parts"
    parts.mkdir(parents=True)
    (parts / target.name).write_bytes(CONTENT * 2)
    (parts / "of-another-release").write_bytes(b"x")

    assert fetch(tmp_path, maker, link) == CONTENT
    assert not list(parts.iterdir())


def test_kept_metadata_that_is_damaged_is_fetched_again(tmp_path: Path, maker: ReleaseMaker, link: Link) -> None:
    fetch(tmp_path, maker, link)
    for path in [one for one in (tmp_path / "seen").rglob("*") if one.is_file() and not one.is_symlink()]:
        whole = path.read_bytes()
        for damaged in (b"", whole[: len(whole) // 2], b"[" * 100_000, b"\xff\xfe", b"{}"):
            path.write_bytes(damaged)
            assert fetch(tmp_path, maker, link) == CONTENT, path.name
            path.write_bytes(whole)


@pytest.mark.parametrize("kind", ["pipe", "folder", "link to endless zeros", "ten sparse gigabytes", "link to nothing"])
@pytest.mark.parametrize("place", ["metadata/timestamp.json", f"targets/system/e-1/*.{SYSTEM_FILE}"])
def test_what_is_no_file_of_a_release_on_a_stick_is_refused_at_once(tmp_path: Path, kind: str, place: str) -> None:
    (tmp_path / SYSTEM_FILE).write_bytes(CONTENT)
    maker = ReleaseMaker(tmp_path / "release", tmp_path / "keys")
    maker.make(NOON)
    maker.add_system("e-1", tmp_path / SYSTEM_FILE, NOON)
    (file,) = (tmp_path / "release").glob(place)
    file.unlink()
    {
        "pipe": lambda: os.mkfifo(file),
        "folder": file.mkdir,
        "link to endless zeros": lambda: file.symlink_to("/dev/zero"),
        "ten sparse gigabytes": lambda: (file.touch(), os.truncate(file, 10 << 30)),
        "link to nothing": lambda: file.symlink_to("nowhere"),
    }[kind]()
    address = f"file://{tmp_path}/release"
    root = maker.root_file.read_bytes()
    client = UpdateClient(root, tmp_path / "seen", address, lambda: NOON, lambda: NOON, lambda _: None)
    with pytest.raises(UpdateError, match=r"is not there|longer than its release says"):
        client.fetch("system/e-1", (SYSTEM_FILE,), tmp_path / "box")
    assert sum(one.stat().st_size for one in (tmp_path / "seen").rglob("*") if one.is_file()) < len(CONTENT)
    assert not (tmp_path / "box").exists()
