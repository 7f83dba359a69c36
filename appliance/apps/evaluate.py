"""`nailfold evaluate`: a labelled COCO file and its pictures in; the figures of the whole device out."""

import hashlib
import importlib
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
from appliance.apps.atomic_file import write_atomically
from appliance.apps.evaluate_request import Wishes, require_libraries, require_pictures, require_places
from appliance.apps.settings import Settings
from appliance.apps.station_calibration import operator_calibration
from appliance.apps.still_reader import read_still
from appliance.domain.analysis_result import EngineIdentity
from appliance.domain.errors import InferenceError
from appliance.domain.frame import CameraDescription, Frame
from appliance.inference.engine_set import load_engine_set
from appliance.inference.manifest import REINSTALL
from appliance.ports import EngineSet
from engines.datasets.coco import read_coco
from engines.datasets.labels import LabelledImage, LabelledSet
from engines.evaluation.coco.categories import Meaning, meanings_of, read_mapping
from engines.evaluation.coco.outcome import LOWEST_SCORE, Outcome, OverhearingDetector, targets_of

BOOTSTRAP_SEED = 1


def evaluate(wishes: Wishes, settings: Settings) -> None:
    """Print the report and write what was asked for.

    Raises:
        ApplianceError: anything that is missing or does not fit; found before the work wherever that is possible.
    """
    require_libraries(with_plots=wishes.out is not None)
    require_places(wishes)
    labelled = read_coco(wishes.annotations)
    meanings = meanings_of(labelled.categories, read_mapping(wishes.mapping))
    require_pictures(wishes, labelled)
    outcomes, identity = measure_set(wishes, settings, labelled, meanings)
    _tell(wishes, settings, outcomes, identity)


def measure_set(
    wishes: Wishes, settings: Settings, labelled: LabelledSet, meanings: dict[str, Meaning]
) -> tuple[list[Outcome], EngineIdentity]:
    """What the device of these settings makes of each picture, and which engines it ran."""
    engines, detector = _overhearing_engines(settings)
    return _measure_all(wishes, settings, labelled, meanings, (engines, detector)), engines.identity


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
    wishes: Wishes,
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
            frame = _frame(seq, wishes.pictures / image.file_name, image)
            um_per_px = image.um_per_px if image.um_per_px is not None else wishes.um_per_px
            scale = None if um_per_px is None else operator_calibration(um_per_px, frame.width_px, frame.height_px)
            pipeline.use_calibration(scale)
            analysis = pipeline.analyse(frame, track=False)
            outcomes.append(Outcome(image, targets_of(image, meanings), engines[1].overheard, analysis))
    return outcomes


def _frame(seq: int, path: Path, image: LabelledImage) -> Frame:
    still = read_still(path)
    name = image.file_name
    camera = CameraDescription(name, f"file:{name}", path.suffix.lstrip("."), image.width_px, image.height_px)
    return Frame(seq, still.image_rgb, 0.0, still.taken_at_utc, camera)


def _tell(wishes: Wishes, settings: Settings, outcomes: Sequence[Outcome], identity: EngineIdentity) -> None:
    # Only now: what they import is an extra.
    from engines.evaluation.coco.figures import SCHEMA, all_figures, figures_document  # noqa: PLC0415
    from engines.evaluation.coco.report import report  # noqa: PLC0415

    figures = all_figures(outcomes, not wishes.is_recall_only, wishes.replicates, BOOTSTRAP_SEED)
    if wishes.json_file is not None:
        head = {"schema": SCHEMA, "software": _software(identity), "made_with": _made_with(wishes, settings)}
        text = json.dumps(head | figures_document(figures, outcomes), indent=2, ensure_ascii=False, allow_nan=False)
        write_atomically(wishes.json_file, f"{text}\n".encode())
    if wishes.out is not None:
        from engines.evaluation.coco.plots import plots  # noqa: PLC0415

        for name, png in plots(figures).items():
            write_atomically(wishes.out / name, png)
    click.echo(report(figures, settings.inference.min_score_capillary), nl=False)


def _software(identity: EngineIdentity) -> dict[str, Any]:
    return {"version": identity.software_version, "runtime": identity.runtime, "engines": dict(identity.engines)}


def _made_with(wishes: Wishes, settings: Settings) -> dict[str, Any]:
    return {
        "annotations": wishes.annotations.name,
        "annotations_sha256": hashlib.sha256(wishes.annotations.read_bytes()).hexdigest(),
        "um_per_px": wishes.um_per_px,
        "categories": list(wishes.mapping),
        "min_score_capillary": settings.inference.min_score_capillary,
        "min_score_haemorrhage": settings.inference.min_score_haemorrhage,
        "lowest_score": LOWEST_SCORE,
        "bootstrap": {"replicates": wishes.replicates, "seed": BOOTSTRAP_SEED},
    }
