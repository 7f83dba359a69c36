"""Writing the archive: exams/<exam>/..., and a manifest with the digest of every entry."""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, BinaryIO

from appliance.analysis.recorded_analysis import document_of
from appliance.domain.exam_figures import ExamFigures, Figures
from appliance.domain.instant import to_rfc3339
from appliance.exports.archive.exam_json import exam_to_json, suffix_of
from appliance.exports.source import ExamToExport

SCHEMA = "nailfold.archive/1"
MANIFEST = "manifest.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # of ZIP: the same exams give the same bytes
Json = dict[str, Any]


def write_archive(file: BinaryIO, sources: Iterable[ExamToExport], made_at_utc: datetime) -> None:
    """Write exams one after the other; `file` need not hold more than one image in memory.

    A file that is missing or damaged on this box is left out and named under "missing" in the manifest. Each exam has
    exam.json, images/<id>.png, results/<id>.json (the machine's first answer), reviewed/<id>.json (after
    the physician's edits), review.json, figures.json and journal.json. A clip is images/<id>.avi. Nothing of a
    patient's identity is in it.
    """
    entries: list[Json] = []
    missing: list[Json] = []
    exam_ids: list[str] = []
    version = ""
    with zipfile.ZipFile(file, "w") as archive:
        for source in sources:
            exam_ids.append(source.exam.exam_id)
            version = source.software_version
            missing += [
                {"exam": source.exam.exam_id, "image": image_id, "because": because}
                for image_id, because in source.unreadable.items()
            ]
            for name, content in _files(source):
                path = f"exams/{source.exam.exam_id}/{name}"
                _write(archive, path, content)
                digest = hashlib.sha256(content).hexdigest()
                entries.append({"path": path, "bytes": len(content), "sha256": digest})
        manifest = {
            "schema": SCHEMA,
            "made_at": to_rfc3339(made_at_utc),
            "software": version,
            "exams": exam_ids,
            "entries": entries,
            **({"missing": missing} if missing else {}),
        }
        _write(archive, MANIFEST, _json(manifest))


def _files(source: ExamToExport) -> Iterator[tuple[str, bytes]]:
    reviewed = source.reviewed
    yield "exam.json", _json(exam_to_json(source.exam))
    for image in reviewed.images:
        image_id = image.image.image_id
        if image_id not in source.unreadable:
            yield f"images/{image_id}.{suffix_of(image.image)}", source.read_file(image_id)
        yield f"results/{image_id}.json", _json(document_of(image.image.recorded))
        yield f"reviewed/{image_id}.json", _json(document_of(image.recorded))
    yield "review.json", _json(_review(source))
    yield "figures.json", _json(figures_to_json(source.figures))
    yield "journal.json", _json({"entries": [dict(entry) for entry in source.journal]})


def _review(source: ExamToExport) -> Json:
    """For readers; the importing box goes by the journal's entries."""
    reviewed = source.reviewed
    return {
        "conclusion": reviewed.conclusion,
        "pattern": None if reviewed.pattern is None else reviewed.pattern.value,
        "validated_by": reviewed.validated_by,
        "validated_at": None if reviewed.validated_at_utc is None else to_rfc3339(reviewed.validated_at_utc),
        "images": {
            image.image.image_id: {
                "is_edited": image.is_edited,
                "comment": image.comment,
                "not_evaluable_because": image.not_evaluable_because,
            }
            for image in reviewed.images
        },
    }


def figures_to_json(figures: ExamFigures) -> Json:
    """Every figure with its interval or its reason, by exam, finger, placement and image."""
    return {
        "exam": _figures(figures.exam),
        "fingers": {f"{hand.value}-{finger.value}": _figures(one) for (hand, finger), one in figures.fingers.items()},
        "sectors": {
            f"{place.hand.value}-{place.finger.value}-{place.sector.value}": _figures(one)
            for place, one in figures.sectors.items()
        },
        "images": {image_id: _figures(one) for image_id, one in figures.images.items()},
    }


def _figures(figures: Figures) -> Json:
    return {
        key: {
            "value": figure.value,
            "uncertainty": figure.uncertainty,
            "because": figure.because,
            "basis": dict(figure.basis),
        }
        for key, figure in figures.items()
    }


def _write(archive: zipfile.ZipFile, path: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(path, _EPOCH)
    # Pictures are compressed already.
    entry.compress_type = zipfile.ZIP_DEFLATED if path.endswith(".json") else zipfile.ZIP_STORED
    entry.external_attr = 0o600 << 16
    archive.writestr(entry, content)


def _json(value: Json) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False).encode()
