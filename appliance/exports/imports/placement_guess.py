"""Which hand, finger and sector a file's name or folder speaks of; a guess that a person sees and corrects.

What is read: a side in words ("left", "izquierda") or, beside a finger or the word hand, by its letter; a finger by its
name, by a number behind the word finger ("dedo 3", "dig IV"), or run together with the side as the common annotation
tools write it ("L2A", "R4"); a sector by its letter behind a finger or the word sector, or as the whole name. A number
or a letter that merely stands there counts pictures, visits or patients, and is no guess.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TypeVar

from appliance.domain.exam import Finger, Hand, Sector

Place = TypeVar("Place", Hand, Finger, Sector)


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# English, Spanish, French, German and Italian; whole words, without case and accents.
_HANDS = {
    Hand.LEFT: _listed("left lh izquierda izquierdo izq gauche links linke linker sinistra sinistro sx"),
    Hand.RIGHT: _listed("right rh derecha derecho droite droit rechts rechte rechter destra destro dx"),
}
# Only beside a finger's name or the word hand: alone they are articles, counters and initials.
_SHORT_HANDS = {Hand.LEFT: _listed("l lt li g i s"), Hand.RIGHT: _listed("r rt re d der")}
_HAND_WORDS = _listed("hand mano main")
# What else has a left and a right side: parts of a picture, of the body, of a comparison.
_OTHER_SIDES = _listed(
    "top bottom upper lower oben unten arriba abajo haut bas crop tile corner edge foot feet fuss pie pied piede toe"
    " toes zeh zehe eye auge ojo oeil occhio ear ohr knee knie arm leg bein vs versus"
)
_FINGERS = {
    Finger.THUMB: _listed("thumb pulgar pouce daumen pollice"),
    Finger.INDEX: _listed("zeigefinger forefinger indexfinger"),
    Finger.MIDDLE: _listed("majeur mittelfinger middlefinger"),
    Finger.RING: _listed("ringfinger anular annulaire anulare"),
    Finger.LITTLE: _listed("pinky menique auriculaire kleinfinger mignolo littlefinger"),
}
# Everyday words: they name a finger where a side or the word finger is said too.
_ORDINARY = {
    Finger.INDEX: _listed("index indice"),
    Finger.MIDDLE: _listed("middle medio corazon"),
    Finger.RING: _listed("ring"),
    Finger.LITTLE: _listed("little"),
}
_FINGER_WORDS = _listed("finger fingers digit digitus dig dedo doigt dito")
_SMALL = _listed("small kleiner kleine petit pequeno piccolo little")
_LIGHT = _listed("light lights licht led luz lumiere luce buffer")
_DIGITS = ("1", "2", "3", "4", "5")
_NUMBERS = dict(zip((*_DIGITS, "i", "ii", "iii", "iv", "v"), (*Finger, *Finger), strict=True))
_LETTERS = {sector.value.lower(): sector for sector in (Sector.A, Sector.B, Sector.C, Sector.D)}
_SECTOR_WORDS = _listed("sector sektor secteur settore campo field feld zone zona quadrant")
_PANORAMIC = _listed("panoramic panorama pano panoramica panoramique mosaic")
_COMPACT = re.compile(r"(left|right|lh|rh|l|r)(?:f|d|dig)?([1-5])([a-d])?")
_WORD = re.compile(r"[a-z]+|\d+")


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
    path = PurePosixPath(name.replace("\\", "/"))
    parts = [path.stem if path.suffix[1:].isalnum() else path.name, *reversed(path.parts[:-1])]
    folded = [_folded(part) for part in parts if not re.fullmatch(r"[A-Za-z]:", part)]
    sides = [_hand(_words(part)) for part in folded]
    is_sided = any(sides) or any(_compact(part) for part in folded)
    found = Guess()
    for part, side in zip(folded, sides, strict=True):
        one = _compact(part) or _of_words(_words(part), side, is_sided)
        found = Guess(found.hand or one.hand, found.finger or one.finger, found.sector or one.sector)
    return found


def _folded(text: str) -> str:
    """Without case and accents, whether they are one character with their letter or, as on a Mac, one behind it."""
    return "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one))


def _compact(part: str) -> Guess | None:
    """L2A anywhere, L2 where the name begins or ends with it; a letter may follow: "L3_d"."""
    tokens = [token for token in re.split(r"[\s_.\-()]+", part) if token]
    for at, token in enumerate(tokens):
        match = _COMPACT.fullmatch(token)
        if match is None:
            continue
        behind = tokens[at + 1] if at + 1 < len(tokens) else ""
        letter = match[3] or (behind if behind in _LETTERS else "")
        if letter or at in (0, len(tokens) - 1):
            side = Hand.LEFT if match[1].startswith("l") else Hand.RIGHT
            return Guess(side, list(Finger)[int(match[2]) - 1], _LETTERS.get(letter))
    return None


def _of_words(words: Sequence[str], side: Hand | None, is_sided: bool) -> Guess:
    fingers = dict(_fingers(words, is_sided))
    finger = _only(set(fingers.values()))
    return Guess(side, finger, _sector(words, frozenset(fingers)))


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _hand(words: Sequence[str]) -> Hand | None:
    """The only side that is said; none where both are, or where it is that of something else."""
    if not _OTHER_SIDES.isdisjoint(words):
        return None
    found = {hand for word in words if (hand := _of(word, _HANDS)) is not None}
    names = (*_FINGERS.values(), *_ORDINARY.values())
    beside = {word for of in names for word in of} | _HAND_WORDS
    for one, other in pairwise(words):
        for word, next_to in ((one, other), (other, one)):
            # "der" of derecha is German's article too, "d", "i" and "s" behind a finger are sectors and plurals.
            is_meant = word != "der" or next_to == "mano" if next_to in _HAND_WORDS else word not in ("d", "i", "s")
            if next_to in beside and is_meant and (short := _of(word, _SHORT_HANDS)) is not None:
                found.add(short)
    for word, number, letter in zip(words, words[1:], words[2:], strict=False):
        if word in ("l", "r") and number in _DIGITS and letter in _LETTERS:
            found.add(Hand.LEFT if word == "l" else Hand.RIGHT)
    return _only(found)


def _fingers(words: Sequence[str], is_sided: bool) -> Iterator[tuple[int, Finger]]:
    """Each finger that is named, with the place of its last word."""
    is_said = is_sided or not _FINGER_WORDS.isdisjoint(words)
    for at, word in enumerate(words):
        before, behind = words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else ""
        if (finger := _of(word, _FINGERS)) is not None:
            yield at, finger
        elif (finger := _of(word, _ORDINARY)) is not None and is_said and not (word == "ring" and behind in _LIGHT):
            yield at + (behind in _FINGER_WORDS), finger
        elif word in _SMALL and behind in _FINGER_WORDS:
            yield at + 1, Finger.LITTLE
        elif (word in _NUMBERS and before in _FINGER_WORDS) or (
            word in _DIGITS and ((before in ("f", "d") and is_sided) or (behind in _LETTERS and _is_side(before)))
        ):
            yield at, _NUMBERS[word]


def _sector(words: Sequence[str], fingers: frozenset[int]) -> Sector | None:
    if not _PANORAMIC.isdisjoint(words):
        return Sector.PANORAMIC
    if words and words[0] in _LETTERS and all(word.isdigit() for word in words[1:]):
        return _LETTERS[words[0]]
    for at, word in enumerate(words):
        if word not in _LETTERS or not at:
            continue
        is_behind_side = _is_side(words[at - 1]) and at - 2 in fingers
        if words[at - 1] in _SECTOR_WORDS or at - 1 in fingers or is_behind_side:
            return _LETTERS[word]
    return None


def _is_side(word: str) -> bool:
    return _of(word, _HANDS) is not None or word in ("l", "r")


def _of(word: str, names: Mapping[Place, frozenset[str]]) -> Place | None:
    return next((place for place, known in names.items() if word in known), None)


def _only(found: set[Place]) -> Place | None:
    return next(iter(found)) if len(found) == 1 else None
