"""The access code and the slowing down of guesses."""

import re
import stat
from importlib import resources
from pathlib import Path

import pytest

import appliance.accounts
from appliance.accounts.access import (
    ALPHABET,
    CODE_LENGTH,
    AccessSecrets,
    AttemptLimiter,
    load_or_create_secrets,
    new_code,
    new_secrets,
    new_words,
)
from appliance.domain.errors import SettingsError
from tests.support.exam_parts import HeldClock

SECRETS = AccessSecrets(access_code="HJKM3467", session_key="0" * 64)


def test_code_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "station" / "access.json"
    made, is_new = load_or_create_secrets(path)
    kept, is_new_again = load_or_create_secrets(path)
    assert (is_new, is_new_again) == (True, False)
    assert kept == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    [
        b'{"access_code": ',
        b"",
        b"[" * 100_000,
        b"\xff\xfe{\x00",
        b"\0" * 114,
        b"[]",
        b'{"access_code": "HJKM3467", "session_key": ""}',
        b'{"access_code": "--", "session_key": "%s"}' % (b"0" * 64),
        b'{"access_code": 5, "session_key": 6}',
    ],
)
def test_damaged_file_is_refused_instead_of_letting_everybody_in(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "access.json"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="Delete the file"):
        load_or_create_secrets(path)


def test_codes_have_no_character_that_is_misread() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code) == CODE_LENGTH for code in codes)
    assert not set("".join(codes)) & set("0O1IL2Z5S8BUV")
    assert set("".join(codes)) <= set(ALPHABET)


def test_a_new_box_is_set_up_by_two_words() -> None:
    words = [new_words() for _ in range(200)]
    assert len(set(words)) > 190
    assert all(re.fullmatch(r"[a-z]{3,8}-[a-z]{3,8}", pair) for pair in words)
    fresh = new_secrets()
    assert fresh.printed_code == fresh.access_code
    first, second = fresh.access_code.split("-")
    for typed in (fresh.access_code, f"{first} {second}", f" {first.title()}  {second.upper()} ", first + second):
        assert fresh.matches(typed)
    for wrong in (first, f"{second}-{first}" if first != second else "", f"{first}-{second}s"):
        assert not fresh.matches(wrong)


def test_no_two_pairs_of_words_are_the_same_once_run_together() -> None:
    words = resources.files(appliance.accounts).joinpath("words.txt").read_text(encoding="utf-8").split()
    assert len(words) == len(set(words)) > 1900
    assert all(re.fullmatch(r"[a-z]{3,8}", word) for word in words)


@pytest.mark.parametrize("typed", ["HJKM3467", "hjkm-3467", " HJKM 3467 ", "hjkm3467"])
def test_code_is_accepted_however_it_is_typed(typed: str) -> None:
    assert SECRETS.matches(typed)


@pytest.mark.parametrize("typed", ["", "HJKM3466", "HJKM346", "HJKM34677", "ÄÖÜ", "HJKM3467\x00A"])
def test_wrong_codes_are_refused(typed: str) -> None:
    assert not SECRETS.matches(typed)


def test_after_five_wrong_codes_the_wait_doubles_up_to_its_limit() -> None:
    clock = HeldClock()
    limiter = AttemptLimiter(5, 5.0, 30.0, clock.monotonic_s)
    assert [limiter.begin("10.0.0.9") for _ in range(5)] == [0, 0, 0, 0, 0]
    waits = []
    for _ in range(4):
        waits.append(limiter.begin("10.0.0.9"))
        clock.advance(waits[-1])
        assert limiter.begin("10.0.0.9") == 0.0
    assert waits == pytest.approx([5, 10, 20, 30])


def test_trying_while_waiting_does_not_lengthen_the_wait() -> None:
    clock = HeldClock()
    limiter = AttemptLimiter(1, 8.0, 30.0, clock.monotonic_s)
    limiter.begin("10.0.0.9")
    clock.advance(3)
    assert [limiter.begin("10.0.0.9") for _ in range(3)] == pytest.approx([5, 5, 5])


def test_another_address_and_a_right_code_are_not_slowed() -> None:
    limiter = AttemptLimiter(1, 8.0, 30.0, HeldClock().monotonic_s)
    limiter.begin("10.0.0.9")
    assert limiter.begin("10.0.0.10") == 0.0
    limiter.succeeded("10.0.0.9")
    assert limiter.begin("10.0.0.9") == 0.0


def test_memory_of_addresses_is_bounded() -> None:
    limiter = AttemptLimiter(1, 8.0, 30.0, HeldClock().monotonic_s)
    for number in range(5000):
        limiter.begin(f"10.0.{number // 256}.{number % 256}")
    assert len(limiter._tries) == 1000
