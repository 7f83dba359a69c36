"""What the broker's answers mean, and which settings are refused."""

from pathlib import Path

import pytest

from appliance.domain.box_topics import BoxTopics
from appliance.domain.errors import SettingsError
from appliance.transport.answers import PublishOutcome, answer_of
from appliance.transport.settings import MqttSettings


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (0x00, PublishOutcome.ACCEPTED),
        (0x10, PublishOutcome.RETRY),
        (0x80, PublishOutcome.RETRY),
        (0x83, PublishOutcome.RETRY),
        (0x87, PublishOutcome.RETRY),
        (0x90, PublishOutcome.RETRY),
        (0x91, PublishOutcome.RETRY),
        (0x95, PublishOutcome.RETRY),
        (0x97, PublishOutcome.RETRY),
        (0x99, PublishOutcome.REFUSED),
        (0xA5, PublishOutcome.RETRY),
    ],
)
def test_reason_code_decides(code: int, verdict: PublishOutcome) -> None:
    answer = answer_of(code, needs_subscriber=True)
    assert answer.verdict is verdict
    assert bool(answer.reason) is (verdict is not PublishOutcome.ACCEPTED)


def test_broker_with_rules_needs_no_subscriber() -> None:
    assert answer_of(0x10, needs_subscriber=False).verdict is PublishOutcome.ACCEPTED


@pytest.mark.parametrize(
    "change",
    [
        {"site": ""},
        {"site": "a/b"},
        {"box": "box+1"},
        {"box": "x" * 65},
        {"port": 0},
        {"keepalive_s": 0},
        {"tls": False, "ca_file": Path("ca.crt")},
        {"client_key_file": Path("box.key")},
        {"reconnect_first_s": 90.0},
    ],
)
def test_setting_that_cannot_work_is_refused_with_a_remedy(change: dict[str, object]) -> None:
    with pytest.raises(SettingsError) as refusal:
        MqttSettings(**change)  # type: ignore[arg-type]
    assert refusal.value.remedy


def test_nothing_is_sent_unless_the_site_says_so() -> None:
    settings = MqttSettings()
    assert not settings.enabled
    assert settings.tls


def test_receipts_of_another_box_are_not_ours() -> None:
    topics = BoxTopics("clinic-1", "box-7")
    assert topics.msg_id_of_receipt("nailfold/v1/clinic-1/box-7/receipts/abc") == "abc"
    assert topics.msg_id_of_receipt("nailfold/v1/clinic-1/box-8/receipts/abc") is None
    assert topics.result("abc") == "nailfold/v1/clinic-1/box-7/results/abc"
