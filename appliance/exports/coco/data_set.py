"""Pictures and labels of reviewed exams, ready to be written: nothing in them leads back to exam or patient."""

import io
import json
import secrets
from collections.abc import Iterable, Iterator

from PIL import Image

from appliance.domain.exam import ImageKind
from appliance.exports.coco.document import CocoPicture, coco_document
from appliance.exports.coco.split import PARTS, part_of
from appliance.exports.source import ExamToExport


class DataSet:
    """Collects exams into parts; made once for an export.

    Subjects and file names are random and new for each data set: two data sets cannot be joined. Clips, panoramas and
    images that a person or the machine found not evaluable are left out.

    Args:
        key: of the box, for the split; None puts everything into one part, "train".
    """

    def __init__(self, key: bytes | None) -> None:
        self._key = key
        self._subjects: dict[str, str] = {}
        self._pictures: dict[str, list[CocoPicture]] = {part: [] for part in PARTS}

    def pictures(self, source: ExamToExport) -> Iterator[tuple[str, str, bytes]]:
        """Part, file name and PNG (pixels alone) of each image of one exam; writing them is the caller's."""
        pseudonym = source.exam.patient_pseudonym
        part = PARTS[0] if self._key is None else part_of(pseudonym, self._key)
        subject = self._subjects.setdefault(pseudonym, f"subject-{secrets.token_hex(6)}")
        for image in source.pictures():
            if not image.counts or image.image.kind is not ImageKind.STILL:
                continue
            name = f"{secrets.token_hex(8)}.png"
            was_counted = source.reviewed.validated_by is not None
            self._pictures[part].append(CocoPicture(name, subject, image, was_counted))
            yield part, name, _bare_png(source, image.image.image_id)

    def annotations(self, part: str) -> bytes:
        """The part's COCO file as UTF-8 JSON."""
        document = coco_document(self._pictures[part])
        return (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()

    def counts(self, part: str) -> tuple[int, int]:
        """Pictures and patients of a part."""
        found = self._pictures[part]
        return len(found), len({picture.subject for picture in found})


def coco_files(sources: Iterable[ExamToExport]) -> Iterator[tuple[str, bytes]]:
    """Path and content of one data set without parts: images/*.png, then annotations.json."""
    data_set = DataSet(None)
    for source in sources:
        for _, name, png in data_set.pictures(source):
            yield f"images/{name}", png
    yield "annotations.json", data_set.annotations(PARTS[0])


def _bare_png(source: ExamToExport, image_id: str) -> bytes:
    """Without the still's own metadata, which names exam and camera."""
    buffer = io.BytesIO()
    Image.fromarray(source.still(image_id).image_rgb, "RGB").save(buffer, "PNG")
    return buffer.getvalue()
