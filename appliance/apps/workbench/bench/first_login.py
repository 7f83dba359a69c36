"""The first page of a new box, filled in by a program: for benchmarks and scripted exams, never in a clinic."""

import secrets
from typing import Any

NAME = "bench"


def set_up_in_browser(page: Any, url: str, access_code: str) -> str:
    """Make the administrator "bench" with a random password, which is returned; the page is then logged in.

    Args:
        page: of playwright.
        access_code: as a station prints it that has no administrator yet.
    """
    password = secrets.token_urlsafe(18)
    page.goto(f"{url}/setup")
    typed = {"code": access_code, "full_name": "Bench", "name": NAME, "password": password, "again": password}
    for field, text in typed.items():
        page.fill(f"#{field}", text)
    page.press("#again", "Enter")
    page.wait_for_selector("#canvas")
    return password
