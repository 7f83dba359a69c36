"""An exam as four CSV tables: capillaries, images, fingers, exam. Every column is described in this folder's README.

RFC 4180 (comma, CRLF, quotes doubled), UTF-8, numbers with a point whatever the language; empty where a figure could
not be determined, with the reason in the column of the same name and `_because`.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from appliance.analysis.size import is_size_near_cut
from appliance.domain.detection import BoundingBox
from appliance.domain.exam import EXAM_FIELDS
from appliance.domain.exam_figures import Figures
from appliance.domain.figure_definition import Kind
from appliance.domain.figure_definitions import DEFINITIONS
from appliance.domain.honest_digits import rounded
from appliance.domain.instant import to_rfc3339
from appliance.domain.printed_figure import in_document, interval_of
from appliance.domain.review import ReviewedImage
from appliance.domain.said_beside import SAYS, said_beside
from appliance.exports.source import ExamToExport

TABLES = ("capillaries", "images", "fingers", "exams")
_WIDTHS = ("apical", "arterial", "venous")
# Some spreadsheets, in East Asian languages, take the wide signs too.
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
Row = dict[str, Any]


def csv_tables(sources: Sequence[ExamToExport]) -> dict[str, bytes]:
    """File name ("capillaries.csv", ...) to content; the exams one after the other in each."""
    rows: dict[str, list[Row]] = {table: [] for table in TABLES}
    for source in sources:
        for table, found in zip(TABLES, (_capillaries, _images, _fingers, _exams), strict=True):
            rows[table].extend(found(source))
    return {f"{table}.csv": _csv_bytes(table, rows[table], sources) for table in TABLES}


def columns(table: str, definitions: Iterable[str] = ()) -> list[str]:
    """The header of a table; figures stand behind in the order of their definitions."""
    return [*_COLUMNS[table], *(name for key in definitions for name in _columns_of(key))]


def _columns_of(key: str) -> list[str]:
    is_uncertain = DEFINITIONS[key].kind not in (Kind.COUNT, Kind.CATEGORY) if key in DEFINITIONS else False
    ends = [f"{key}_ci95_low", f"{key}_ci95_high"] if is_uncertain else []
    return [key, f"{key}_ci95", *ends, f"{key}_because", *(f"{key}_{name}" for name in SAYS.get(key, ()))]


_WHERE = ("exam_id", "patient_pseudonym", "image_id", "hand", "finger", "sector")
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "capillaries": (
        *_WHERE,
        "number",
        "x_px",
        "y_px",
        "width_px",
        "height_px",
        "score",
        "row",
        "morphology",
        "size",
        "size_basis",
        "size_is_near_cut",
        "apex_x_px",
        "apex_y_px",
        *(f"{name}_width_{unit}" for name in _WIDTHS for unit in ("px", "um")),
    ),
    "images": (
        *_WHERE,
        "kind",
        "captured_at_utc",
        "width_px",
        "height_px",
        "um_per_px",
        "calibration_id",
        "counts",
        "machine_evaluable",
        "machine_reasons",
        "not_evaluable_because",
        "is_edited",
        "comment",
        "sha256",
        "software_version",
        "runtime",
    ),
    "fingers": ("exam_id", "patient_pseudonym", "hand", "finger"),
    "exams": (
        *(field.name for field in EXAM_FIELDS if not field.is_local),
        "images",
        "operator_name",
        "validated_by",
        "validated_by_name",
        "validated_at_utc",
        "pattern",
        "conclusion",
        "software_version",
    ),
}


def _capillaries(source: ExamToExport) -> Iterable[Row]:
    for image in source.stills_and_panoramas():
        for number, loop in enumerate(image.analysis.capillaries, 1):
            apex = loop.apex_px or (None, None)
            yield {
                **_where(source, image),
                "number": number,
                **{name: round(value, 1) for name, value in _box(loop.bbox).items()},
                "score": round(loop.score, 3),
                "row": loop.row.value,
                "morphology": loop.morphology.value,
                "size": loop.size.value,
                "size_basis": loop.size_basis.value,
                "size_is_near_cut": is_size_near_cut(loop, image.analysis.um_per_px),
                "apex_x_px": _rounded(apex[0], 1),
                "apex_y_px": _rounded(apex[1], 1),
                **{f"{name}_width_px": width and _rounded(width.px, 2) for name, width in loop.named_widths.items()},
                **{f"{name}_width_um": width and _rounded(width.um, 2) for name, width in loop.named_widths.items()},
            }


def _box(box: BoundingBox) -> dict[str, float]:
    return {"x_px": box.x, "y_px": box.y, "width_px": box.w, "height_px": box.h}


def _images(source: ExamToExport) -> Iterable[Row]:
    for image in source.reviewed.images:
        kept, analysed = image.image, image.analysis
        yield {
            **_where(source, image),
            "kind": kept.kind.value,
            "captured_at_utc": to_rfc3339(kept.captured_at_utc),
            "width_px": analysed.width_px,
            "height_px": analysed.height_px,
            "um_per_px": analysed.um_per_px,
            "calibration_id": analysed.calibration_id,
            "counts": image.counts,
            "machine_evaluable": analysed.quality.is_evaluable,
            "machine_reasons": " ".join(reason.value for reason in analysed.quality.reasons),
            "not_evaluable_because": image.not_evaluable_because,
            "is_edited": image.is_edited,
            "comment": image.comment,
            "sha256": kept.sha256,
            "software_version": analysed.identity.software_version,
            "runtime": analysed.identity.runtime,
            **_figures(source.figures.images.get(kept.image_id, {})),
        }


def _fingers(source: ExamToExport) -> Iterable[Row]:
    for (hand, finger), figures in source.figures.fingers.items():
        yield {
            "exam_id": source.exam.exam_id,
            "patient_pseudonym": source.exam.patient_pseudonym,
            "hand": hand.value,
            "finger": finger.value,
            **_figures(figures),
        }


def _exams(source: ExamToExport) -> Iterable[Row]:
    exam, reviewed = source.exam, source.reviewed
    yield {
        **{field.name: field.plain(exam) for field in EXAM_FIELDS if not field.is_local},
        "images": len(exam.single_images),
        "operator_name": source.operator_name,
        "validated_by": reviewed.validated_by,
        "validated_by_name": source.validator_name,
        "validated_at_utc": None if reviewed.validated_at_utc is None else to_rfc3339(reviewed.validated_at_utc),
        "pattern": None if reviewed.pattern is None else reviewed.pattern.value,
        "conclusion": reviewed.conclusion,
        "software_version": source.software_version,
        **_figures(source.figures.exam),
    }


def _where(source: ExamToExport, image: ReviewedImage) -> Row:
    kept = image.image
    return {
        "exam_id": source.exam.exam_id,
        "patient_pseudonym": source.exam.patient_pseudonym,
        "image_id": kept.image_id,
        "hand": kept.hand.value,
        "finger": kept.finger.value,
        "sector": kept.sector.value,
    }


def _figures(figures: Figures) -> Row:
    row: Row = {}
    for key, figure in figures.items():
        value, off = in_document(key, figure)
        row |= {
            key: value,
            f"{key}_ci95": off,
            f"{key}_because": figure.because,
        }
        if ends := interval_of(key, figure):
            row |= {f"{key}_ci95_low": ends[0], f"{key}_ci95_high": ends[1]}
        for one in said_beside(key, figure):
            name = f"{key}_{one.name}"
            row[name] = f"{row[name]} {one.value}" if name in row else one.value
    return row


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else rounded(value, digits)


def _csv_bytes(table: str, rows: Sequence[Row], sources: Sequence[ExamToExport]) -> bytes:
    known = dict.fromkeys(key for source in sources for key in source.definitions) if table != "capillaries" else {}
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, columns(table, known), restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return buffer.getvalue().encode()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(round(value, 6))
    text = str(value)
    # Spreadsheets run a cell that starts like a formula; the apostrophe makes it text (OWASP, CSV injection).
    return f"'{text}" if isinstance(value, str) and text.startswith(_STARTS_A_FORMULA) else text
