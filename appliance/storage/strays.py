"""Pictures that lie in a data folder and that its database does not know, such as those of exams after a backup."""

from pathlib import Path

from appliance.domain.errors import StoreError
from appliance.storage.database import Database
from appliance.storage.sealed_pictures import SealedPictures


def open_strays(
    folder: Path, database: Database, seals: SealedPictures, into: Path
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Every such picture, opened, in a new folder an exam; and why others were left out, each with its name.

    Args:
        folder: the exam folder; folders that a restore has set aside are looked through too.
        into: made where it is missing; a file that is there already is an error.

    Raises:
        StoreError: the new folder cannot be written.
    """
    known = {
        (row["exam_id"], row["file_name"])
        for row in database.rows("look for pictures", "SELECT exam_id, file_name FROM images")
    }
    opened, left = [], []
    for path in sorted([*folder.glob("images/*/*"), *folder.glob("set-aside-*/images/*/*")]):
        place = (path.parent.name, path.name)
        if place in known or path.suffix not in (".png", ".avi"):
            continue
        try:
            content = seals.open("/".join(place), path.read_bytes())
            target = into.joinpath(*place)
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with target.open("xb") as file:
                file.write(content)
        except StoreError as error:
            left.append(f"{path}: {error.message}")
        except OSError as error:
            raise StoreError(f"could not write into {into}: {error.strerror}", "Choose another folder.") from error
        else:
            opened.append(target)
    return tuple(opened), tuple(left)
