"""`nailfold evaluate`: a labelled COCO file and its pictures in; the figures of the whole device out."""

import hashlib
import importlib.metadata
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from appliance.analysis.pipeline import Pipeline
from appliance.apps.analyze.pictures import written_at_utc
from appliance.apps.config.settings import Settings
from appliance.apps.extras import require_modules
from appliance.apps.files.atomic_file import write_atomically
from appliance.apps.workbench.evaluation.evaluate_request import (
    EvaluationOptions,
    require_pictures,
    require_places,
)
from appliance.capture.still_reader import read_still
from appliance.domain.analysis_result import EngineIdentity
from appliance.domain.calibration import operator_calibration
from appliance.domain.errors import InferenceError
from appliance.domain.frame import CameraDescription, Frame
from appliance.inference.engine_set import load_engine_set
from appliance.inference.manifest import REINSTALL
from appliance.ports import EngineSet
from engines.datasets.convert import read_labels
from engines.datasets.labels import LabelledImage, LabelledSet
from engines.evaluation.coco.categories import Meaning, meanings_of, read_mapping
from engines.evaluation.coco.outcome import LOWEST_SCORE, Outcome, OverhearingDetector, targets_of

BOOTSTRAP_SEED = 1


def evaluate(options: EvaluationOptions, settings: Settings) -> None:
    """Print the report and write what was asked for.

    Raises:
        ApplianceError: anything that is missing or does not fit; found before the work wherever that is possible.
    """
    require_modules("pycocotools", *(["matplotlib"] if options.out is not None else []))
    require_places(options)
    reading = read_labels("coco", options.annotations)
    for note in reading.notes:
        click.echo(f"nailfold: {note}", err=True)
    labelled = reading.found
    meanings = meanings_of(labelled.categories, read_mapping(options.mapping))
    require_pictures(options, labelled)
    outcomes, identity = measure_set(options, settings, labelled, meanings)
    _tell(options, settings, outcomes, identity)


def measure_set(
    options: EvaluationOptions, settings: Settings, labelled: LabelledSet, meanings: dict[str, Meaning]
) -> tuple[list[Outcome], EngineIdentity]:
    """What the device of these settings makes of each picture, and which engines it ran."""
    engines, detector = _overhearing_engines(settings)
    return _measure_all(options, settings, labelled, meanings, (engines, detector)), engines.identity


def _overhearing_engines(settings: Settings) -> tuple[EngineSet, OverhearingDetector]:
    """The device's engines; one pass of the detector serves the device's thresholds and the whole curve."""
    inference = settings.inference
    low = replace(inference, min_score_capillary=LOWEST_SCORE, min_score_haemorrhage=LOWEST_SCORE)
    engines = load_engine_set(low, importlib.metadata.version("nailfold-appliance"))
    if engines.stills is None:
        raise InferenceError("these engines have no detector for stills", REINSTALL)
    stills = OverhearingDetector(engines.stills, inference.min_score_capillary, inference.min_score_haemorrhage)
    return replace(engines, stills=stills), stills


def _measure_all(
    options: EvaluationOptions,
    settings: Settings,
    labelled: LabelledSet,
    meanings: dict[str, Meaning],
    engines: tuple[EngineSet, OverhearingDetector],
) -> list[Outcome]:
    pipeline = Pipeline(engines[0], settings=settings.analysis)
    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    outcomes = []
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        for seq, image in enumerate(progress.track(labelled.images, description="measuring")):
            frame = _frame(seq, options.pictures / image.file_name, image)
            um_per_px = image.um_per_px if image.um_per_px is not None else options.um_per_px
            scale = None if um_per_px is None else operator_calibration(um_per_px, frame.width_px, frame.height_px)
            pipeline.use_calibration(scale)
            analysis = pipeline.analyse(frame, track=False)
            outcomes.append(Outcome(image, targets_of(image, meanings), engines[1].overheard, analysis))
    return outcomes


def _frame(seq: int, path: Path, image: LabelledImage) -> Frame:
    still = read_still(path)
    name = image.file_name
    camera = CameraDescription(name, f"file:{name}", path.suffix.lstrip("."), image.width_px, image.height_px)
    return Frame(seq, still.image_rgb, 0.0, still.taken_at_utc or written_at_utc(path), camera)


def _tell(
    options: EvaluationOptions, settings: Settings, outcomes: Sequence[Outcome], identity: EngineIdentity
) -> None:
    # Only now: what they import is an extra.
    from engines.evaluation.coco.figures import SCHEMA, all_figures, figures_document  # noqa: PLC0415
    from engines.evaluation.coco.report import report  # noqa: PLC0415

    figures = all_figures(outcomes, not options.is_recall_only, options.replicates, BOOTSTRAP_SEED)
    if options.json_file is not None:
        head = {"schema": SCHEMA, "software": _software(identity), "made_with": _made_with(options, settings)}
        text = json.dumps(head | figures_document(figures, outcomes), indent=2, ensure_ascii=False, allow_nan=False)
        write_atomically(options.json_file, f"{text}\n".encode())
    if options.out is not None:
        from engines.evaluation.coco.plots import plots  # noqa: PLC0415

        for name, png in plots(figures).items():
            write_atomically(options.out / name, png)
    click.echo(report(figures, settings.inference.min_score_capillary), nl=False)


def _software(identity: EngineIdentity) -> dict[str, Any]:
    return {"version": identity.software_version, "runtime": identity.runtime, "engines": dict(identity.engines)}


def _made_with(options: EvaluationOptions, settings: Settings) -> dict[str, Any]:
    return {
        "annotations": options.annotations.name,
        "annotations_sha256": hashlib.sha256(options.annotations.read_bytes()).hexdigest(),
        "um_per_px": options.um_per_px,
        "categories": list(options.mapping),
        "min_score_capillary": settings.inference.min_score_capillary,
        "min_score_haemorrhage": settings.inference.min_score_haemorrhage,
        "lowest_score": LOWEST_SCORE,
        "bootstrap": {"replicates": options.replicates, "seed": BOOTSTRAP_SEED},
    }
