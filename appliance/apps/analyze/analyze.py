"""`nailfold analyze`: pictures, folders and videos in; one result document and, if wished, overlay pictures out."""

import importlib.metadata
import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import jsonschema
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from appliance import schemas
from appliance.analysis.pipeline import Pipeline
from appliance.analysis.result_document import document, image_document
from appliance.apps.analyze.overlay import overlay_png
from appliance.apps.analyze.pictures import Picture, read_pictures
from appliance.apps.config.settings import Settings
from appliance.apps.files.atomic_file import make_writable_folder, require_writable_folder, write_atomically
from appliance.apps.files.inputs import Input, find_inputs
from appliance.capture.scale_metadata import stated_um_per_px
from appliance.domain.analysis_result import FrameAnalysis
from appliance.domain.calibration import Calibration, file_calibration, operator_calibration
from appliance.domain.errors import ApplianceError, ExportError
from appliance.inference.engine_set import load_engine_set
from appliance.ports import EngineSet

INTERRUPTED = 130


@dataclass(frozen=True)
class Request:
    """What was asked for.

    Attributes:
        um_per_px: scale of every picture at its own size, vouched for by the operator; None measures pixels alone.
        json_file: where the document goes; None prints it.
        overlay_dir: made if missing; None draws nothing.
        every: of a video, each Nth picture.
    """

    paths: tuple[Path, ...]
    um_per_px: float | None = None
    json_file: Path | None = None
    overlay_dir: Path | None = None
    every: int = 1


def analyze(request: Request, settings: Settings) -> int:
    """The exit code: 0 when every file was measured, 1 when one could not be, 130 when interrupted.

    Raises:
        ApplianceError: nothing can be measured at all: an engine, the scale or a place to write to.
    """
    # kill leaves no more behind than Ctrl-C.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(stderr=True, highlight=False)
    try:
        _check(request)
        inputs, problems = find_inputs(request.paths, request.overlay_dir)
        for problem in problems:
            _tell(console, problem)
        engines = load_engine_set(settings.inference, importlib.metadata.version("nailfold-appliance"))
        images, failed = _measure_all(inputs, request, _Measuring(engines, settings, request), console)
        if images:
            _write(document(images, engines.identity), request.json_file)
    except KeyboardInterrupt:
        _tell(console, "interrupted: no result was written")
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)
    return 1 if problems or failed else 0


class _Measuring:
    """Measures files one after the other; each video has its own tracks."""

    def __init__(self, engines: EngineSet, settings: Settings, request: Request) -> None:
        self._engines = engines
        self._settings = settings
        self._request = request
        self._stills = Pipeline(engines, settings=settings.analysis)

    def measure(self, source: Input) -> Iterator[tuple[Picture, FrameAnalysis]]:
        """Every picture of one file with its result. Raises ApplianceError naming what failed."""
        pipeline = Pipeline(self._engines, settings=self._settings.analysis) if source.is_video else self._stills
        for picture in read_pictures(source, self._request.every):
            frame = picture.frame
            pipeline.use_calibration(self._scale_of(source, frame.width_px, frame.height_px))
            yield picture, pipeline.analyse(frame, track=source.is_video)

    def _scale_of(self, source: Input, width_px: int, height_px: int) -> Calibration | None:
        """The operator's, else the one that a still's own file states."""
        if self._request.um_per_px is not None:
            return operator_calibration(self._request.um_per_px, width_px, height_px)
        stated = None if source.is_video else stated_um_per_px(source.path)
        return None if stated is None else file_calibration(stated, width_px, height_px)


def _check(request: Request) -> None:
    """What would fail after the work fails before it."""
    if request.um_per_px is not None:
        operator_calibration(request.um_per_px, 1, 1)
    if request.json_file is not None:
        require_writable_folder(request.json_file.parent)
    if request.overlay_dir is not None:
        make_writable_folder(request.overlay_dir)


def _measure_all(
    inputs: list[Input], request: Request, measuring: _Measuring, console: Console
) -> tuple[list[dict[str, Any]], int]:
    images: list[dict[str, Any]] = []
    failed = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        for source in progress.track(inputs, description="measuring"):
            try:
                for picture, analysis in measuring.measure(source):
                    images.append(image_document(analysis, picture.name))
                    _draw(picture, analysis, request.overlay_dir)
                    if picture.note:
                        _tell(console, picture.note)
            except ExportError:
                raise
            except ApplianceError as error:
                failed += 1
                _tell(console, str(error))
    return images, failed


def _draw(picture: Picture, analysis: FrameAnalysis, folder: Path | None) -> None:
    if folder is None:
        return
    name = picture.name.replace("#t=", "-").lstrip("/")
    path = folder / f"{name}.overlay.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, overlay_png(picture.frame.image_rgb, analysis))


def _write(result: dict[str, Any], path: Path | None) -> None:
    try:
        schemas.validate("nailfold.analysis-1", result)
    except jsonschema.ValidationError as error:
        raise ExportError(f"the result does not fit its format at {error.json_path}: {error.message[:200]}") from error
    text = json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if path is None:
        click.echo(text, nl=False)
    else:
        write_atomically(path, text.encode())


def _tell(console: Console, sentence: str) -> None:
    console.print(f"nailfold: {sentence}", markup=False, soft_wrap=True)
