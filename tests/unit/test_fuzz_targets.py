"""The parsers of outside bytes on their seeds, on what broke them once, and on a few hundred damaged documents.

`make fuzz` looks for more.
"""

import random
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

FAULTS = Path(__file__).parents[1] / "fuzz/faults"
CASES = 160
"""Of a target with share 1."""


def damaged(seed: bytes, other: bytes, draw: random.Random) -> bytes:
    """One to four changes: bytes replaced, removed, repeated, cut off, or taken from another document."""
    content = bytearray(seed)
    for _ in range(draw.randint(1, 4)):
        at, length = draw.randint(0, len(content)), draw.choice((1, 1, 2, 4, 16, 200))
        match draw.randint(0, 5):
            case 0:
                content[at : at + length] = draw.randbytes(length)
            case 1:
                del content[at : at + length]
            case 2:
                content[at:at] = content[at : at + length] * draw.choice((1, 2, 50))
            case 3:
                del content[at:]
            case 4:
                content[at : at + length] = other[at : at + length]
            case _:
                content[at : at + length] = draw.choice((b"\0", b"\xff", b"-1", b"1e999", b"[" * 3000, b"\r\n", b'"'))
    return bytes(content)


@pytest.mark.parametrize("name", TARGETS)
def test_no_bytes_bring_more_than_a_refusal(name: str) -> None:
    target, draw = TARGETS[name], random.Random(1)
    seeds = target.seeds()
    for seed in [b"", *seeds]:
        target.run(seed)
    for _ in range(round(CASES * target.share)):
        content = damaged(draw.choice(seeds), draw.choice(seeds), draw)
        try:
            target.run(content)
        except BaseException:
            print(f"{len(content)} bytes: {content[:4000]!r}")
            raise


@pytest.mark.parametrize("path", sorted(FAULTS.glob("*/*")), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_broke_a_parser_once_is_refused(path: Path) -> None:
    TARGETS[path.parent.name].run(path.read_bytes())
