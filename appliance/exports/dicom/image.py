"""A still as a VL Photographic Image: lossless, with its scale, its finger and its side."""

from collections.abc import Iterator

from pydicom.dataset import Dataset
from pydicom.uid import VLPhotographicImageStorage

from appliance.domain.calibration import ScaleOrigin
from appliance.domain.exam import Hand, ImageKind
from appliance.domain.review import ReviewedImage
from appliance.exports.dicom.header import anatomic_region, date, new_dataset, person_name, time
from appliance.exports.dicom.uids import image_uid, series_uid
from appliance.exports.source import ExamToExport

_UM_PER_MM = 1000.0
_LONGEST_DESCRIPTION = 64  # of the value representation LO


def dicom_images(source: ExamToExport) -> Iterator[Dataset]:
    """Every still and panorama, a series a finger; clips have no still and are left out."""
    numbers: dict[str, int] = {}
    for image in source.pictures():
        uid = series_uid(source.exam.exam_id, image.image.hand, image.image.finger)
        numbers[uid] = numbers.get(uid, 0) + 1
        yield dicom_image(source, image, list(numbers).index(uid) + 1, numbers[uid])


def dicom_image(source: ExamToExport, image: ReviewedImage, series_number: int, instance_number: int) -> Dataset:
    """One picture, its pixels unchanged: RGB, 8 bits, uncompressed, explicit VR little endian."""
    kept = image.image
    dataset = new_dataset(source, VLPhotographicImageStorage, image_uid(kept.image_id))
    dataset.Modality = "XC"
    dataset.SeriesInstanceUID = series_uid(source.exam.exam_id, kept.hand, kept.finger)
    dataset.SeriesNumber = series_number
    side = "L" if kept.hand is Hand.LEFT else "R"
    dataset.ImageLaterality = side  # Laterality is for objects that have none of their own (PS3.3, C.7.3.1)
    dataset.BodyPartExamined = "THUMB" if kept.finger.value == "thumb" else "FINGER"
    dataset.SeriesDescription = f"{kept.hand.value} {kept.finger.value}"
    dataset.InstanceNumber = instance_number
    if source.operator_name:
        dataset.OperatorsName = person_name(source.operator_name)
    dataset.ImageComments = f"sector {kept.sector.value}"
    dataset.AnatomicRegionSequence = [anatomic_region(kept.hand, kept.finger)]
    dataset.ImageType = ["ORIGINAL" if kept.kind is ImageKind.STILL else "DERIVED", "PRIMARY"]
    dataset.ContentDate = dataset.AcquisitionDate = date(kept.captured_at_utc)
    dataset.ContentTime = dataset.AcquisitionTime = time(kept.captured_at_utc)
    dataset.AcquisitionDateTime = f"{date(kept.captured_at_utc)}{time(kept.captured_at_utc)}+0000"
    dataset.AcquisitionContextSequence = []
    dataset.PatientOrientation = []
    _add_scale(dataset, source, image)
    _add_pixels(dataset, source, kept.image_id)
    return dataset


def _add_scale(dataset: Dataset, source: ExamToExport, image: ReviewedImage) -> None:
    metadata = source.metadata(image.image.image_id)
    dataset.ManufacturerModelName = metadata.camera_name[:_LONGEST_DESCRIPTION]
    um_per_px = image.analysis.um_per_px
    if um_per_px is None:
        return
    spacing_mm = f"{um_per_px / _UM_PER_MM:.10g}"[:16]
    dataset.PixelSpacing = [spacing_mm, spacing_mm]
    # PixelSpacingCalibrationType is not of this IOD (dciodvfy): where the scale comes from goes into the comment.
    origin = _origin_words(source.scale_origin(image), image.analysis.calibration_id)
    dataset.ImageComments = f"{dataset.ImageComments}; scale {origin}"


def _origin_words(origin: ScaleOrigin | None, calibration_id: str | None) -> str:
    return f"{'unknown' if origin is None else origin.value}: {calibration_id}"[:_LONGEST_DESCRIPTION]


def _add_pixels(dataset: Dataset, source: ExamToExport, image_id: str) -> None:
    image_rgb = source.still(image_id).image_rgb
    dataset.Rows, dataset.Columns = image_rgb.shape[:2]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.LossyImageCompression = "01" if _was_lossy(source, image_id) else "00"
    pixels = image_rgb.tobytes()
    dataset.PixelData = pixels + b"\0" * (len(pixels) % 2)


def _was_lossy(source: ExamToExport, image_id: str) -> bool:
    """Once lossy, always lossy (PS3.3, C.7.6.1.1.5): a camera that sends JPEG has lost something before the box."""
    return source.metadata(image_id).pixel_format.upper() in ("MJPG", "JPEG", "JPG", "H264")
