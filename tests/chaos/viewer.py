"""A test host with a page that shows the live view, and another browser that opens pages; one line of JSON at the end.

python -m tests.chaos.viewer URL SECONDS
"""

import json
import sys
import time

from tests.support.station_client import Browser, Watcher

EVERY_S = 1.0
PAGES = ("/login", "/", "/exams", "/health/ready")


def view(url: str, seconds: float) -> dict[str, float]:
    """Pictures a second, their longest pause, the age of the oldest on arrival; how long pages took."""
    browser = Browser(url)
    if browser.log_in() != 200:
        raise SystemExit("the viewer could not log in")
    took_s: list[float] = []
    with Watcher(browser) as page:
        time.sleep(EVERY_S)
        seen_before, began_s = page.frames, time.monotonic()
        while time.monotonic() - began_s < seconds:
            asked_s = time.monotonic()
            browser.get(PAGES[len(took_s) % len(PAGES)])
            took_s.append(time.monotonic() - asked_s)
            time.sleep(max(0.0, EVERY_S - took_s[-1]))
        elapsed_s = time.monotonic() - began_s
        pictures, ages_ms, pauses_s = page.frames - seen_before, page.ages_ms[seen_before:], page.pauses_s[seen_before:]
    return {
        "pictures_per_s": round(pictures / elapsed_s, 1),
        "longest_pause_s": round(max(pauses_s, default=seconds), 2),
        "oldest_picture_ms": round(max(ages_ms, default=1000 * seconds)),
        "pages": len(took_s),
        "slowest_page_s": round(max(took_s), 2),
        "median_page_s": round(sorted(took_s)[len(took_s) // 2], 3),
    }


if __name__ == "__main__":
    print(json.dumps(view(sys.argv[1], float(sys.argv[2]))))
