"""When a picture was taken, as far as its own file states it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

ZONE_ASSUMED = "its file gives the time without an offset from UTC; taken as this box's local time"
ZONE_ASSUMED_ALONE = "taken as this box's local time"
DAY_ALONE = "its file gives the day alone; noon of this box's local time stands for it"
NO_CLOCK = "noon of this box's local time stands for it"

_FIRST_YEAR = 1990
"""Of digital pictures of a nailfold; a camera whose battery was empty begins in 1970 or 1980."""
_CLOCKS_DIFFER = timedelta(days=1)
_WRITTEN = re.compile(
    r"(?P<year>\d{4})[:/.-](?P<month>\d\d)[:/.-](?P<day>\d\d)"
    r"(?:[ T](?P<clock>\d\d(?::\d\d){0,2})(?:[.,](?P<fraction>\d+))?\s?(?P<zone>Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)

_SEPARATORS = {ord("."): None, ord("-"): None}
"""Of a day as ACR-NEMA had it, and as careless writers have it."""

_EXIF_IFD = 0x8769
# Time, offset and fraction of a second of DateTimeOriginal, DateTimeDigitized and DateTime (Exif 2.32, 4.6.5).
_EXIF_TIMES = ((36867, 36881, 37521), (36868, 36882, 37522), (306, 36880, 37520))
_DICOM_DATE_TIMES = ("AcquisitionDateTime", "FrameAcquisitionDateTime")
_DICOM_TIMES = (
    ("AcquisitionDate", "AcquisitionTime"),
    ("ContentDate", "ContentTime"),
    ("SeriesDate", "SeriesTime"),
    ("StudyDate", "StudyTime"),
)


@dataclass(frozen=True)
class StatedTime:
    """An instant, or none.

    Attributes:
        moment_utc: None where the file says nothing that can be read.
        note: what had to be assumed; empty where nothing.
    """

    moment_utc: datetime | None = None
    note: str = ""


def time_of_exif(exif: Image.Exif) -> StatedTime:
    """Of the first of the three times of EXIF that is filled in."""
    tags: Mapping[int, Any] = {**dict(exif), **exif.get_ifd(_EXIF_IFD)}
    texts = ([_text(tags.get(tag)) for tag in three] for three in _EXIF_TIMES)
    return _first(time_of_text(time, fraction, zone) for time, zone, fraction in texts)


def time_of_text(text: str, fraction: str = "", zone: str = "") -> StatedTime:
    """From "2019:03:11 10:15:00" as EXIF has it, or "2019-03-11T10:15:00.25+01:00" as XML and careless writers have it.

    Without an instant, and with a note, where the text is no time.

    Args:
        fraction: of the second, where the text holds none.
        zone: offset from UTC, where the text holds none.
    """
    said = text.strip("\0 ")
    found = _WRITTEN.fullmatch(said)
    if found is None:
        # Cameras whose clock was never set write blanks and zeros (Exif 2.32, 4.6.5).
        return _no_date(said) if said.strip(" :0-/.") else StatedTime()
    day, clock = "".join(found.group("year", "month", "day")), (found["clock"] or "").replace(":", "")
    part = found["fraction"] or fraction
    return _of_digits(
        day, f"{clock}.{part}" if part and clock else clock, found["zone"] or (zone if zone.strip(" :") else "")
    )


def time_of_dicom(dataset: "Dataset") -> StatedTime:
    """AcquisitionDateTime, else date and time of acquisition, content, series or study; offsets as in PS3.5, 6.2."""
    zone = _value(dataset, "TimezoneOffsetFromUTC")
    stated = []
    for name in _DICOM_DATE_TIMES:
        whole = _value(dataset, name)
        sign = max(whole.find("+"), whole.find("-"))
        text, own_zone = (whole[:sign], whole[sign:]) if sign > 0 else (whole, "")
        stated.append((name, text[:8], text[8:], own_zone or zone))
    for name, clock in _DICOM_TIMES:
        day = _value(dataset, name).translate(_SEPARATORS)
        stated.append((name, day, _value(dataset, clock).replace(":", ""), zone))
    return _first(_of_digits(day, clock, offset, name) for name, day, clock, offset in stated)


def _first(found: Iterable[StatedTime]) -> StatedTime:
    """The first with an instant, after what was said of those before it; else the first that says why it has none."""
    notes: list[str] = []
    for one in found:
        notes += [one.note] if one.note and one.note not in notes else []
        if one.moment_utc is not None:
            return StatedTime(one.moment_utc, "; ".join(notes))
    return StatedTime(note=next(iter(notes), ""))


def _value(dataset: "Dataset", name: str) -> str:
    return str(dataset.get(name, "") or "").strip()


def _of_digits(day: str, clock: str, zone: str, name: str = "date") -> StatedTime:
    """From "20190311" and "101500.25" or less of it; a clock that cannot be read leaves the day.

    Args:
        name: what the file calls it, for the note.
    """
    whole, _, fraction = clock.partition(".")
    whole = whole[:4] + "59" if whole[4:] == "60" else whole  # a leap second, which Python does not know
    noon = _parsed(f"{day}120000", "%Y%m%d%H%M%S") if len(day) == 8 else None
    if noon is None:
        return _no_date(day, name) if day.strip("0") else StatedTime()
    moment = _parsed(f"{day}{whole:0<6}"[:14], "%Y%m%d%H%M%S") if whole else None
    if moment is None:
        unread = f'its file gives "{clock[:20]}" as the time of day, which is none; {NO_CLOCK}'
        return _believed(noon, unread if whole else DAY_ALONE)
    microsecond = int(f"{fraction[:6]:0<6}") if fraction.isdecimal() else 0
    offset = _parsed(zone, "%z")
    moment = moment.replace(microsecond=microsecond, tzinfo=None if offset is None else offset.tzinfo)
    unread = f'its file gives "{zone[:20]}" as the offset from UTC, which is none; {ZONE_ASSUMED_ALONE}'
    return _believed(moment, "" if offset is not None else unread if zone else ZONE_ASSUMED)


def _no_date(text: str, name: str = "date") -> StatedTime:
    return StatedTime(note=f'its file gives "{text[:40]}" as its {name}, which is no day of the calendar: not used')


def _believed(moment: datetime, note: str) -> StatedTime:
    """The instant, or none where only a clock that is wrong shows it. Without a zone it is local."""
    tomorrow = datetime.now(timezone.utc) + _CLOCKS_DIFFER
    # Compared by day first: at the ends of the calendar there is no local time.
    if not _FIRST_YEAR <= moment.year <= tomorrow.year or moment.astimezone(timezone.utc) > tomorrow:
        return StatedTime(
            note=f"its file gives {moment.date().isoformat()}, which only a clock that is wrong shows: not used"
        )
    return StatedTime(moment.astimezone(timezone.utc), note)


def _text(value: object) -> str:
    plain = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")
    return plain.strip("\0 ")


def _parsed(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 - the zone follows in `_of_digits`
    except ValueError:
        return None
