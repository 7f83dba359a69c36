"""Pictures that labels belong to: which there are, and how large they are, without decoding them."""

import warnings
from pathlib import Path, PurePosixPath

from PIL import Image

from appliance.foreign_files.kinds import MediaKind
from appliance.foreign_files.names import shown
from appliance.foreign_files.walk import walk
from engines.datasets.labels import DatasetError, LabelledSet

_ORIENTATION = 0x0112
_LYING = (5, 6, 7, 8)


def picture_size_px(path: Path) -> tuple[int, int]:
    """Width and height as shown, the EXIF orientation applied. Raises DatasetError naming the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's notes on odd metadata
            with Image.open(path) as image:
                width, height = image.size
                return (height, width) if image.getexif().get(_ORIENTATION) in _LYING else (width, height)
    except FileNotFoundError as error:
        raise DatasetError(f"there is no picture {path}") from error
    except Exception as error:  # Pillow raises OSError, SyntaxError, ValueError and its own
        raise DatasetError(f"{path} is not a picture that can be read") from error


def find_pictures(folder: Path) -> dict[str, Path]:
    """Relative path without suffix, with forward slashes and composed accents (NFC), to the picture.

    Sub-folders are included; what a file holds decides, not its suffix.

    Raises:
        DatasetError: two pictures differ in nothing but their suffix, so that a label file could belong to either, or
            something in the folder cannot be read.
    """
    found: dict[str, Path] = {}
    walked = walk(folder)
    if walked.problems:
        raise DatasetError(walked.problems[0], "Correct that, or move it away.")
    for item in walked.files:
        if item.kind is MediaKind.PICTURE:
            stem = stem_of(item.below)
            if stem in found:
                other = found[stem]
                raise DatasetError(f"{other} and {item.path.name} differ only in their suffix", "Rename one of them.")
            found[stem] = item.path
    return found


def stem_of(below: str) -> str:
    """A relative path without its suffix, to compare: macOS takes letters and accents apart, others do not."""
    return shown(PurePosixPath(below).with_suffix("").as_posix())


def label_names(labelled: LabelledSet, suffix: str) -> list[str]:
    """For each image the name of its own label file. Raises DatasetError where two images would share one."""
    names = [str(PurePosixPath(image.file_name).with_suffix(suffix)) for image in labelled.images]
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise DatasetError(f"two pictures would share the label file {name}", "Rename one of them.")
        seen.add(name.casefold())
    return names
