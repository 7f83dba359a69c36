"""`nailfold analyze`: pictures, folders and videos in; one result document and, if wished, overlay pictures out."""

import importlib.metadata
import json
import logging
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from appliance import schemas
from appliance.analysis.pipeline import Pipeline
from appliance.analysis.result_document import document, image_document
from appliance.apps.analyze.overlay import overlay_png
from appliance.apps.analyze.pictures import Picture, read_pictures
from appliance.apps.config.settings import Settings
from appliance.apps.files.atomic_file import (
    make_inner_folder,
    make_writable_folder,
    require_writable_file,
    write_atomically,
)
from appliance.apps.files.inputs import Input, Inputs, find_inputs
from appliance.domain.analysis_result import FrameAnalysis
from appliance.domain.calibration import Calibration, file_calibration, operator_calibration
from appliance.domain.counted import counted
from appliance.domain.errors import ApplianceError, CaptureError, ExportError
from appliance.foreign_files.names import inner_path, same_name, shown
from appliance.inference.engine_set import load_engine_set
from appliance.ports import EngineSet

INTERRUPTED = 130
_log = logging.getLogger(__name__)


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
        found = find_inputs(request.paths, [path for path in (request.overlay_dir, request.json_file) if path])
        for sentence in [*found.notes, *found.problems]:
            _tell(console, sentence)
        engines = load_engine_set(settings.inference, importlib.metadata.version("nailfold-appliance"))
        images, failed = _measure_all(found, request, _Measuring(engines, settings, request), console)
        if images:
            _write(document(images, engines.identity), request.json_file)
    except KeyboardInterrupt:
        _tell(console, "interrupted: no result was written")
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)
    return 1 if found.problems or failed else 0


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
            pipeline.use_calibration(self._scale_of(picture))
            yield picture, pipeline.analyse(frame, track=source.is_video)

    def _scale_of(self, picture: Picture) -> Calibration | None:
        """The operator's, else the one that a still's own file states. Raises CaptureError: one in an unknown unit."""
        width_px, height_px = picture.frame.width_px, picture.frame.height_px
        if self._request.um_per_px is not None:
            return operator_calibration(self._request.um_per_px, width_px, height_px)
        if picture.scale_problem:
            raise CaptureError(
                f"cannot measure {picture.name}: {picture.scale_problem}", "Give the scale: --um-per-px."
            )
        stated = picture.um_per_px
        return None if stated is None else file_calibration(stated, width_px, height_px)


def _check(request: Request) -> None:
    """What would fail after the work fails before it."""
    if request.um_per_px is not None:
        operator_calibration(request.um_per_px, 1, 1)
    if request.json_file is not None:
        require_writable_file(request.json_file)
    if request.overlay_dir is not None:
        make_writable_folder(request.overlay_dir)


def _measure_all(
    found: Inputs, request: Request, measuring: _Measuring, console: Console
) -> tuple[list[dict[str, Any]], int]:
    images: list[dict[str, Any]] = []
    failed = undated = 0
    drawing = _Drawing(request.overlay_dir)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        for source in progress.track(found.files, description="measuring"):
            try:
                for picture, analysis in measuring.measure(source):
                    images.append(image_document(analysis, picture.name))
                    undated += not picture.is_dated
                    if picture.note:
                        _tell(console, picture.note)
                    if problem := drawing.draw(picture, analysis):
                        failed += 1
                        _tell(console, problem)
            except (ApplianceError, OSError) as error:
                failed += 1
                _tell(
                    console, str(error) if isinstance(error, ApplianceError) else f"cannot read {source.path}: {error}"
                )
            except Exception as error:
                # Whatever a damaged file makes a decoder do, the others are measured and written all the same.
                _log.exception("%s failed", shown(str(source.path)))
                failed += 1
                _tell(console, f"cannot measure {source.path}: {type(error).__name__} ({str(error)[:120]})")
    if undated:
        said = f"{undated} of {counted(len(images), 'picture')} without a stated time"
        _tell(console, f"{said}: captured_at is when the file was last written")
    return images, failed


class _Drawing:
    """Overlays below one folder, each under a name of its own."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._taken: set[str] = set()

    def draw(self, picture: Picture, analysis: FrameAnalysis) -> str:
        """Write one picture's overlay; why it could not be written, empty where it was. Its figures are kept."""
        if self._folder is None:
            return ""
        path = self._folder / self._free_name(picture.name.replace("#t=", "-"))
        try:
            make_inner_folder(self._folder, path.parent)
            write_atomically(path, overlay_png(picture.frame.image_rgb, analysis))
        except ExportError as error:
            return str(error)
        return ""

    def _free_name(self, name: str) -> str:
        wanted = str(inner_path(name))
        free, number = wanted, 1
        while same_name(free) in self._taken:
            number += 1
            free = f"{wanted}-{number}"
        self._taken.add(same_name(free))
        return f"{free}.overlay.png"


def _write(result: dict[str, Any], path: Path | None) -> None:
    try:
        schemas.validate("nailfold.analysis-1", result)
    except schemas.SchemaError as error:
        raise ExportError(f"the result does not fit its format at {error.json_path}: {error.message[:200]}") from error
    text = json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if path is None:
        click.echo(text, nl=False)
    else:
        write_atomically(path, text.encode())


def _tell(console: Console, sentence: str) -> None:
    console.print(shown(f"nailfold: {sentence}"), markup=False, soft_wrap=True)
