"""The measurements of an exam as a Comprehensive SR of template TID 1500, every width with its line in the picture."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import highdicom as hd
import numpy as np
from highdicom import sr
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from appliance.analysis.recorded_analysis import image_document_of
from appliance.domain.detection import BoundingBox
from appliance.domain.exam import Finger, Hand
from appliance.domain.exam_figures import Figures
from appliance.domain.honest_digits import MOST_DECIMALS
from appliance.domain.measurement import Capillary
from appliance.domain.printed_figure import as_printed, interval_of
from appliance.domain.review import ReviewedImage
from appliance.domain.said_beside import said_beside
from appliance.exports.codes import (
    DICOM_LOCAL_SCHEME,
    FINGER_SNOMED,
    LOCAL_CODES,
    LOCAL_VERSION,
    SIDE_SNOMED,
    figure_display,
    finger_text,
    oid,
    own_uuid,
)
from appliance.exports.dicom.header import MANUFACTURER, person_name
from appliance.exports.dicom.uids import report_series_uid, report_uid
from appliance.exports.source import ExamToExport

REPORT_SERIES_NUMBER = 1000
Group: TypeAlias = sr.PlanarROIMeasurementsAndQualitativeEvaluations | sr.MeasurementsAndQualitativeEvaluations
TO_EDGE = 0.5
"""DICOM's pixel coordinates start at the corner of the first pixel, this product's at its centre (PS3.3, C.10.5.1)."""
_UM = Code("um", "UCUM", "um")
_NO_UNITS = Code("1", "UCUM", "no units")
_PIXEL = Code("{pixels}", "UCUM", "pixels")
_SHORTEST_BOX_PX = 1.0


def states_anything(source: ExamToExport) -> bool:
    """Whether anything was found or measured; TID 1500 has no report without."""
    is_found = any(one.analysis.capillaries or one.analysis.haemorrhages for one in source.pictures())
    return is_found or any(True for groups in (_finger_groups(source), _exam_group(source)) for _ in groups)


def dicom_report(source: ExamToExport, images: Sequence[Dataset]) -> sr.ComprehensiveSR:
    """The report over those images; verified only where a physician validated the exam.

    Args:
        images: from `dicom_images`, in the order of `source.pictures()`; at least one, and
            something that they state.
    """
    reviewed = source.reviewed
    groups = [
        *(one for image, made in zip(source.pictures(), images, strict=True) for one in _findings(source, image, made)),
        *_finger_groups(source),
        *_exam_group(source),
    ]
    content = sr.MeasurementReport(
        observation_context=_context(source),
        procedure_reported=_local("capillaroscopy-report"),
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
        referenced_images=list(images),
    )
    document = sr.ComprehensiveSR(
        evidence=list(images),
        content=content,
        series_instance_uid=report_series_uid(source.exam.exam_id),
        series_number=REPORT_SERIES_NUMBER,
        sop_instance_uid=report_uid(source.exam.exam_id, _digest(source)),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=True,
        is_final=reviewed.validated_by is not None,
        is_verified=reviewed.validated_by is not None,
        verifying_observer_name=None if source.validator_name is None else person_name(source.validator_name),
        verifying_organization=None if source.validator_name is None else MANUFACTURER,
        software_versions=source.software_version,
        series_description="Nailfold capillaroscopy: measurements",
    )
    if source.operator_name:
        document.OperatorsName = person_name(source.operator_name)
    return document


def _context(source: ExamToExport) -> sr.ObservationContext:
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=oid(own_uuid("station", source.software_version)), name="nailfold", manufacturer_name=MANUFACTURER
    )
    observer = sr.ObserverContext(codes.DCM.Device, device)
    if source.validator_name is None:
        return sr.ObservationContext(observer_device_context=observer)
    person = sr.PersonObserverIdentifyingAttributes(name=person_name(source.validator_name))
    return sr.ObservationContext(sr.ObserverContext(codes.DCM.Person, person), observer)


def _findings(source: ExamToExport, image: ReviewedImage, dataset: Dataset) -> Iterator[Group]:
    """A group with its region for each loop and haemorrhage.

    Widths are in a second group under the loop's tracking UID: TID 1410 allows no coordinates of a measurement's own.
    """
    kept, analysed = image.image, image.analysis
    site = _site(kept.hand, kept.finger)
    where = f"{kept.hand.value}-{kept.finger.value}-{kept.sector.value}"
    has_scale = analysed.um_per_px is not None
    for at, loop in enumerate(analysed.capillaries, 1):
        tracking = _tracking(kept.image_id, "loop", where, at)
        yield sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=tracking,
            referenced_region=_region(loop.bbox, dataset),
            finding_type=_local("capillary-loop"),
            finding_sites=[site],
            qualitative_evaluations=[
                sr.QualitativeEvaluation(_local("capillary-shape"), _local(f"shape-{loop.morphology.value}")),
                sr.QualitativeEvaluation(_local("capillary-size"), _local(f"size-{loop.size.value}")),
                sr.QualitativeEvaluation(_local("capillary-row"), _local(f"row-{loop.row.value}")),
            ],
        )
        if widths := list(_widths(loop, dataset, has_scale)):
            yield sr.MeasurementsAndQualitativeEvaluations(
                tracking_identifier=tracking,
                finding_type=_local("capillary-loop"),
                finding_sites=[site],
                measurements=widths,
            )
    for at, patch in enumerate(analysed.haemorrhages, 1):
        yield sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=_tracking(kept.image_id, "haemorrhage", where, at),
            referenced_region=_region(patch.bbox, dataset),
            finding_type=_local("microhaemorrhage"),
            finding_sites=[site],
        )


def _widths(loop: Capillary, dataset: Dataset, has_scale: bool) -> Iterator[sr.Measurement]:
    """In micrometres, or in pixels where the picture has no scale; each with its line."""
    for name, width in loop.named_widths.items():
        if width is None or (value := width.um if has_scale else width.px) is None:
            continue
        line = np.array([width.segment.start_px, width.segment.end_px], dtype=float) + TO_EDGE
        coordinates = sr.CoordinatesForMeasurement(sr.GraphicTypeValues.POLYLINE, line, _region_source(dataset))
        yield sr.Measurement(
            name=_local(f"{name}-width"),
            value=float(value),
            unit=_UM if has_scale else _PIXEL,
            referenced_coordinates=[coordinates],
        )


def _finger_groups(source: ExamToExport) -> Iterator[sr.MeasurementsAndQualitativeEvaluations]:
    for (hand, finger), figures in source.figures.fingers.items():
        yield from _figures_group(source, f"finger {hand.value} {finger.value}", figures, (hand, finger))


def _exam_group(source: ExamToExport) -> Iterator[sr.MeasurementsAndQualitativeEvaluations]:
    yield from _figures_group(source, "exam", source.figures.exam, None)


def _figures_group(
    source: ExamToExport, name: str, figures: Figures, where: tuple[Hand, Finger] | None
) -> Iterator[sr.MeasurementsAndQualitativeEvaluations]:
    """What could be determined, and what is said beside it; TID 300 has no place for a figure without a value."""
    measurements, evaluations = [], []
    for key, figure in figures.items():
        concept = _own(key, figure_display(key))
        if isinstance(figure.value, str):
            evaluations.append(sr.QualitativeEvaluation(concept, _own(figure.value, figure_display(figure.value))))
        elif figure.value is not None:
            definition = source.definitions.get(key)
            unit = (definition.unit if definition else "") or "1"
            value, _ = as_printed(key, figure)
            properties = None
            if ends := interval_of(key, figure):
                low, high = (round(abs(end - value), MOST_DECIMALS) for end in ends)
                properties = sr.MeasurementProperties(
                    upper_measurement_uncertainty=high, lower_measurement_uncertainty=low
                )
            code = _NO_UNITS if unit == "1" else Code(unit, "UCUM", unit)
            measurements.append(sr.Measurement(concept, value, code, properties=properties))
        for one in said_beside(key, figure) if figure.value is not None else ():
            beside = _own(f"{key}.{one.name}", f"{figure_display(key)}, {figure_display(one.name).lower()}")
            if isinstance(one.value, str):
                evaluations.append(sr.QualitativeEvaluation(beside, _own(one.value, figure_display(one.value))))
            else:
                unit_of = _UM if one.name.endswith("_um") else _NO_UNITS
                measurements.append(sr.Measurement(beside, one.value, unit_of))
    if measurements or evaluations:
        words = name if where is None else finger_text(*where)
        yield sr.MeasurementsAndQualitativeEvaluations(
            tracking_identifier=sr.TrackingIdentifier(oid(own_uuid(source.exam.exam_id, name)), words),
            finding_type=_local("capillaroscopy-exam" if where is None else "capillaroscopy-finger"),
            finding_sites=None if where is None else [_site(*where)],
            measurements=measurements or None,
            qualitative_evaluations=evaluations or None,
        )


def _region(box: BoundingBox, dataset: Dataset) -> sr.ImageRegion:
    x, y = box.x, box.y
    w, h = max(box.w, _SHORTEST_BOX_PX), max(box.h, _SHORTEST_BOX_PX)
    corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y]]) + TO_EDGE
    inside = np.clip(corners, 0.0, [float(dataset.Columns), float(dataset.Rows)])
    return sr.ImageRegion(sr.GraphicTypeValues.POLYLINE, inside, _region_source(dataset))


def _region_source(dataset: Dataset) -> sr.SourceImageForRegion:
    return sr.SourceImageForRegion(dataset.SOPClassUID, dataset.SOPInstanceUID)


def _tracking(image_id: str, kind: str, where: str, at: int) -> sr.TrackingIdentifier:
    return sr.TrackingIdentifier(oid(own_uuid(image_id, kind, str(at))), f"{where}-{kind}-{at}")


def _site(hand: Hand, finger: Finger) -> sr.FindingSite:
    code, meaning = FINGER_SNOMED[finger]
    side, side_meaning = SIDE_SNOMED[hand]
    return sr.FindingSite(Code(code, "SCT", meaning), laterality=Code(side, "SCT", side_meaning))


def _local(code: str) -> Code:
    return _own(code, LOCAL_CODES[code])


def _own(code: str, meaning: str) -> sr.CodedConcept:
    return sr.CodedConcept(code, DICOM_LOCAL_SCHEME, meaning[:64], LOCAL_VERSION)


def _digest(source: ExamToExport) -> str:
    """Over everything the report says: another edit is another instance."""
    reviewed, figures = source.reviewed, source.figures
    said = [
        [image_document_of(image.recorded) for image in reviewed.images],
        [reviewed.conclusion, source.validator_name, source.operator_name, source.software_version, hd.__version__],
        repr(sorted((key, repr(value)) for key, value in figures.exam.items())),
        repr(sorted((repr(key), repr(sorted(value.items(), key=str))) for key, value in figures.fingers.items())),
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
