"""Files that leave the box with a passphrase."""

import io
import re
import tarfile
from pathlib import Path

import pytest

from appliance.domain.errors import StoreError
from appliance.domain.passphrase import new_recovery_key, require_passphrase
from appliance.storage.full_copy import DATA, read_copy, read_keys
from appliance.storage.sealed_stream import HEADER_BYTES, SealedReader, SealedWriter
from tests.support.cheap_passphrases import cheap_passphrases

WORDS = "four words of mine"


@pytest.fixture(autouse=True)
def cheap(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "at_its_real_cost" not in request.node.name:
        cheap_passphrases(monkeypatch)


def sealed(content: bytes, kind: bytes = DATA) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, WORDS, kind)
    for at in range(0, len(content), 700_000):
        writer.write(content[at : at + 700_000])
    writer.finish()
    return file.getvalue()


def opened(content: bytes, passphrase: str = WORDS) -> bytes:
    return SealedReader(io.BytesIO(content), passphrase).read()


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_what_was_written_comes_back(size: int) -> None:
    content = bytes(index % 251 for index in range(1000)) * (size // 1000 + 1)
    content = content[:size]
    kept = sealed(content)
    assert opened(kept) == content
    reader = SealedReader(io.BytesIO(kept), f"  {WORDS} ")
    assert b"".join(iter(lambda: reader.read(300_001), b"")) == content
    assert size < 100 or content[:100] not in kept


def test_a_changed_shortened_or_reordered_file_is_refused() -> None:
    kept = sealed(b"a" * (3 << 20))
    chunk = (1 << 20) + 16
    begin = HEADER_BYTES
    first, second, third = (kept[begin + at * chunk : begin + (at + 1) * chunk] for at in range(3))
    for damaged in (
        kept[:begin] + first + second,
        kept[:begin] + second + first + third,
        kept[:begin] + first + third,
        kept[:-1] + bytes([kept[-1] ^ 1]),
        kept[: begin - 1] + bytes([kept[begin - 1] ^ 1]) + kept[begin:],
    ):
        with pytest.raises(StoreError, match=r"does not open|changed or is cut off"):
            opened(damaged)


def test_another_passphrase_and_another_file_are_told_apart() -> None:
    with pytest.raises(StoreError, match="another passphrase"):
        opened(sealed(b"x"), "four words of hers")
    with pytest.raises(StoreError, match="no encrypted copy"):
        opened(b"PK" * 100)
    with pytest.raises(StoreError, match="not a file of keys"):
        read_keys(io.BytesIO(sealed(b"x")), WORDS)
    with pytest.raises(StoreError, match="not a copy of the data"):
        read_copy(io.BytesIO(sealed(b"x", b"K")), WORDS, "exams.sqlite3", Path("nowhere"))


@pytest.mark.parametrize("name", ["../escape", "/etc/passwd", "images/../../x/a.png", "images/exam/a.sh"])
def test_a_copy_writes_nothing_outside_of_its_folder(tmp_path: Path, name: str) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size = 1
        tar.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(StoreError, match="which no copy holds"):
        read_copy(io.BytesIO(sealed(archive.getvalue())), WORDS, "exams.sqlite3", tmp_path / "in")
    assert list(tmp_path.rglob("*")) == []


def tar_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return archive.getvalue()


def a_sparse_file(name: str) -> tarfile.TarInfo:
    """One byte, then a terabyte of nothing."""
    member = tarfile.TarInfo(name)
    member.pax_headers = {"GNU.sparse.map": "0,1", "GNU.sparse.size": str(10**12)}
    return member


def test_a_sparse_file_in_a_copy_does_not_fill_the_disk(tmp_path: Path) -> None:
    copy = sealed(tar_of((a_sparse_file("exams.sqlite3"), b"x")))
    with pytest.raises(StoreError, match="which no copy holds"):
        read_copy(io.BytesIO(copy), WORDS, "exams.sqlite3", tmp_path)
    assert list(tmp_path.rglob("*")) == []


def test_a_name_that_is_twice_in_a_copy_replaces_nothing(tmp_path: Path) -> None:
    copy = sealed(tar_of(*((tarfile.TarInfo("exams.sqlite3"), content) for content in (b"first", b"second"))))
    with pytest.raises(StoreError, match="which no copy holds"):
        read_copy(io.BytesIO(copy), WORDS, "exams.sqlite3", tmp_path)
    assert (tmp_path / "exams.sqlite3").read_bytes() == b"first"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_copy_are_refused(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("exams.sqlite3")
    member.type, member.linkname = kind, "/etc/passwd"
    with pytest.raises(StoreError, match="which no copy holds"):
        read_copy(io.BytesIO(sealed(tar_of((member, b"")))), WORDS, "exams.sqlite3", tmp_path)


@pytest.mark.parametrize("header", [{"size": "-5"}, {"size": "x"}, {"mtime": "1e999"}, {"GNU.sparse.map": "0,x,1"}])
def test_headers_that_nobody_writes_are_refused_in_words(tmp_path: Path, header: dict[str, str]) -> None:
    member = tarfile.TarInfo("images/a/b.png")
    member.pax_headers = header
    with pytest.raises(StoreError):
        read_copy(io.BytesIO(sealed(tar_of((member, b"x")))), WORDS, "exams.sqlite3", tmp_path)


@pytest.mark.parametrize("said", [b"[]", b"null", b'{"schema": "nailfold.keys/1", "keys": {"a": 5}}', b"[" * 100_000])
def test_a_file_of_keys_that_holds_something_else_is_refused_in_words(said: bytes) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        read_keys(io.BytesIO(sealed(said, b"K")), WORDS)


def test_a_recovery_key_can_be_written_down_and_is_long_enough() -> None:
    key = new_recovery_key()
    assert re.fullmatch(r"([A-HJKMNP-TV-Z2-9]{5}-){5}[A-HJKMNP-TV-Z2-9]{5}", key)
    assert require_passphrase(key) == key != new_recovery_key()
    with pytest.raises(StoreError, match="has 11 characters"):
        require_passphrase("elevenchars")


def test_a_passphrase_at_its_real_cost() -> None:
    assert opened(sealed(b"content")) == b"content"
