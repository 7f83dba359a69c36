"""The EMQX configuration says the same as the Mosquitto one, which is proven by delivery."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.apps.cli import main
from appliance.apps.fleet_server.broker_config import BrokerFiles, write_broker_config
from appliance.apps.fleet_server.emqx_config import write_emqx_config
from appliance.domain.errors import SettingsError


@pytest.fixture
def files(tmp_path: Path) -> BrokerFiles:
    for name in ("ca.crt", "broker.crt", "broker.key", "revoked.crl"):
        (tmp_path / name).touch()
    return BrokerFiles(*(tmp_path / name for name in ("ca.crt", "broker.crt", "broker.key", "revoked.crl", "memory")))


def rules(folder: Path) -> list[tuple[str, str, str, frozenset[str]]]:
    """(allow or deny, who, what, topics) of an acl.conf."""
    found = re.findall(
        r'^\{(\w+), (all|\{user, "[^"]+"\}), (\w+), \[(.*)\]\}\.$', (folder / "acl.conf").read_text(), re.M
    )
    return [(verdict, who, what, frozenset(re.findall(r'"([^"]+)"', topics))) for verdict, who, what, topics in found]


def test_both_brokers_let_each_to_the_same_topics(files: BrokerFiles, tmp_path: Path) -> None:
    write_broker_config(tmp_path / "m", files, ["ingest-1"])
    write_emqx_config(tmp_path / "e", files, ["ingest-1"])
    lines = (tmp_path / "m" / "fleet.acl").read_text().splitlines()
    server = [line.split() for line in lines if line.startswith("topic ")]
    boxes = [line.replace("%u", "${username}").split() for line in lines if line.startswith("pattern ")]

    def topics(said: list[list[str]], way: str) -> frozenset[str]:
        return frozenset(topic for _, kind, topic in said if kind == way)

    who = '{user, "host/ingest-1"}'
    assert rules(tmp_path / "e") == [
        ("allow", who, "subscribe", topics(server, "read")),
        ("allow", who, "publish", topics(server, "write")),
        ("allow", "all", "publish", topics(boxes, "write")),
        ("allow", "all", "subscribe", topics(boxes, "read")),
    ]
    assert (tmp_path / "e" / "acl.conf").read_text().endswith("{deny, all}.\n"), "and nothing else"


def test_nothing_connects_without_tls_and_a_certificate(files: BrokerFiles, tmp_path: Path) -> None:
    text = write_emqx_config(tmp_path / "e", files, ["ingest-1"], 8884).read_text()
    assert 'bind = "0.0.0.0:8884"' in text
    for line in ("listeners.tcp.default.enable = false", "verify = verify_peer", "fail_if_no_peer_cert = true"):
        assert line in text
    assert "no_match = deny" in text
    assert "peer_cert_as_username = cn" in text
    assert text.count("{") == text.count("}")


def test_banned_box_is_denied_before_anything_is_allowed(files: BrokerFiles, tmp_path: Path) -> None:
    write_emqx_config(tmp_path / "e", files, ["ingest-1"], banned=["clinic-1/box-7"])
    assert rules(tmp_path / "e")[0] == ("deny", '{user, "clinic-1/box-7"}', "all", frozenset({"#"}))
    with pytest.raises(SettingsError):
        write_emqx_config(tmp_path / "e", files, ["ingest-1"], banned=['x"}}, all'])


def test_command_writes_for_either_broker_and_refuses_what_one_lacks(files: BrokerFiles, tmp_path: Path) -> None:
    given = ["fleet", "broker-config", "--ca", files.boxes_ca, "--certificate", files.certificate, "--key", files.key]
    given += ["--revoked", files.revoked, "--server", "ingest-1", "--out", tmp_path / "out"]

    def run(*more: str) -> tuple[int, str]:
        ended = CliRunner().invoke(main, [*map(str, given), *more])
        return ended.exit_code, ended.output.strip()

    assert run("--broker", "emqx", "--ban", "a/b") == (0, str(tmp_path / "out" / "emqx.conf"))
    assert run() == (0, str(tmp_path / "out" / "mosquitto.conf"))
    assert run("--ban", "a/b")[0] == 2
    assert run("--broker", "emqx", "--address", "127.0.0.1")[0] == 2
