"""The camera unplugged, silent, crashing, sending noise, sending another format: in the middle of an exam."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.chaos.live_station import PATIENCE_S, ready_browser, troubled
from tests.chaos.troubled_station import TROUBLES
from tests.support.station_client import Browser, Watcher, capture, wait_until

LOST = ("unplugged", "stalled", "crashing")
WATCHED_S = 2.0


def camera_faults(troubles: Sequence[str] = TROUBLES) -> dict[str, Any]:
    """Each trouble once, on one station with an open exam; a picture is kept after each."""
    problems: list[str] = []
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="nailfold-cameras-") as scratch:
        station, orders = troubled(Path(scratch), "--source", "simulated:?fps=15")
        with station:
            browser = ready_browser(station)
            browser.post("/api/v1/exam/start", pseudonym="NC-7", is_new=True)
            capture(browser)
            with Watcher(browser) as page:
                for trouble in troubles:
                    figures[trouble] = _one(trouble, orders, browser, page, problems)
            exam_id = browser.post("/api/v1/exam/finish", accepts_missing=True)["finished_exam_id"]
            kept = browser.json(f"/api/v1/exams/{exam_id}")["exam"]["images"]
            ended = station.stop()
            if "Traceback" in station.errors and "null pointer" not in station.errors:
                problems.append(f"the log holds a fault of its own: {station.errors[-300:]}")
    if kept != 1 + len(troubles) or ended:
        problems.append(f"{kept} of {1 + len(troubles)} pictures are in the exam; exit code {ended}")
    return {
        "faults": len(troubles),
        "stale_shown_as_live": sum(one["as_if_fresh"] for one in figures.values()),
        "problems": len(problems),
        "what": problems,
        "each": figures,
    }


def _one(trouble: str, orders: Path, browser: Browser, page: Watcher, problems: list[str]) -> dict[str, float]:
    orders.write_text(trouble)
    told_s = wait_until(lambda: _is_told(trouble, browser, page), f"{trouble} is shown", PATIENCE_S)
    gone_s, shown_before = time.monotonic(), page.frames
    time.sleep(WATCHED_S)
    # A picture on its way through the networks still comes, with the time at which it was taken.
    meanwhile = page.captured_s[shown_before:]
    as_if_fresh = sum(taken_s > gone_s for taken_s in meanwhile) if trouble in LOST else 0
    if trouble not in LOST and not meanwhile:
        problems.append(f"{trouble}: the live view stands still")
    orders.write_text("")
    back_s = wait_until(lambda: _is_well(browser, page), f"the picture after {trouble}", PATIENCE_S)
    capture(browser)
    return {"told_s": round(told_s, 1), "back_s": round(back_s, 1), "as_if_fresh": as_if_fresh}


def _is_told(trouble: str, browser: Browser, page: Watcher) -> bool:
    """Whether a person can see it: the reason, noise that is refused, or a picture without micrometres."""
    camera, image = browser.json("/api/v1/state")["camera"], page.newest.get("image", {})
    if trouble in LOST:
        return camera["phase"] == "lost" and bool(camera["reason"])
    if trouble == "garbage":
        return image.get("quality", {}).get("evaluable") is False
    return image.get("width") == 320 and image.get("um_per_px") is None


def _is_well(browser: Browser, page: Watcher) -> bool:
    image = page.newest.get("image", {})
    is_plain = image.get("width") == 640 and image.get("um_per_px") is not None and image["quality"]["evaluable"]
    return bool(is_plain) and browser.json("/api/v1/state")["camera"]["phase"] == "live"
