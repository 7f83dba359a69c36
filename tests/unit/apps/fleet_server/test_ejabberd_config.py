"""The ejabberd configuration says the same as the Mosquitto one; both are proven by delivery in test_fleet_access."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.apps.cli import main
from appliance.apps.fleet_server.broker_config import READ_BY_BOXES, WRITTEN_BY_BOXES, BrokerFiles
from appliance.apps.fleet_server.ejabberd_config import write_ejabberd_config
from appliance.domain.errors import SettingsError


@pytest.fixture
def files(tmp_path: Path) -> BrokerFiles:
    for name in ("ca.crt", "broker.crt", "broker.key", "revoked.crl"):
        (tmp_path / name).touch()
    return BrokerFiles(*(tmp_path / name for name in ("ca.crt", "broker.crt", "broker.key", "revoked.crl", "memory")))


def test_box_is_let_to_its_own_topics_alone(files: BrokerFiles, tmp_path: Path) -> None:
    text = write_ejabberd_config(tmp_path / "e", files, ["ingest-1"], ["clinic-1/box-7", "clinic-1/box-8"]).read_text()
    published, _, subscribed = text.partition("access_subscribe:")

    def topics(rules: str) -> set[str]:
        return set(re.findall(r'^ +"([^"]+)": \[\{allow: \{user: "clinic-1\.box-7@fleet"\}\}\]$', rules, re.M))

    assert topics(published) == {f"nailfold/v1/clinic-1/box-7/{rest}" for rest in WRITTEN_BY_BOXES}
    assert topics(subscribed) == {f"nailfold/v1/clinic-1/box-7/{rest}" for rest in READ_BY_BOXES}


def test_several_servers_share_a_rule_of_the_same_topic(files: BrokerFiles, tmp_path: Path) -> None:
    text = write_ejabberd_config(tmp_path / "e", files, ["ingest-1", "ingest-2"], []).read_text()
    rule = '"nailfold/v1/#": [{allow: {user: "host.ingest-1@fleet"}}, {allow: {user: "host.ingest-2@fleet"}}]'
    assert text.count(rule) == 1


def test_names_that_differ_in_capitals_alone_are_refused(files: BrokerFiles, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot tell a/b from A/b"):
        write_ejabberd_config(tmp_path / "e", files, ["ingest-1"], ["a/b", "A/b"])


def test_list_of_boxes_is_for_ejabberd_alone(files: BrokerFiles, tmp_path: Path) -> None:
    given = ["--ca", files.boxes_ca, "--certificate", files.certificate, "--key", files.key, "--revoked", files.revoked]
    arguments = ["fleet", "broker-config", *map(str, given), "--server", "ingest-1", "--out", str(tmp_path / "out")]
    refused = CliRunner().invoke(main, [*arguments, "--box", "a/b"])
    assert refused.exit_code == 2
    assert "--box is for ejabberd alone" in refused.output
    made = CliRunner().invoke(main, [*arguments, "--broker", "ejabberd", "--box", "a/b"])
    assert made.exit_code == 0, made.output
    assert Path(made.output.strip()).name == "ejabberd.yml"
