"""Files of a release over a link that breaks: what has arrived is kept on the disk, and only the rest is asked for."""

import logging
import os
import stat
import tempfile
import threading
from collections.abc import Collection, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Protocol, cast
from urllib.parse import unquote, urlparse

import urllib3.exceptions
from tuf.api import exceptions
from tuf.ngclient import FetcherInterface
from tuf.ngclient.urllib3_fetcher import Urllib3Fetcher

_log = logging.getLogger(__name__)
CHUNK = 1 << 16
"""So many bytes are lost at most when a link breaks."""
_TRIES = 5
"""Without a single byte in between; then the job ends, and the next one begins where this one ended."""
_FIRST_WAIT_S = 1.0
_PARTIAL_CONTENT, _RANGE_NOT_SATISFIABLE = 206, 416


class Source(Protocol):
    """Where bytes come from."""

    def read_from(self, url: str, offset: int) -> tuple[int, Iterator[bytes]]:
        """(first byte that comes, chunks): `offset`, or 0 where the source cannot begin there. Raises DownloadError."""


class HttpSource(Urllib3Fetcher):
    """A web server; one without ranges (RFC 9110, 14) sends the whole file again."""

    def read_from(self, url: str, offset: int) -> tuple[int, Iterator[bytes]]:
        if offset == 0:
            return 0, self.fetch(url)
        # The base class asks for whole files alone, and is the one that knows about proxies.
        answer = self._proxy_env.request(
            "GET", url, preload_content=False, timeout=self.socket_timeout, headers={"Range": f"bytes={offset}-"}
        )
        came = str(answer.headers.get("Content-Range", ""))
        if answer.status == _PARTIAL_CONTENT and came.startswith(f"bytes {offset}-"):
            return offset, self._chunks(answer)
        answer.close()
        if answer.status >= 400 and answer.status != _RANGE_NOT_SATISFIABLE:
            raise exceptions.DownloadHTTPError(f"HTTP error occurred with status {answer.status}", answer.status)
        return 0, self.fetch(url)

    def _chunks(self, response: urllib3.response.BaseHTTPResponse) -> Iterator[bytes]:
        """What there is at once: who waits for whole chunks of a server that drips waits for ever.

        Raises SlowRetrievalError where nothing comes for the time-out of the socket.
        """
        try:
            while piece := response.read1(CHUNK):
                yield piece
        except urllib3.exceptions.TimeoutError as error:
            raise exceptions.SlowRetrievalError("nothing came any more") from error
        finally:
            response.close()


class FolderSource:
    """Files instead of a web server."""

    def read_from(self, url: str, offset: int) -> tuple[int, Iterator[bytes]]:
        path = Path(unquote(urlparse(url).path))
        try:
            found = path.stat()
        except OSError as error:
            raise exceptions.DownloadHTTPError(f"there is no {path}", 404) from error
        if not stat.S_ISREG(found.st_mode):
            # A pipe on a stick would keep whoever opens it waiting for ever.
            raise exceptions.DownloadHTTPError(f"{path} is no file", 404)
        _log.debug("reading %s (%d bytes)", path, found.st_size)
        return offset, self._read(path, offset)

    def _read(self, path: Path, offset: int) -> Iterator[bytes]:
        with path.open("rb") as file:
            file.seek(offset)
            while chunk := file.read(CHUNK):
                yield chunk


class ResumingFetcher(FetcherInterface):
    """What a source has, on the disk until it is checked: python-tuf takes /tmp, which is a box's memory.

    Files below `targets` are kept when the link breaks, under the name that the release gives them, which begins with
    their digest. One that turns out wrong is forgotten, so that the next attempt begins anew.

    Args:
        folder: for the parts; made where it is missing.
        targets: the address below which the large files lie.
        is_over: set when nobody waits for the file any more.
    """

    def __init__(self, source: Source, folder: Path, targets: str, is_over: threading.Event) -> None:
        self._source, self._folder, self._targets, self._is_over = source, folder, targets, is_over

    def keep_only(self, names: Collection[str]) -> int:
        """Forget the parts of other releases; how many bytes of these are there."""
        parts = [path for path in self._folder.glob("*") if path.is_file()]
        for path in parts:
            if path.name not in names:
                path.unlink(missing_ok=True)
        return sum(path.stat().st_size for path in parts if path.exists())

    @contextmanager
    def download_file(self, url: str, max_length: int) -> Iterator[IO[bytes]]:
        """Raises DownloadError; DownloadLengthMismatchError as soon as more comes than may."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if not url.startswith(self._targets):
            with tempfile.TemporaryFile(dir=self._folder) as file:
                self._fill(file, url, max_length)
                yield file
            return
        path = self._folder / url.rpartition("/")[2]
        with path.open("a+b") as file:
            self._fill(file, url, max_length)
            try:
                yield file
            finally:
                path.unlink(missing_ok=True)

    def _fetch(self, url: str) -> Iterator[bytes]:
        return self._source.read_from(url, 0)[1]

    def _fill(self, file: IO[bytes], url: str, max_length: int) -> None:
        failures = 0
        while True:
            size = file.seek(0, os.SEEK_END)
            try:
                self._append(file, url, max_length)
            except (exceptions.DownloadHTTPError, exceptions.DownloadLengthMismatchError):
                raise
            except (exceptions.DownloadError, urllib3.exceptions.HTTPError) as error:
                file.flush()
                came = file.seek(0, os.SEEK_END) - size
                failures = 0 if came > 0 else failures + 1
                if failures >= _TRIES or self._is_over.wait(_FIRST_WAIT_S * 2.0**failures):
                    raise exceptions.DownloadError(f"the link broke {size + max(came, 0)} bytes into {url}") from error
                _log.warning("the link broke after %d more bytes of %s: %s", came, url, error)
            else:
                file.seek(0)
                return

    def _append(self, file: IO[bytes], url: str, max_length: int) -> None:
        size = file.seek(0, os.SEEK_END)
        if size == max_length:
            return  # all of it came before; whether it is the right one is checked next
        start, chunks = self._source.read_from(url, size if size < max_length else 0)
        file.truncate(start)
        # The connection is closed with it, at once and not when nobody remembers the error any more.
        with closing(cast("Generator[bytes, None, None]", chunks)):
            for chunk in chunks:
                if self._is_over.is_set():
                    raise exceptions.DownloadError("its time was over")
                file.write(chunk)
                if file.tell() > max_length:
                    file.truncate(0)
                    raise exceptions.DownloadLengthMismatchError(f"{url} has more than {max_length} bytes")
