"""What `nailfold evaluate` was asked for, and whether it can be done: asked before the work, not after it."""

from dataclasses import dataclass
from pathlib import Path

from appliance.apps.files.atomic_file import make_writable_folder, require_writable_folder
from appliance.domain.calibration import operator_calibration
from engines.datasets.labels import DatasetError, LabelledSet
from engines.datasets.pictures import picture_size_px


@dataclass(frozen=True)
class EvaluationOptions:
    """What was asked for.

    Attributes:
        annotations, pictures: the COCO file and the folder its file names start from.
        um_per_px: scale of pictures whose entry has none of its own.
        out: folder for the plots; made if missing.
        json_file: where the figures go as JSON.
        is_recall_only: not all that is visible is labelled.
        mapping: "name=class" for categories that the product's table does not know.
        replicates: bootstrap resamples; 0 gives no intervals.
    """

    annotations: Path
    pictures: Path
    um_per_px: float | None = None
    out: Path | None = None
    json_file: Path | None = None
    is_recall_only: bool = False
    mapping: tuple[str, ...] = ()
    replicates: int = 1000


def require_places(options: EvaluationOptions) -> None:
    """Results can be written and the scale is one. Raises ExportError or CalibrationError."""
    if options.um_per_px is not None:
        operator_calibration(options.um_per_px, 1, 1)
    if options.json_file is not None:
        require_writable_folder(options.json_file.parent)
    if options.out is not None:
        make_writable_folder(options.out)


def require_pictures(options: EvaluationOptions, labelled: LabelledSet) -> None:
    """Every picture is there and of the size that its labels were drawn on. Raises DatasetError."""
    if not labelled.images:
        raise DatasetError(f"{options.annotations} has no images", "Name a file with labelled pictures.")
    if not any(image.labels for image in labelled.images):
        raise DatasetError(f"{options.annotations} has no annotations", "There is nothing to compare with; label some.")
    paths = [options.pictures / image.file_name for image in labelled.images]
    if missing := [path for path in paths if not path.is_file()]:
        raise DatasetError(
            f"{len(missing)} of {len(paths)} pictures are missing, the first {missing[0]}",
            "Name their folder with --images; file_name counts from there.",
        )
    for path, image in zip(paths, labelled.images, strict=True):
        if (size := picture_size_px(path)) != (image.width_px, image.height_px):
            seen, labelled_at = f"{size[0]}x{size[1]}", f"{image.width_px}x{image.height_px}"
            raise DatasetError(
                f"{path} is {seen}, its labels were drawn on {labelled_at}",
                "Use the pictures that were labelled, at their size.",
            )
