"""Pictures of the fleet's console with 200 boxes: python tests/browser/console_screenshots.py FOLDER

docs/images/pages keeps the pictures, docs/pages.md shows them.
"""

import argparse
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.browser.chromium import ARGUMENTS, executable, log_in
from tests.support.full_fleet import OPERATOR, PASSWORD, FullFleet

SIZES = {"desktop": (1440, 900, "light"), "phone": (390, 844, "dark")}
PAGES = {
    "fleet-boxes": "/",
    "fleet-box": "/box/clinic-07/box-2",
    "fleet-journal": "/box/clinic-05/box-1#journal",
    "fleet-site": "/site/clinic-07",
    "fleet-jobs": "/jobs",
    "fleet-rollouts": "/rollouts",
    "fleet-results": "/results?since=2026-09-01&site=clinic-07",
    "fleet-accounts": "/accounts",
}
QUALITY = 82


def main() -> None:
    """Take them all."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    folder = arguments.parse_args().folder
    with tempfile.TemporaryDirectory() as data, FullFleet(Path(data)) as fleet, sync_playwright() as driver:
        fleet.replace_journal(("clinic-05", "box-1"))
        browser = driver.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        page = browser.new_page()
        page.goto(fleet.url)
        log_in(page, OPERATOR, PASSWORD)
        page.wait_for_selector(".card")
        state = page.context.storage_state()
        for size, (width, height, theme) in SIZES.items():
            viewport = {"width": width, "height": height}
            context = browser.new_context(viewport=viewport, storage_state=state, color_scheme=theme, locale="en-GB")
            shown = context.new_page()
            for name, path in PAGES.items():
                shown.goto(fleet.url + path)
                picture = Image.open(io.BytesIO(shown.screenshot()))
                picture.save(folder / f"{name}-{size}.webp", quality=QUALITY)
        browser.close()


if __name__ == "__main__":
    main()
