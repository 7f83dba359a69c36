"""Rendered exams whose pattern is known, to try the whole study on; figures on them say nothing about patients.

python -m engines.pattern.rendered --subjects 60 --images 8 --out build/pattern
"""

import argparse
import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from appliance.analysis.pipeline import Pipeline
from appliance.analysis.recorded_analysis import record_analysis
from appliance.domain.calibration import Calibration, ScaleOrigin
from appliance.domain.frame import CameraDescription, Frame
from appliance.domain.pattern import NailfoldPattern
from appliance.inference.engine_set import load_engine_set
from appliance.inference.settings import InferenceSettings
from appliance.inference.trunk_embedding import TrunkEmbedding
from engines.pattern.report import study_text
from engines.pattern.ship import pattern_files, study_document
from engines.pattern.study import run_study
from engines.pattern.table import PatternSample, image_tables
from engines.pattern.trunk import trunk_onnx
from engines.synthetic.pattern import Pattern
from engines.synthetic.render import render

FIRST_SEED = 300_000
"""Training and evaluation of the networks draw from 400,000 upwards."""
_WEIGHTS = Path(__file__).parents[1] / "weights"
_PATTERNS = {
    Pattern.HEALTHY: NailfoldPattern.NORMAL,
    Pattern.EARLY: NailfoldPattern.EARLY,
    Pattern.ACTIVE: NailfoldPattern.ACTIVE,
    Pattern.LATE: NailfoldPattern.LATE,
}
_CAMERA = CameraDescription("renderer", "renderer", "RGB", 640, 480, 30.0)


def rendered_samples(subjects: int, images: int, pipeline: Pipeline) -> Iterator[PatternSample]:
    """Exams of `images` pictures, one a subject, the four patterns in turn, each read by the device's own pipeline."""
    for subject in range(subjects):
        source, named = list(_PATTERNS.items())[subject % len(_PATTERNS)]
        for number in range(images):
            drawn = render(FIRST_SEED + subject * images + number, pattern=source, difficulty=0.5)
            height, width = drawn.image_rgb.shape[:2]
            scale = Calibration("rendered", drawn.um_per_px, width, height, ScaleOrigin.SIMULATED)
            pipeline.use_calibration(scale)
            frame = Frame(number + 1, drawn.image_rgb, 0.0, datetime.now(timezone.utc), _CAMERA)
            analysis = record_analysis(pipeline.analyse(frame, track=False), None).analysis
            name = f"rendered-{subject}"
            yield PatternSample(name, name, named, drawn.image_rgb, analysis)


def main() -> None:
    """Run a study on rendered exams and keep its classifier and figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subjects", type=int, default=60)
    parser.add_argument("--images", type=int, default=8)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    pipeline = Pipeline(load_engine_set(InferenceSettings(weights_dir=_WEIGHTS), "rendered study"))
    trunk = trunk_onnx(_WEIGHTS / "detector.onnx")
    measured, seen = image_tables(rendered_samples(args.subjects, args.images, pipeline), TrunkEmbedding(trunk))
    study = run_study(measured, seen, reporter=print)
    args.out.mkdir(parents=True, exist_ok=True)
    for name, content in pattern_files(study, study.best, trunk).items():
        (args.out / name).write_bytes(content)
    (args.out / "study.json").write_text(json.dumps(study_document(study), indent=2))
    print(study_text(study))


if __name__ == "__main__":
    main()
