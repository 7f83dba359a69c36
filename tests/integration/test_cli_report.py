from pathlib import Path

import pypdfium2
from click.testing import CliRunner

from appliance.apps.cli import main
from appliance.apps.config.load_settings import load_settings
from appliance.domain.account import Account, KeptAccount, Role
from appliance.exam.review_service import ReviewService
from tests.support.exam_harness import ExamHarness, mqtt_settings


def test_the_report_of_a_kept_exam_is_written_also_while_the_station_holds_the_folder(tmp_path: Path) -> None:
    folder = load_settings(None, {"station.data_dir": tmp_path}).settings.storage.folder
    with ExamHarness(folder, mqtt_settings(1)) as harness:
        exam = harness.examine()
        out = tmp_path / "report.pdf"
        arguments = ["report", exam.exam_id, "--out", str(out), "--language", "de", "--data-dir", str(tmp_path)]
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.output
        document = pypdfium2.PdfDocument(out)
        text = document[0].get_textpage().get_text_bounded()
        document.close()
        assert "NC-0042" in text
        assert "Nicht ärztlich validiert" in text
        arguments[1] = "0190a1b2-0000-7000-8000-000000000000"
        refused = CliRunner().invoke(main, arguments)
        assert refused.exit_code == 1
        assert "there is no exam" in refused.output.lower()


def test_a_report_from_the_command_line_names_the_physician_in_full_and_the_journal_knows(tmp_path: Path) -> None:
    folder = load_settings(None, {"station.data_dir": tmp_path}).settings.storage.folder
    with ExamHarness(folder, mqtt_settings(1)) as harness:
        exam_id, kept = harness.examine().exam_id, harness.storage
        kept.accounts.add(KeptAccount(Account("1", "p.klein", "Dr. Paul Klein", Role.PHYSICIAN), "hash"))
        ReviewService(kept.exams, kept.journal).validate(exam_id, "p.klein", 0, accepts_unseen=True)
        out = tmp_path / "report.pdf"
        done = CliRunner().invoke(main, ["report", exam_id, "--out", str(out), "--data-dir", str(tmp_path)])
        assert done.exit_code == 0, done.output
        document = pypdfium2.PdfDocument(out)
        text = "".join(page.get_textpage().get_text_bounded() for page in document)
        document.close()
        (entry,) = kept.journal.entries(f"report:{exam_id}")
    assert "Dr. Paul Klein" in text
    assert "p.klein" not in text
    assert (entry.actor, entry.action, entry.detail["bytes"]) == ("command line", "report.made", out.stat().st_size)
