"""Names that any system can hold, and text in any coding that Windows, macOS and Linux write."""

import codecs
import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.foreign_files.names import LONGEST_PART_BYTES, inner_path, same_name, shown
from appliance.foreign_files.text import decode_text

TEXT = "Häm, µm\r\nnormal\r\n"
PLAIN = "Häm, µm\nnormal\n"


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        TEXT.replace("\r\n", "\r").encode(),
    ],
)
def test_every_coding_and_line_end_gives_the_same_text(content: bytes) -> None:
    assert decode_text(content) == PLAIN


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"Gr\xfcn", b"a\0b"])
def test_what_is_none_of_them_is_refused(content: bytes) -> None:
    with pytest.raises(UnicodeError):
        decode_text(content)


def test_bytes_that_are_no_utf8_are_shown_and_composed_letters_compare_equal() -> None:
    assert shown(os.fsdecode(b"gr\xfcn.png")) == "gr\\xfcn.png"
    assert shown(unicodedata.normalize("NFD", "Grün")) == "Grün"
    assert same_name(unicodedata.normalize("NFD", "GRÜN.png")) == same_name("grün.png")


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("a\nb.png", "a\\nb.png"),
        ("a\x1b[31mb.png", "a\\x1b[31mb.png"),
        ("a\u202egpj.exe", "a\\u202egpj.exe"),
        ("a\x9b2J.png", "a\\x9b2J.png"),
    ],
)
def test_a_name_cannot_command_a_terminal_or_turn_its_own_letters_round(name: str, seen: str) -> None:
    assert shown(name) == seen


@pytest.mark.parametrize(
    ("name", "inner"),
    [
        ("../in/x/a.png", "in/x/a.png"),
        ("/etc/passwd", "etc/passwd"),
        ("..", "_"),
        ("a:b\n.png", "a_b_.png"),
        ("CON.png", "_CON.png"),
        ("x/aux", "x/_aux"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("console.png", "console.png"),
        ("P. Ruiz./a.png ", "P. Ruiz_/a.png_"),
    ],
)
def test_an_output_stays_below_its_folder(name: str, inner: str) -> None:
    assert str(inner_path(name)) == inner


@given(st.text(max_size=400))
def test_any_name_gives_a_bounded_relative_path(name: str) -> None:
    path = inner_path(name)
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert all(0 < len(part.encode()) <= LONGEST_PART_BYTES for part in path.parts)


def test_long_names_that_differ_at_their_end_stay_apart() -> None:
    assert inner_path("x" * 300 + "1") != inner_path("x" * 300 + "2")
