"""The EMQX configuration of a fleet, where one Mosquitto is not enough: the same rules as `broker_config`."""

from collections.abc import Sequence
from pathlib import Path

from appliance.apps.files.atomic_file import make_writable_folder, write_atomically
from appliance.apps.fleet_server.broker_config import (
    READ_BY_BOXES,
    TOLD_TO_BOXES,
    WRITTEN_BY_BOXES,
    BrokerFiles,
    require_usable,
)
from appliance.domain.box_topics import HOST_SITE, ROOT


def write_emqx_config(
    folder: Path, files: BrokerFiles, servers: Sequence[str], port: int = 8883, banned: Sequence[str] = ()
) -> Path:
    """Write emqx.conf and acl.conf into a folder; the path of the first. For EMQX 5.

    Nothing connects without TLS and a certificate, whose common name "SITE/BOX" is user name and client id. EMQX reads
    revocation lists only from where a certificate says, and a fleet's say nothing: revoked names are banned instead,
    until they have a new certificate.

    Args:
        servers: names of the fleet's servers, whose certificates are those of "host/NAME".
        banned: names ("SITE/BOX") that may neither write nor read.

    Raises:
        SettingsError: a name cannot stand in a topic, or a file is not there.
        ExportError: the folder cannot be written to.
    """
    require_usable(files, [*servers, *(part for name in banned for part in name.split("/", 1))])
    make_writable_folder(folder)
    rules, configuration = folder.resolve() / "acl.conf", folder.resolve() / "emqx.conf"
    for file, text in ((rules, _rules(servers, banned)), (configuration, _configuration(files, rules, port))):
        write_atomically(file, text.encode())
        file.chmod(0o644)
    return configuration


def _configuration(files: BrokerFiles, rules: Path, port: int) -> str:
    return f"""# Written by `nailfold fleet broker-config`; write it again rather than change it.
# Name, cookie and cluster of a node come from its environment.
listeners.tcp.default.enable = false
listeners.ws.default.enable = false
listeners.wss.default.enable = false
listeners.ssl.default {{
  bind = "0.0.0.0:{port}"
  ssl_options {{
    cacertfile = "{files.boxes_ca.resolve()}"
    certfile = "{files.certificate.resolve()}"
    keyfile = "{files.key.resolve()}"
    verify = verify_peer
    fail_if_no_peer_cert = true
    versions = ["tlsv1.3", "tlsv1.2"]
  }}
}}
mqtt {{
  peer_cert_as_username = cn
  peer_cert_as_clientid = cn
  max_packet_size = 8MB
  max_mqueue_len = 10000
  shared_subscription = true
}}
authorization {{
  no_match = deny
  deny_action = ignore
  sources = [{{type = file, enable = true, path = "{rules}"}}]
}}
"""


def _rules(servers: Sequence[str], banned: Sequence[str]) -> str:
    lines = ["%% The same rules as fleet.acl of a Mosquitto; the first that matches decides."]
    lines += [f'{{deny, {{user, "{name}"}}, all, ["#"]}}.' for name in banned]
    for name in servers:
        who = f'{{user, "{HOST_SITE}/{name}"}}'
        lines.append(f'{{allow, {who}, subscribe, ["{ROOT}/#"]}}.')
        lines.append(f"{{allow, {who}, publish, [{_topics('+/+', TOLD_TO_BOXES)}]}}.")
    lines.append(f"{{allow, all, publish, [{_topics('${username}', WRITTEN_BY_BOXES)}]}}.")
    lines.append(f"{{allow, all, subscribe, [{_topics('${username}', READ_BY_BOXES)}]}}.")
    lines.append("{deny, all}.")
    return "\n".join(lines) + "\n"


def _topics(whose: str, endings: Sequence[str]) -> str:
    return ", ".join(f'"{ROOT}/{whose}/{ending}"' for ending in endings)
