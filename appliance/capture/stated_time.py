"""When a picture was taken, as far as its own file states it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

ZONE_ASSUMED = "its file gives the time without an offset from UTC; taken as this box's local time"
DAY_ALONE = "its file gives the day alone; noon of this box's local time stands for it"

_EXIF_IFD = 0x8769
# Time, offset and fraction of a second of DateTimeOriginal, DateTimeDigitized and DateTime (Exif 2.32, 4.6.5).
_EXIF_TIMES = ((36867, 36881, 37521), (36868, 36882, 37522), (306, 36880, 37520))
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
    for time_tag, offset_tag, fraction_tag in _EXIF_TIMES:
        text = str(tags.get(time_tag, "")).strip("\0 ").replace("-", ":", 2)
        fraction = str(tags.get(fraction_tag, "")).strip("\0 ")
        moment = _parsed(text, "%Y:%m:%d %H:%M:%S")
        if moment is None:
            continue
        if fraction.isdecimal():
            moment = moment.replace(microsecond=int(f"{fraction[:6]:0<6}"))
        return _placed(moment, str(tags.get(offset_tag, "")).strip("\0 "))
    return StatedTime()


def time_of_dicom(dataset: "Dataset") -> StatedTime:
    """AcquisitionDateTime, else date and time of acquisition, content, series or study; offsets as in PS3.5, 6.2."""
    zone = str(dataset.get("TimezoneOffsetFromUTC", "") or "").strip()
    whole = str(dataset.get("AcquisitionDateTime", "") or "").strip()
    sign = max(whole.find("+"), whole.find("-"))
    text, own_zone = (whole[:sign], whole[sign:]) if sign > 0 else (whole, "")
    stated = _of_digits(text[:8], text[8:], own_zone or zone)
    for day_name, clock_name in _DICOM_TIMES:
        if stated.moment_utc is not None:
            break
        day, clock = (str(dataset.get(name, "") or "").strip() for name in (day_name, clock_name))
        stated = _of_digits(day.replace(".", ""), clock.replace(":", ""), zone)
    return stated


def _of_digits(day: str, clock: str, zone: str) -> StatedTime:
    """From "20190311" and "101500.25" or less of it."""
    whole, _, fraction = clock.partition(".")
    if len(day) == 8 and not whole:
        noon = _parsed(f"{day}120000", "%Y%m%d%H%M%S")
        return StatedTime() if noon is None else StatedTime(noon.astimezone(timezone.utc), DAY_ALONE)
    moment = _parsed(f"{day}{whole:0<6}"[:14], "%Y%m%d%H%M%S") if len(day) == 8 else None
    if moment is None:
        return StatedTime()
    return _placed(moment.replace(microsecond=int(f"{fraction[:6]:0<6}") if fraction.isdecimal() else 0), zone)


def _placed(moment: datetime, zone: str) -> StatedTime:
    offset = _parsed(zone, "%z")
    if offset is not None:
        return StatedTime(moment.replace(tzinfo=offset.tzinfo).astimezone(timezone.utc))
    return StatedTime(moment.astimezone(timezone.utc), ZONE_ASSUMED)


def _parsed(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 - the zone follows in `_placed`
    except ValueError:
        return None
