"""`nailfold train --data`: the shipped detector trained further on a clinic's labelled pictures, judged on others."""

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.apps.config.settings import Settings
from appliance.apps.extras import require_modules
from appliance.apps.files.atomic_file import make_writable_folder, write_atomically
from appliance.apps.workbench.evaluation.evaluate import BOOTSTRAP_SEED, measure_set
from appliance.apps.workbench.evaluation.evaluate_request import EvaluationOptions, require_pictures
from appliance.domain.errors import SettingsError
from appliance.inference.engine_set import load_engine_set
from engines.datasets.coco import coco_bytes
from engines.datasets.convert import read_labels
from engines.datasets.labels import DatasetError, LabelledImage, LabelledSet
from engines.evaluation.coco.categories import Meaning, meanings_of, read_mapping
from engines.training.labelled_pictures import labelled_pictures

Reporter = Callable[[str], None]
MIN_SUBJECTS = 2


@dataclass(frozen=True)
class TrainingOptions:
    """What was asked for.

    Attributes:
        annotations, pictures: the COCO file and the folder its file names start from.
        out: a new folder for the weights and the reports.
        minutes: of training.
        held_out: share of the subjects that are kept for judging.
        rendered: how many drawn nailfolds to train on beside the pictures.
        seed: of the split and of the training.
        is_partial: not all that is visible is labelled.
        mapping: "name=class" for categories that the product's table does not know.
    """

    annotations: Path
    pictures: Path
    out: Path
    minutes: float = 20.0
    held_out: float = 0.25
    rendered: int = 300
    seed: int = 1
    is_partial: bool = False
    mapping: tuple[str, ...] = ()


def train_networks(options: TrainingOptions, settings: Settings, reporter: Reporter) -> None:
    """Split by subject, train, and report the held-out pictures before and after.

    Raises:
        ApplianceError: a library is missing, or labels, pictures or folder cannot be used; found before the training.
    """
    require_modules("torch", "onnx", "pycocotools")
    labelled = read_labels("coco", options.annotations).found
    meanings = meanings_of(labelled.categories, read_mapping(options.mapping))
    judged = EvaluationOptions(
        options.annotations, options.pictures, is_recall_only=options.is_partial, mapping=options.mapping
    )
    require_pictures(judged, labelled)
    training, held_out = split_by_subject(labelled, options.held_out, options.seed)
    _require_new(options.out)
    make_writable_folder(options.out)
    for name, part in (("training.json", training), ("held_out.json", held_out)):
        write_atomically(options.out / name, coco_bytes(part))
    reporter(_told_split(training, held_out))
    before = _report(judged, settings, held_out, meanings)
    weights = _train(options, settings, training, meanings, reporter)
    after = _report(judged, _with_weights(settings, weights), held_out, meanings)
    text = f"before, the shipped detector\n\n{before}\nafter, the tuned detector\n\n{after}"
    write_atomically(options.out / "report.txt", text.encode())
    reporter(text.rstrip())
    reporter(f'\nTo use it, set inference.weights_dir = "{weights.resolve()}"; to go back, take that line out.')


def split_by_subject(labelled: LabelledSet, held_out: float, seed: int) -> tuple[LabelledSet, LabelledSet]:
    """Pictures to train on and pictures to judge by; all of one subject on one side.

    A picture without a subject is a subject of its own.

    Raises:
        DatasetError: fewer than two subjects.
    """
    subjects: dict[str, list[LabelledImage]] = defaultdict(list)
    for image in labelled.images:
        subjects[f"subject {image.subject}" if image.subject else f"file {image.file_name}"].append(image)
    if len(subjects) < MIN_SUBJECTS:
        raise DatasetError(
            "the labels are of one subject alone", "Label pictures of more people; half of them judge the result."
        )
    names = sorted(subjects)
    random.Random(seed).shuffle(names)
    count = min(max(1, round(held_out * len(names))), len(names) - 1)
    parts = [[image for name in chosen for image in subjects[name]] for chosen in (names[count:], names[:count])]
    return LabelledSet(tuple(parts[0]), labelled.categories), LabelledSet(tuple(parts[1]), labelled.categories)


def _train(
    options: TrainingOptions,
    settings: Settings,
    training: LabelledSet,
    meanings: dict[str, Meaning],
    reporter: Reporter,
) -> Path:
    # Only now: what it imports is an extra.
    from engines.training.fine_tune import Tuning, fine_tune  # noqa: PLC0415

    shipped = settings.inference.weights_dir
    if shipped is None:
        raise SettingsError("inference.weights_dir is not set", "Name the folder that holds manifest.json.")
    find = load_engine_set(settings.inference, "train").detector.detect if options.is_partial else None
    own = labelled_pictures(training.images, options.pictures, meanings, find)
    how = Tuning(minutes=options.minutes, rendered=options.rendered, seed=options.seed)
    return fine_tune(shipped, own, options.out, how, reporter)


def _report(judged: EvaluationOptions, settings: Settings, held_out: LabelledSet, meanings: dict[str, Meaning]) -> str:
    from engines.evaluation.coco.figures import all_figures  # noqa: PLC0415  # an extra
    from engines.evaluation.coco.report import report  # noqa: PLC0415

    outcomes, _ = measure_set(judged, settings, held_out, meanings)
    figures = all_figures(outcomes, not judged.is_recall_only, judged.replicates, BOOTSTRAP_SEED)
    return report(figures, settings.inference.min_score_capillary)


def _with_weights(settings: Settings, weights: Path) -> Settings:
    return replace(settings, inference=replace(settings.inference, weights_dir=weights))


def _told_split(training: LabelledSet, held_out: LabelledSet) -> str:
    text = f"{len(training.images)} pictures to train on, {len(held_out.images)} others to judge by"
    if any(not image.subject for image in (*training.images, *held_out.images)):
        text += (
            "\nSome pictures name no subject: those of one finger may lie on both sides, and the report may flatter."
            '\nGive each image a "subject" in the file.'
        )
    return text


def _require_new(out: Path) -> None:
    if out.exists() and any(out.iterdir()):
        raise SettingsError(f"{out} is not empty", "Name a new folder; no earlier training is overwritten.")
