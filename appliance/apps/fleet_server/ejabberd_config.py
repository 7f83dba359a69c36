"""The ejabberd configuration of a fleet: the same rules as `broker_config`, written out box by box."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from appliance.apps.files.atomic_file import make_writable_folder, write_atomically
from appliance.apps.files.identity import dotted_name
from appliance.apps.fleet_server.broker_config import (
    READ_BY_BOXES,
    TOLD_TO_BOXES,
    WRITTEN_BY_BOXES,
    BrokerFiles,
    require_usable,
)
from appliance.domain.box_topics import HOST_SITE, ROOT
from appliance.domain.errors import SettingsError

_HOST = "fleet"
Rule = tuple[str, str]
"""A topic filter, and the user who may use it."""


def write_ejabberd_config(
    folder: Path, files: BrokerFiles, servers: Sequence[str], boxes: Sequence[str], port: int = 8883, address: str = ""
) -> Path:
    """Write ejabberd.yml into a folder; its path. For ejabberd 23.01 or later with `mod_mqtt`.

    Nothing connects without TLS and a certificate, whose common name is the user name. A user of ejabberd can have no
    slash and no capital in its name: certificates are signed for "SITE.BOX", and no rule can be built of two parts of a
    name, so every box is listed. A box that is not listed can connect and do nothing, which is also how one is revoked:
    ejabberd reads no revocation list.

    Args:
        servers: names of the fleet's servers, whose certificates are those of "host.NAME".
        boxes: "SITE/BOX" of every box that is let in.
        address: it listens on that one alone; empty: on every address of its computer.

    Raises:
        SettingsError: a name cannot stand in a topic, two differ in capitals alone, or a file is not there.
        ExportError: the folder cannot be written to.
    """
    require_usable(files, [*servers, *(part for name in boxes for part in name.split("/", 1))])
    _require_distinct(boxes)
    make_writable_folder(folder)
    configuration = folder.resolve() / "ejabberd.yml"
    write_atomically(configuration, _configuration(files, servers, boxes, port, address).encode())
    configuration.chmod(0o644)
    return configuration


def _require_distinct(boxes: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for name in boxes:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise SettingsError(f"ejabberd cannot tell {other} from {name}", "Give one of them another name.")


def _configuration(files: BrokerFiles, servers: Sequence[str], boxes: Sequence[str], port: int, address: str) -> str:
    return f"""# Written by `nailfold fleet broker-config`; write it again rather than change it.
hosts: [{_HOST}]
loglevel: info
certfiles: [{_quoted(files.certificate.resolve())}, {_quoted(files.key.resolve())}]
ca_file: {_quoted(files.boxes_ca.resolve())}
c2s_cafile: {_quoted(files.boxes_ca.resolve())}
auth_method: [mnesia]  # it has no users: a certificate is the only way in
disable_sasl_mechanisms: [PLAIN]
listen:
  - port: {port}
    ip: {_quoted(address or "::")}
    module: mod_mqtt
    tls: true
    tls_verify: true
    max_payload_size: 8388608
modules:
  mod_mqtt:
    session_expiry: 60 days
    max_queue: 10000
    match_retained_limit: infinity
    access_publish:
{_rules(_written(servers, boxes))}
    access_subscribe:
{_rules(_read(servers, boxes))}
"""


def _written(servers: Sequence[str], boxes: Sequence[str]) -> Iterator[Rule]:
    for name in servers:
        whose = f"{HOST_SITE}/{name}"
        yield f"{ROOT}/{whose}/state", whose
        yield from ((f"{ROOT}/+/+/{rest}", whose) for rest in TOLD_TO_BOXES)
    for name in boxes:
        yield from ((f"{ROOT}/{name}/{rest}", name) for rest in WRITTEN_BY_BOXES)


def _read(servers: Sequence[str], boxes: Sequence[str]) -> Iterator[Rule]:
    yield from ((f"{ROOT}/#", f"{HOST_SITE}/{name}") for name in servers)
    for name in boxes:
        yield from ((f"{ROOT}/{name}/{rest}", name) for rest in READ_BY_BOXES)


def _rules(given: Iterator[Rule]) -> str:
    """One entry a topic: of two entries with one name YAML keeps the last."""
    users: dict[str, list[str]] = {}
    for topic, whose in given:
        users.setdefault(topic, []).append(f"{dotted_name(whose)}@{_HOST}")
    lines = []
    for topic, names in users.items():
        allowed = ", ".join(f"{{allow: {{user: {_quoted(name)}}}}}" for name in names)
        lines.append(f"      {_quoted(topic)}: [{allowed}]")
    return "\n".join(lines)


def _quoted(value: object) -> str:
    """A JSON string is one of YAML."""
    return json.dumps(str(value))
