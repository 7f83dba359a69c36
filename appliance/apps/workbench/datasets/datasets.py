"""`nailfold dataset`: rendered pictures with their truth, and labels from one format to another."""

import io
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from appliance.apps.files.atomic_file import require_writable_folder, write_atomically
from appliance.apps.files.atomic_folder import new_folder, write_folder
from appliance.domain.calibration import operator_calibration
from appliance.domain.errors import ExportError
from engines.datasets.coco import coco_bytes
from engines.datasets.convert import label_files, losses, read_labels
from engines.datasets.labels import LabelledImage
from engines.datasets.rendered import label_rendered, labelled_set, render_seeds
from engines.synthetic.pattern import Pattern
from engines.synthetic.render import render

Reporter = Callable[[str], None]


@dataclass(frozen=True)
class Rendering:
    """What to draw: pictures of a width and height, `um_per_px` and `pattern` at random where None, `difficulty` 0
    (clean) to 1 (everything a clinic's scope delivers)."""

    width_px: int = 640
    height_px: int = 480
    um_per_px: float | None = None
    pattern: Pattern | None = None
    difficulty: float = 1.0


def render_dataset(out: Path, count: int, seed: int, how: Rendering, track: Callable[[range], Iterable[int]]) -> None:
    """A new folder with images/*.png and annotations.json, whole or absent.

    Args:
        seed: of the data set; same seed and count, same pictures.
        track: passes the seeds on and shows how far it is.

    Raises:
        ApplianceError: the numbers cannot be used, or the folder exists or cannot be written.
    """
    seeds = render_seeds(seed, count)
    if how.um_per_px is not None:
        operator_calibration(how.um_per_px, how.width_px, how.height_px)
    require_writable_folder(out.absolute().parent)
    # kill leaves no more behind than Ctrl-C.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with new_folder(out) as folder:
            (folder / "images").mkdir()
            images = [_render_one(folder, render_seed, how) for render_seed in track(seeds)]
            (folder / "annotations.json").write_bytes(coco_bytes(labelled_set(images)))
    finally:
        signal.signal(signal.SIGTERM, before)


def convert_dataset(source: str, target: str, path: Path, out: Path, pictures: Path | None, reporter: Reporter) -> int:
    """The exit code: 0 when all was converted, 1 when a file could not be read; then nothing is written.

    Args:
        source, target: one of engines.datasets.convert.FORMATS.
        out: a file for COCO, a new folder for the others.
        pictures: where the pictures are; only YOLO needs them.
        reporter: takes one line for every bad file, and one for what gets lost.

    Raises:
        ApplianceError: nothing can be read at all, or `out` cannot be written.
    """
    require_writable_folder(out.absolute().parent)
    reading = read_labels(source, path, pictures)
    for line in [*reading.problems, *reading.notes]:
        reporter(line)
    if reading.problems:
        reporter(f"nothing was written: {len(reading.problems)} of the files cannot be used")
        return 1
    files = label_files(target, reading.found)
    if lost := losses(target, reading.found):
        reporter(lost)
    if target != "coco":
        write_folder(out, files)
    elif out.is_dir():
        raise ExportError(f"{out} is a folder; COCO is one file", "Name a file, such as annotations.json.")
    else:
        write_atomically(out, files["annotations.json"])
    return 0


def _render_one(folder: Path, seed: int, how: Rendering) -> LabelledImage:
    rendered = render(
        seed,
        width=how.width_px,
        height=how.height_px,
        um_per_px=how.um_per_px,
        pattern=how.pattern,
        difficulty=how.difficulty,
    )
    name = f"{seed}.png"
    file = io.BytesIO()
    Image.fromarray(rendered.image_rgb).save(file, "png")
    (folder / "images" / name).write_bytes(file.getvalue())
    return label_rendered(rendered, name)
