"""Every text of the console is there in every language, with the same blanks to fill."""

import json
import re
from pathlib import Path

from appliance.apps.fleet_server.job_maker import STEPS
from appliance.apps.fleet_server.model_drift import FIGURES
from appliance.fleet.alerts import AlertCode
from appliance.fleet.jobs import JobState
from webui.console import app
from webui.console.fleet_pages import JOB_STATES, SHOWN
from webui.console.roles import ConsoleRole
from webui.localisation.language import LANGUAGES

FOLDER = Path(app.__file__).parent
TEXTS = {language: json.loads((FOLDER / "texts" / f"{language}.json").read_text("utf-8")) for language in LANGUAGES}


def test_every_language_has_every_text() -> None:
    for language, texts in TEXTS.items():
        assert texts.keys() == TEXTS["en"].keys(), language
        for key, text in texts.items():
            assert text, (language, key)


def test_every_text_that_a_page_asks_for_is_there_and_no_other() -> None:
    pages = "".join(file.read_text("utf-8") for file in [*(FOLDER / "templates").glob("*.html"), *FOLDER.glob("*.py")])
    asked = set(re.findall(r"""(?:\bt|\bsay)\(["'](\w+)["']""", pages)) | {"needs_person"}
    asked |= {"online", "offline", "clock_good", "clock_bad"}
    asked |= {f"{how}_{unit}" for how in ("ago", "for") for unit in ("days", "hours", "minutes", "seconds")}
    asked |= {f"alert_{code.value}" for code in AlertCode} | {
        f"alert_{one}" for one in ("barred", "twin", "silent", "away")
    }
    asked |= {f"job_{state.value}" for state in JobState} | {
        "alert_journal_broken",
        "alert_number_leap",
        "job_not_begun",
        "pause",
        "resume",
    }
    asked |= {f"{kind}_{role.value}" for kind in ("role", "may") for role in ConsoleRole}
    asked |= {f"figure_{figure.key}" for figure in FIGURES} | {f"alert_drift_{figure.key}" for figure in FIGURES}
    asked |= {f"show_{one}" for one in SHOWN} | {"period_reference", "period_current", "validated", "not_validated"}
    asked |= {"plot_apical_um", "plot_density_per_mm"}
    asked |= {f"jobs_{one}" for one in JOB_STATES} | {"desired", "installed", "booted", "confirmed"}
    asked |= {f"updates_{kind}" for kind in STEPS if kind.startswith("update-")}
    asked -= {"jobs_", "updates_", "alert_", "job_", "role_", "may_", "figure_", "show_", "period_", "plot_"}
    assert asked == TEXTS["en"].keys()
