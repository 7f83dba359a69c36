"""nailfold fleet request, authority and broker-config: who may connect to the fleet's broker."""

from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.apps.commands.options import FILE
from appliance.apps.files.atomic_file import write_atomically
from appliance.apps.files.identity import make_request, write_key
from appliance.apps.fleet_server.authority import BOX_DAYS, Authority
from appliance.apps.fleet_server.broker_config import BrokerFiles, write_broker_config
from appliance.apps.fleet_server.ejabberd_config import write_ejabberd_config
from appliance.apps.fleet_server.emqx_config import write_emqx_config
from appliance.apps.system_clock import SystemClock
from appliance.domain.counted import counted
from appliance.domain.errors import SettingsError

_FOLDER = click.argument("folder", type=FILE)


@click.command("request")
@click.argument("name", metavar="SITE/BOX")
@click.option("--key", type=FILE, required=True, metavar="FILE", help="The new key; it stays on this computer.")
@click.option("--out", type=FILE, required=True, metavar="FILE", help="The request, for who runs the authority.")
def request(name: str, key: Path, out: Path) -> None:
    """Make a key and a certificate request for a box; run it on the box."""
    if key.exists():
        raise SettingsError(f"{key} is there already", "Name another file; a key is never written over.")
    made = ec.generate_private_key(ec.SECP256R1())
    asked = make_request(made, name)
    write_key(key, made)
    write_atomically(out, asked)


@click.group("authority")
def authority() -> None:
    """The certificate authority of a fleet: make it, sign requests, revoke."""


@authority.command("make")
@_FOLDER
@click.option("--name", default="nailfold fleet", show_default=True, help="As certificates show it.")
def make(folder: Path, name: str) -> None:
    """Make one in a new folder; keep that folder off the broker's computer."""
    Authority.make(folder, name, SystemClock().now_utc())


@authority.command("sign")
@_FOLDER
@click.option("--request", "request_file", type=FILE, required=True, metavar="FILE", help="As `request` made it.")
@click.option("--out", type=FILE, required=True, metavar="FILE", help="The certificate.")
@click.option("--days", type=click.IntRange(1, 3650), default=BOX_DAYS, show_default=True, help="How long it holds.")
@click.option("--host", multiple=True, help="Only for the broker: a name or address under which it is reached.")
@click.option(
    "--dotted", is_flag=True, help="For SITE.BOX, as ejabberd needs it; the box's mqtt.username is that name."
)
@click.option("--of", metavar="SITE/BOX", help="Who made the request: one that names somebody else is not signed.")
def sign(
    folder: Path, request_file: Path, out: Path, days: int, host: tuple[str, ...], dotted: bool, of: str | None
) -> None:
    """Sign the request of a box, of a server (host/NAME), or with --host of the broker."""
    try:
        asked = request_file.read_bytes()
    except OSError as error:
        raise SettingsError(f"cannot read {request_file}: {error.strerror}") from error
    signed = Authority(folder).sign(asked, SystemClock().now_utc(), days, host, is_dotted=dotted, of=of)
    write_atomically(out, signed)


@authority.command("revoke")
@_FOLDER
@click.argument("names", metavar="[SITE/BOX]...", nargs=-1)
def revoke(folder: Path, names: tuple[str, ...]) -> None:
    """Revoke every certificate of these; without a name only make the revocation list last longer."""
    opened = Authority(folder)
    serials: list[int] = []
    for name in names:
        found = opened.serials_of(name)
        if not found:
            raise SettingsError(f"no certificate was signed for {name!r}", "A name is SITE/BOX.")
        serials += found
    opened.revoke(serials, SystemClock().now_utc())
    click.echo(
        f"{counted(len(serials), 'certificate')} revoked; give {opened.revoked_file} to the broker and restart it:"
    )
    click.echo("a box that is connected stays so until then.")


@click.command("broker-config")
@click.option("--out", type=FILE, required=True, metavar="FOLDER", help="For the configuration and the rules.")
@click.option("--ca", type=FILE, required=True, metavar="FILE", help="Certificate of the fleet's authority.")
@click.option("--certificate", type=FILE, required=True, metavar="FILE", help="The broker's own.")
@click.option("--key", type=FILE, required=True, metavar="FILE", help="The broker's own.")
@click.option("--revoked", type=FILE, required=True, metavar="FILE", help="Revocation list of the authority.")
@click.option(
    "--memory", type=FILE, default=Path("/var/lib/mosquitto"), show_default=True, help="What the broker keeps."
)
@click.option("--server", "servers", multiple=True, required=True, help="A server's mqtt.box; once for each.")
@click.option("--port", type=click.IntRange(1, 65_535), default=8883, show_default=True)
@click.option("--broker", type=click.Choice(("mosquitto", "emqx", "ejabberd")), default="mosquitto", show_default=True)
@click.option("--ban", "banned", multiple=True, metavar="SITE/BOX", help="EMQX alone, which reads no revocation list.")
@click.option("--box", "boxes", multiple=True, metavar="SITE/BOX", help="ejabberd alone: every box that is let in.")
@click.option("--address", default="", help="To listen on alone (not EMQX); every one by default.")
def broker_config(
    out: Path,
    ca: Path,
    certificate: Path,
    key: Path,
    revoked: Path,
    memory: Path,
    servers: tuple[str, ...],
    port: int,
    broker: str,
    banned: tuple[str, ...],
    boxes: tuple[str, ...],
    address: str,
) -> None:
    """Write the configuration of a broker that lets in the fleet's certificates alone, each to its own topics."""
    files = BrokerFiles(ca, certificate, key, revoked, memory)
    if boxes and broker != "ejabberd":
        raise click.UsageError("--box is for ejabberd alone; the others know a box by its certificate.")
    if broker == "emqx":
        if address:
            raise click.UsageError("--address is not for EMQX.")
        click.echo(write_emqx_config(out, files, servers, port, banned))
        return
    if banned:
        raise click.UsageError("--ban is for EMQX alone; Mosquitto reads the revocation list, ejabberd knows --box.")
    if broker == "ejabberd":
        click.echo(write_ejabberd_config(out, files, servers, boxes, port, address))
        return
    click.echo(write_broker_config(out, files, servers, port, address))
