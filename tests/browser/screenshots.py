"""Pictures of every page of a real station: python tests/browser/screenshots.py FOLDER

The station runs with its own networks and the simulated capillaroscope: finished exams of two patients, the newest
reviewed and validated, and one under way. So that a course can be seen, the dates of the earlier exams are put back.
docs/images/pages keeps the pictures, docs/pages.md shows them.
"""

import argparse
import io
import secrets
import sqlite3
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from appliance.apps.workbench.bench.station_process import StationProcess
from appliance.storage.database import utc_text
from tests.browser.chromium import ARGUMENTS, executable, log_in, wait_until
from tests.support.whole_box import whole_box

SIZES = {"desktop": (1440, 900), "tablet": (820, 1180)}
PHONE = (390, 844)
LIGHT = ("report", "exam")  # Read by daylight; everything else as it comes, dark.
QUALITY = 82
SETTLE_MS = 1500
PSEUDONYM = "NC-0042"
SOURCE = "simulated:?fps=20&seed=3&um_per_px=1.41"
ASK = """async ([method, path, body]) => {
    const token = document.querySelector("meta[name=csrf-token]").content;
    const headers = {"Content-Type": "application/json", "X-CSRFToken": token};
    const answer = await fetch(`/api/v1${path}`, {method, headers, body: body && JSON.stringify(body)});
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.json();
}"""


