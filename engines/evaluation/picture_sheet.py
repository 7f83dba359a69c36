"""What the shipped networks find and what they do not, as one picture.

    python -m engines.evaluation.picture_sheet docs/images/model_card_sheet.jpg [--photo nailfold_photo.jpg]

Of the first held-out rendered images the four with the best and the four with the worst recall and precision; below
them the real photo, of which no truth is known. Found: green. Missed: orange, dashed. Without a loop behind it: purple.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.domain.detection import Detections
from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings
from appliance.ports import EngineSet
from engines.accuracy.matching import match
from engines.evaluation.real import WEIGHTS
from engines.evaluation.synthetic import FIRST_SEED
from engines.synthetic.render import render
from engines.synthetic.truth import Box, RenderedImage

Image = NDArray[np.uint8]
TILE = (480, 360)
COLUMNS = 4
LOOKED_AT = 80
MIN_LOOPS = 5
# Okabe and Ito's palette.
FOUND, MISSED, FALSE = (0, 158, 115), (230, 159, 0), (204, 121, 167)
PHOTO_CREDIT = "github.com/changyiyen/CapillaryAnnotator, MIT licence, copyright 2025 Chang-Yi Yen"
JPEG_QUALITY = 85
FRAME_PX = 2


@dataclass(frozen=True)
class _Judged:
    rendered: RenderedImage
    found: list[Box]
    false: list[Box]
    missed: list[Box]

    @property
    def agreement(self) -> float:
        """Found, as a share of all that was found, missed or made up."""
        return len(self.found) / max(1, len(self.found) + len(self.false) + len(self.missed))


def make_sheet(engines: EngineSet, photo: Path | None, look_at: int = LOOKED_AT) -> Image:
    """The sheet, uint8 RGB."""
    judged = [_judge(engines, FIRST_SEED + at) for at in range(look_at)]
    clear = sorted((one for one in judged if len(one.found) + len(one.missed) >= MIN_LOOPS), key=lambda j: -j.agreement)
    rows = [_row(clear[:COLUMNS], "best"), _row(clear[-COLUMNS:], "worst")]
    if photo is not None:
        rows.append(_photo(engines, photo, rows[0].shape[1] - 2 * FRAME_PX))
    return np.asarray(np.vstack(rows), dtype=np.uint8)


def _judge(engines: EngineSet, seed: int) -> _Judged:
    rendered = render(seed)
    found = _boxes(engines.detector.detect(rendered.image_rgb))
    targets = [loop.bbox_px for loop in rendered.loops if not loop.is_ignored]
    ignored = [loop.bbox_px for loop in rendered.loops if loop.is_ignored]
    result = match(found, list(np.linspace(1, 0.5, len(found))), targets, ignored, 0.5)
    right = {int(at) for at in result.truth_index if at >= 0}
    pairs = list(zip(found, result.truth_index, result.is_ignored, strict=True))
    return _Judged(
        rendered,
        [box for box, at, _ in pairs if at >= 0],
        [box for box, at, is_ignored in pairs if at < 0 and not is_ignored],
        [box for at, box in enumerate(targets) if at not in right],
    )


def _boxes(found: Detections) -> list[Box]:
    """Best score first."""
    return [(one.bbox.x, one.bbox.y, one.bbox.w, one.bbox.h) for one in found.capillaries]


def _row(judged: list[_Judged], name: str) -> Image:
    return np.asarray(np.hstack([_tile(one, name) for one in judged]), dtype=np.uint8)


def _tile(one: _Judged, name: str) -> Image:
    image: Image = one.rendered.image_rgb.copy()
    for boxes, colour in ((one.found, FOUND), (one.false, FALSE)):
        for box in boxes:
            _outline(image, box, colour)
    for box in one.missed:
        _dashes(image, box, MISSED)
    small = np.asarray(cv2.resize(image, TILE, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    counts = f"{len(one.found)} found, {len(one.missed)} missed, {len(one.false)} without a loop"
    return _captioned(small, f"{name}, seed {one.rendered.seed}: {counts}")


def _photo(engines: EngineSet, path: Path, width: int) -> Image:
    image = cv2.imread(str(path))
    if image is None:
        raise OSError(f"{path} is not a picture that can be read")
    rgb: Image = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    found = engines.detector.detect(rgb) if engines.stills is None else engines.stills.detect(rgb, None)
    for box in _boxes(found):
        _outline(rgb, box, FOUND, line=4)
    height = round(width * rgb.shape[0] / rgb.shape[1])
    small = np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return _captioned(small, f"real nailfold, no truth known: {len(found.capillaries)} found. {PHOTO_CREDIT}")


def _captioned(image: Image, text: str) -> Image:
    image[-24:] = image[-24:] // 3
    at = (8, image.shape[0] - 8)
    cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 255), 1, cv2.LINE_AA)
    frame = FRAME_PX
    bordered = cv2.copyMakeBorder(image, frame, frame, frame, frame, cv2.BORDER_CONSTANT, value=(18, 18, 18))
    return np.asarray(bordered, dtype=np.uint8)


def _outline(image: Image, box: Box, colour: tuple[int, int, int], line: int = 2) -> None:
    x, y, w, h = box
    cv2.rectangle(image, (round(x), round(y)), (round(x + w), round(y + h)), colour, line)


def _dashes(image: Image, box: Box, colour: tuple[int, int, int], length: int = 8) -> None:
    x0, y0, x1, y1 = round(box[0]), round(box[1]), round(box[0] + box[2]), round(box[1] + box[3])
    for start in range(x0, x1, 2 * length):
        for y in (y0, y1):
            cv2.line(image, (start, y), (min(start + length, x1), y), colour, 2)
    for start in range(y0, y1, 2 * length):
        for x in (x0, x1):
            cv2.line(image, (x, start), (x, min(start + length, y1)), colour, 2)


def main() -> None:
    """Write the sheet from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--photo", type=Path)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    engines = load_engine_set(InferenceSettings(weights_dir=args.weights), "sheet")
    sheet = cv2.cvtColor(make_sheet(engines, args.photo), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(args.out), sheet, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])


if __name__ == "__main__":
    main()
