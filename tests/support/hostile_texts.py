"""What somebody might type, or send, to have a browser run or show what is not the product's."""

from dataclasses import replace

from appliance.domain.calibration import Axis
from tests.support.accounts import OPERATOR
from tests.support.calibration_parts import kept_at
from tests.support.full_station import fill
from tests.support.page_station import PageStation

MARK = "data-evil"
EVIL = f"\"'><b {MARK}>x</b><script {MARK}>s=1</script>{{{{7*191}}}}"
"""Ends an attribute and a text; 7*191 is 1337 where a template takes it for its own."""


def evil(text: str) -> str:
    """What people type, and what they should not."""
    return f"{text} {EVIL}"


def fill_with_evil(station: PageStation) -> dict[str, str]:
    """As `fill`, with markup in every text that people type."""
    kept = station.accounts.store.by_name(OPERATOR)
    assert kept is not None
    station.accounts.store.change(replace(kept.account, full_name=evil("Mei Ng")))
    scale = kept_at("200")
    scale = replace(scale, target=evil("1 mm / 100"), note=evil("dry"), device_name=evil("scope"))
    station.calibrations.store.keep(scale, {Axis.X: b"png"})
    addresses = fill(station, evil)
    station.session.skip(evil("bandage"), OPERATOR)
    return addresses