def main() -> None:
    """Take them all."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    folder = arguments.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, sync_playwright() as driver:
        site = Path(data) / "site.toml"
        site.touch()
        flags = ["--config", str(site), "--data-dir", data, "--port", "0", "--source", SOURCE]
        with StationProcess(flags) as station:
            browser = driver.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
            context = browser.new_context(locale="en-GB")
            page = context.new_page()
            page.goto(f"{station.url}/setup")
            take(page, station.url, {"setup": "/setup"}, folder)
            set_up(page, station.access_code)
            pages = fill(page, Path(data) / "exams" / "exams.sqlite3")
            take(page, station.url, pages, folder)
            take_vessels(page, station.url + pages["review"], folder)
            take_phone(page, station.url, folder)
            before_the_login(browser.new_context(locale="en-GB"), station.url, folder)
            of_a_box_of_the_image(browser, folder)
            browser.close()


def set_up(page: Page, access_code: str) -> None:
    """Make the administrator; the page is the live page then."""
    password = secrets.token_urlsafe(18)
    typed = {"code": access_code, "full_name": "Dr. Carla Weber", "name": "carla.weber"}
    for field, text in {**typed, "password": password, "again": password}.items():
        page.fill(f"#{field}", text)
    page.press("#again", "Enter")
    page.wait_for_selector("#canvas")


def fill(page: Page, database: Path) -> dict[str, str]:
    """Addresses of the pages that are pictured."""
    identity = {"name": "María García Núñez", "birth_date": "1968-03-09", "sex": "female", "clinic_number": "H-77120"}
    patient = ask(page, "POST", "/patients", {"pseudonym": PSEUDONYM, "identity": identity})["patient"]
    for other, name in (("NC-0017", "Ana López"), ("NC-0031", "Jean Moreau")):
        ask(page, "POST", "/patients", {"pseudonym": other, "identity": {"name": name}})
    for name, full_name, role in (("ana.ruiz", "Ana Ruiz", "operator"), ("h.sato", "Dr. Hiro Sato", "physician")):
        ask(page, "POST", "/accounts", {"name": name, "full_name": full_name, "role": role})
    planned = (("NC-0017", 4), (PSEUDONYM, 8), (PSEUDONYM, 8), (PSEUDONYM, 16))
    exam_ids = [examine(page, pseudonym, "16", captures) for pseudonym, captures in planned]
    put_back(database, exam_ids[:-1])
    image_ids = [one["image_id"] for one in ask(page, "GET", f"/exams/{exam_ids[-1]}")["exam"]["pictures"]]
    review(page, exam_ids[-1], image_ids)
    collection = organise(page, exam_ids, image_ids)
    start(page, "NC-0031", "16")
    capture(page, 5)
    ask(page, "POST", "/exam/skip", {"reason": "bandage"})
    exam = f"/exams/{exam_ids[-1]}"
    return {
        "live": "/",
        "exams": "/exams/",
        "exam": exam,
        "review": f"{exam}/images/{image_ids[0]}/review",
        "report": f"{exam}/report",
        "patients": "/patients/",
        "patient": f"/patients/{patient['patient_id']}",
        "erase": f"/patients/{patient['patient_id']}/erase",
        "projects": "/projects/",
        "collections": "/collections/",
        "collection": f"/collections/{collection}",
        "calibration": "/calibration/",
        "import": "/import",
        "accounts": "/accounts/",
        "account": "/account/",
        "settings": "/settings",
        "connections": "/settings/connections",
        "backups": "/settings/backups/",
        "journal": "/settings/journal/",
        "report-settings": "/settings/report",
        "about": "/about",
        "error": "/exams/00000000-0000-0000-0000-000000000000",
    }


def examine(page: Page, pseudonym: str, protocol: str, captures: int) -> str:
    """The id of a finished exam with that many pictures."""
    start(page, pseudonym, protocol)
    capture(page, captures)
    return str(ask(page, "POST", "/exam/finish", {"accepts_missing": True})["finished_exam_id"])


def put_back(database: Path, exam_ids: list[str]) -> None:
    """Half a year between each of these and the next."""
    connection = sqlite3.connect(database)
    for at, exam_id in enumerate(reversed(exam_ids), start=1):
        day = utc_text(datetime.now(timezone.utc) - timedelta(days=182 * at))
        connection.execute("UPDATE exams SET started_at = ?, finished_at = ? WHERE exam_id = ?", (day, day, exam_id))
    connection.commit()
    connection.close()


def start(page: Page, pseudonym: str, protocol: str) -> None:
    is_new = ask(page, "POST", "/patients/search", {"text": pseudonym})["total"] == 0
    ask(page, "POST", "/exam/start", {"pseudonym": pseudonym, "protocol": protocol, "is_new": is_new})
    wait_until(page, "document.querySelector('#exam').dataset.exam === 'open'")
    wait_until(page, "window.__nailfold?.screen().isOverlayShown", timeout_s=60)


def capture(page: Page, count: int) -> None:
    """The simulated scope moves on by itself; each capture is of another place."""
    for number in range(1, count + 1):
        wait_until(page, "document.querySelector('#quality').dataset.state === 'good'", timeout_s=60)
        page.keyboard.press("Space")
        wait_until(page, f"document.querySelectorAll('.thumbnail img').length >= {number}", timeout_s=60)
        page.wait_for_timeout(700)


def review(page: Page, exam_id: str, image_ids: list[str]) -> None:
    """Two pictures are commented on, one is left out; the exam is concluded and validated."""
    edits: list[tuple[str, dict[str, Any]]] = [
        (image_ids[0], {"kind": "set_comment", "text": "Clear row; two loops cross at the right."}),
        (image_ids[3], {"kind": "exclude", "reason": "hair over the row"}),
    ]
    for image_id, edit in edits:
        ask(page, "POST", f"/exams/{exam_id}/images/{image_id}/edits", {"revision": 0, "edit": edit})
    facts = {"disorganisation": 1.0}
    ask(page, "PUT", f"/exams/{exam_id}/report-facts", {"facts": facts})
    at = f"/exams/{exam_id}"
    words = "Scleroderma pattern with giant loops and a lowered density. Control in six months."
    revision = ask(page, "GET", f"{at}/review")["revision"]
    revision = ask(page, "POST", f"{at}/conclusion", {"revision": revision, "text": words})["revision"]
    ask(page, "POST", f"{at}/validate", {"revision": revision, "accepts_unseen": True})


def organise(page: Page, exam_ids: list[str], image_ids: list[str]) -> str:
    """Projects with folders, and the id of a collection with pictures."""
    folders = {}
    for project, inner in (("Raynaud clinic", ("2026", "2025")), ("Healthy controls", ())):
        made = ask(page, "POST", "/folders", {"name": project})["folder"]["folder_id"]
        for name in inner:
            folders[name] = ask(page, "POST", "/folders", {"name": name, "parent_id": made})["folder"]["folder_id"]
    ask(page, "POST", "/exams/file", {"folder_ids": dict.fromkeys(exam_ids[1:], folders["2026"])})
    made = ask(page, "POST", "/collections", {"name": "Teaching: giant loops", "note": "For the Thursday course"})
    collection_id = str(made["collection"]["collection_id"])
    ask(page, "POST", f"/collections/{collection_id}/images", {"image_ids": image_ids[:6]})
    return collection_id


def ask(page: Page, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    """The API's answer to the shown page's own login."""
    return page.evaluate(ASK, [method, path, body if method == "GET" else body or {}])


def take(page: Page, url: str, pages: Mapping[str, str], folder: Path) -> None:
    """Each page at each size."""
    for name, path in pages.items():
        theme = "light" if name in LIGHT else "dark"
        page.context.add_cookies([{"name": "nailfold_theme", "value": theme, "url": url}])
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.goto(url + path)
            keep(page, folder / f"{name}-{size}.webp")


def take_vessels(page: Page, review_url: str, folder: Path) -> None:
    """The review with what a network takes for blood over the picture."""
    width, height = SIZES["desktop"]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(review_url)
    page.wait_for_timeout(SETTLE_MS)
    page.keyboard.press("9")
    wait_until(page, "window.__review.board.vessels !== null", timeout_s=60)
    keep(page, folder / "review-vessels-desktop.webp")


def take_phone(page: Page, url: str, folder: Path) -> None:
    """The live page as a phone shows it."""
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.goto(url)
    keep(page, folder / "live-phone.webp")


def before_the_login(context: BrowserContext, url: str, folder: Path) -> None:
    """The login page, for somebody who is not logged in."""
    take(context.new_page(), url, {"login": "/login"}, folder)


def of_a_box_of_the_image(browser: Browser, folder: Path) -> None:
    """What a computer that is no box lacks: cable and Wi-Fi, here of a radio of software, and the time zone."""
    with whole_box() as station:
        page = browser.new_context(locale="en-GB").new_page()
        page.goto(station.url)
        log_in(page)
        pages = {"settings": "/settings", "network": "/settings/network/", "connections": "/settings/connections"}
        take(page, station.url, pages, folder)


def keep(page: Page, path: Path) -> None:
    """What is on the screen, once it stands."""
    page.wait_for_timeout(SETTLE_MS)
    if page.query_selector("#live"):
        wait_until(page, "window.__nailfold?.screen().isOverlayShown", timeout_s=60)
        wait_until(page, "document.querySelector('#quality').dataset.state === 'good'", timeout_s=60)
    if page.query_selector("#report-sheet"):
        wait_until(page, "document.querySelector('#report-sheet').ariaBusy === 'false'", timeout_s=60)
        page.wait_for_timeout(SETTLE_MS)
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(path, quality=QUALITY, method=6)


if __name__ == "__main__":
    main()
