"""Nowhere is a number printed with digits that somebody wrote down, except where this table says why."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRINTING = ("appliance", "webui", "firmware")
NOT_PRINTED = ("appliance/apps/workbench/", "webui/frontend/node_modules/", "webui/frontend/tests/", "webui/static/")
ONE_CALL = r"[^()]*(?:\([^()]*\)[^()]*)*, ?"
FIXED = re.compile(
    rf":[+]?\.[1-9]\d*[f%]\}}|%\.[1-9]\d*f|\bnumber\({ONE_CALL}[1-9]\)|\.toFixed\([1-9]|\bfigure\({ONE_CALL}[1-9]\)"
)
WHY: dict[str, tuple[int, str]] = {
    "appliance/apps/analyze/micrometer_scale.py": (2, "a length between graduations and an angle, no figures"),
    "appliance/apps/analyze/pictures.py": (1, "the time of a frame in its video, which names it"),
    "appliance/apps/doctor/host_checks.py": (3, "free space, and a bound on the clock that is itself an uncertainty"),
    "appliance/apps/engines/builds.py": (3, "the size of a file"),
    "appliance/apps/engines/clinical_gate.py": (2, "shares of the gate beside their own limits"),
    "appliance/capture/grabber.py": (1, "a time-out of the settings"),
    "appliance/domain/measured_scale.py": (1, "two scales that differ by more than their error, which is what is said"),
    "appliance/domain/review_edits.py": (2, "what was drawn, in a refusal"),
    "appliance/exam/calibration_service.py": (1, "what was clicked, in a refusal"),
    "appliance/exam/session.py": (2, "the age of a picture"),
    "appliance/exam/sweep.py": (1, "a likeness, in the log"),
    "appliance/exports/archive/safe_zip.py": (1, "the size of an archive"),
    "appliance/exports/report/build_view.py": (1, "a classifier's score beside its interval"),
    "appliance/exports/report/cells.py": (3, "published cut-offs, and the width of a picture"),
    "appliance/exports/report/plots.py": (4, "coordinates of a drawing"),
    "appliance/exports/report/trends.py": (5, "published repeatability"),
    "webui/console/plots.py": (2, "coordinates of a drawing, and the tip of a point whose interval the table has"),
    "webui/console/templates/macros.html": (
        3,
        "medians of many exams beside their plot, and an index beside its limit",
    ),
    "webui/console/templates/box.html": (1, "free space"),
    "webui/frontend/src/board.ts": (1, "a temperature as the sensor gives it"),
    "webui/frontend/src/calibration.ts": (1, "where a point was placed"),
    "webui/frontend/src/calibration/words.ts": (3, "lengths of a micrometer, the width of a field, an angle"),
    "webui/frontend/src/common/clip_player.ts": (1, "the time in a clip"),
    "webui/frontend/src/common/honest_digits.ts": (1, "the rule itself"),
    "webui/frontend/src/import/sized_scales.ts": (1, "micrometres a pixel as somebody typed them"),
    "webui/frontend/src/live/guided.ts": (1, "the way of a sweep so far"),
    "webui/frontend/src/live/readings.ts": (1, "the place of a marker"),
    "webui/frontend/src/review/history.ts": (1, "a difference that an edit made in one picture"),
    "webui/templates/calibration.html": (1, "divisions of stage micrometers, as engraved"),
    "webui/templates/pattern.html": (2, "a classifier's score beside its interval"),
}


def test_every_fixed_number_of_digits_has_its_reason() -> None:
    found: Counter[str] = Counter()
    for path in sorted(one for folder in PRINTING for one in (ROOT / folder).rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if path.suffix not in {".py", ".ts", ".html", ".j2"} or name.startswith(NOT_PRINTED):
            continue
        found[name] = sum(bool(FIXED.search(line)) for line in path.read_text().splitlines())
    assert +found == Counter({name: lines for name, (lines, _) in WHY.items()}), (
        "print figures by appliance/domain/printed_figure.py or common/honest_digits.ts, or say here why not"
    )
