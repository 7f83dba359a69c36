"""Which hand, finger and sector a file's name or folder speaks of; a guess that a person sees and corrects."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TypeVar

from appliance.domain.exam import Finger, Hand, Sector

Place = TypeVar("Place", Hand, Finger, Sector)

# English, Spanish, French, German and Italian; whole words, without case.
_HANDS = {
    Hand.LEFT: (
        "left",
        "l",
        "lt",
        "lh",
        "izquierda",
        "izquierdo",
        "izq",
        "gauche",
        "g",
        "links",
        "li",
        "sinistra",
        "sx",
    ),
    Hand.RIGHT: ("right", "r", "rt", "rh", "derecha", "derecho", "der", "droite", "rechts", "destra", "dx"),
}
_FINGERS = {
    Finger.THUMB: ("thumb", "pulgar", "pouce", "daumen", "pollice", "1"),
    Finger.INDEX: ("index", "indice", "zeigefinger", "forefinger", "2", "ii"),
    Finger.MIDDLE: ("middle", "medio", "corazon", "majeur", "mittelfinger", "3", "iii"),
    Finger.RING: ("ring", "anular", "annulaire", "ringfinger", "anulare", "4", "iv"),
    Finger.LITTLE: ("little", "pinky", "small", "menique", "auriculaire", "kleinfinger", "mignolo", "5", "v"),
}
_SECTORS = {
    **{sector: (sector.value.lower(),) for sector in (Sector.A, Sector.B, Sector.C, Sector.D)},
    Sector.PANORAMIC: ("panoramic", "panorama", "pano", "panoramica", "mosaic"),
}
_ACCENTS = str.maketrans("áàâäéèêëíìîïóòôöúùûüñç", "aaaaeeeeiiiioooouuuunc")
# "L2A", "R4", "left3b", "d2": side, finger and sector run together.
_COMPACT = re.compile(r"(left|right|lh|rh|l|r)[_-]?(?:f|d|dig)?([1-5])[_-]?([a-d])?")
_WORD = re.compile(r"[a-z]+|\d+")
_FINGER_PREFIXES = ("f", "d", "dig", "digit", "finger", "dedo", "doigt")


@dataclass(frozen=True)
class Guess:
    """What a name speaks of; None where it says nothing."""

    hand: Hand | None = None
    finger: Finger | None = None
    sector: Sector | None = None


def agreed(stated: Guess, own: Guess, by_name: Guess) -> tuple[Guess, str]:
    """What is kept of three words on one picture, and one sentence on each word that was not kept.

    Args:
        stated: by the person; goes before what the file itself says (`own`), and that before its name (`by_name`).
    """
    notes = [
        f"{who} says {word.value}, kept as {kept.value}{' as you stated' if said else ''}"
        for said, of_file, of_name, kept in (
            (stated.hand, own.hand, by_name.hand, stated.hand or own.hand or by_name.hand),
            (stated.finger, own.finger, by_name.finger, stated.finger or own.finger or by_name.finger),
            (stated.sector, own.sector, by_name.sector, stated.sector or own.sector or by_name.sector),
        )
        for word, who in ((of_file, "its file"), (of_name, "its name"))
        if word is not None and kept is not None and word is not kept
    ]
    hand, finger = stated.hand or own.hand or by_name.hand, stated.finger or own.finger or by_name.finger
    return Guess(hand, finger, stated.sector or own.sector or by_name.sector), "; ".join(notes)


def guess_placement(name: str) -> Guess:
    """From a path with forward slashes: the file's own name counts first, then its folders from the inside out."""
    found = Guess()
    for part in reversed(PurePosixPath(name.replace("\\", "/")).parts):
        stem = part.rpartition(".")[0] if part == PurePosixPath(name).name and "." in part else part
        one = _of_part(stem.casefold().translate(_ACCENTS))
        found = Guess(found.hand or one.hand, found.finger or one.finger, found.sector or one.sector)
    return found


def _of_part(text: str) -> Guess:
    for token in re.split(r"[\s_.\-]+", text):
        if match := _COMPACT.fullmatch(token):
            side = Hand.LEFT if match[1].startswith("l") else Hand.RIGHT
            sector = Sector(match[3].upper()) if match[3] else _find(_words(text), _SECTORS)
            return Guess(side, list(Finger)[int(match[2]) - 1], sector)
    words = _words(text)
    hand, finger = _find(words, _HANDS), _find(words, _FINGERS)
    if finger is not None and not _is_finger_said(words, finger):
        finger = None
    return Guess(hand, finger, _find(words, _SECTORS))


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _is_finger_said(words: list[str], finger: Finger) -> bool:
    """A figure alone counts things; with a prefix or beside a hand it is a finger."""
    names = [word for word in words if word in _FINGERS[finger]]
    if any(word.isalpha() and len(word) > 2 for word in names):
        return True
    beside = any(before in _FINGER_PREFIXES for before, word in pairwise(words) if word in names)
    return beside or (_find(words, _HANDS) is not None and words.index(names[0]) <= 2)


def _find(words: list[str], names: Mapping[Place, tuple[str, ...]]) -> Place | None:
    return next((key for word in words for key, known in names.items() if word in known), None)
