"""Names of units of length, in micrometres."""

import re

_METRES = ("m", "metre", "metres", "meter", "meters")
_PREFIXES = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1, "": 0, "d": -1, "c": -2,
    "m": -3, "\u00b5": -6, "\u03bc": -6, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21, "y": -24,
}  # fmt: skip
_LONG_PREFIXES = {"kilo": 3, "deci": -1, "centi": -2, "milli": -3, "micro": -6, "nano": -9, "pico": -12, "": 0}
_OTHERS_UM = {
    "micron": 1.0,
    "microns": 1.0,
    "\u00b5": 1.0,
    "\u03bc": 1.0,
    "\u00c5": 1e-4,
    "angstrom": 1e-4,
    "inch": 25_400.0,
    "inches": 25_400.0,
    "in": 25_400.0,
    "ft": 304_800.0,
    "yd": 914_400.0,
    "mi": 1_609_344_000.0,
    "thou": 25.4,
    "mil": 25.4,
    "li": 25_400.0 / 12,
    "pt": 25_400.0 / 72,
}
"""The units of length of the OME schema (2016-06) and those that ImageJ offers; astronomers' are left out."""


def um_of(name: str) -> float | None:
    """Micrometres in one of the unit; None for a name that is none. ImageJ escapes the micro sign as a Java literal."""
    plain = re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), name.strip())
    if plain in _OTHERS_UM or plain.casefold() in _OTHERS_UM:
        return _OTHERS_UM.get(plain, _OTHERS_UM.get(plain.casefold()))
    if plain.endswith("m") and plain[:-1] in _PREFIXES:
        return float(f"1e{_PREFIXES[plain[:-1]] + 6}")
    for metre in _METRES[1:]:
        prefix = plain.casefold().removesuffix(metre)
        if plain.casefold().endswith(metre) and prefix in _LONG_PREFIXES:
            return float(f"1e{_LONG_PREFIXES[prefix] + 6}")
    return None
