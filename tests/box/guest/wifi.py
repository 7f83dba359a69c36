"""Inside the virtual box: a telephone and a clinic on radios of software, and the cases that test-wifi is about.

Every wait is for a state, within a limit that only a machine that hangs would reach. Prints "PROBE key value" lines.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

SOCKET = Path("/run/nailfold-network/network.sock")
STATUS = Path("/run/nailfold-network/status.json")
PLACE = Path("/run/wifi")
WITHIN_S = 900.0
HOME = "http://10.42.0.1/"
NAME = 'Praxis \U0001f469\u200d\u2695\ufe0f "S\u00fcd" \\1'
PASSWORD = 'a \\b"c;d#e= \u0024{x}'
LONGEST = "x7 " * 21
# What telephones and computers ask for when they join a network.
PROBES = (
    "http://connectivitycheck.gstatic.com/generate_204",
    "http://captive.apple.com/hotspot-detect.html",
    "http://www.msftconnecttest.com/connecttest.txt",
    "http://detectportal.firefox.com/canonical.html",
)


class Failed(Exception):  # noqa: N818
    """What a case found wrong."""


def say(key: str, value: object = "") -> None:
    print(f"\nPROBE {key} {value}", flush=True)


def run(*words: object, check: bool = True, **options: Any) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **options)
    if check and done.returncode != 0:
        raise Failed(f"{' '.join(map(str, words))}: {done.stderr.strip()} {done.stdout.strip()}")
    return done.stdout


def until(is_so: Callable[[], Any], what: str) -> float:
    """How long it took."""
    began_s = time.monotonic()
    while not is_so():
        if time.monotonic() - began_s > WITHIN_S:
            raise Failed(f"{what} did not come; {json.dumps(look())}")
        time.sleep(0.5)
    return round(time.monotonic() - began_s, 1)


def ask(**fields: object) -> dict[str, Any]:
    """As the station does."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(60)
        line.connect(str(SOCKET))
        line.sendall(json.dumps(fields).encode() + b"\n")
        answer = b""
        while part := line.recv(65536):
            answer += part
    return json.loads(answer)


def look() -> dict[str, Any]:
    try:
        return ask(ask="look")["status"]
    except OSError:
        return {}


def in_phone(*words: object, check: bool = True) -> str:
    return run("ip", "netns", "exec", "phone", *words, check=check)


# In the telephone's namespace, where names are what the box says they are.
_FETCH = """
import http.client, json, sys
from urllib.parse import urlencode, urlsplit
url, form, language = json.loads(sys.argv[1])
parts = urlsplit(url)
line = http.client.HTTPConnection(parts.netloc, timeout=120)
headers = {"Accept-Language": language, "Content-Type": "application/x-www-form-urlencoded"}
line.request("POST" if form else "GET", parts.path, urlencode(form) if form else None, headers)
said = line.getresponse()
print(json.dumps([said.status, said.getheader("Location") or "", said.read().decode()]))
"""


def http(url: str, form: dict[str, str] | None = None, language: str = "en") -> tuple[int, str, str]:
    """From the telephone: status, where it leads, page. No redirect is followed."""
    status, leads, page = json.loads(in_phone("python3", "-c", _FETCH, json.dumps([url, form, language])))
    return status, leads, page


class Clinic:
    """Its access point and its router, in a namespace."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []

    def open(self, name: str, lines: list[str], dhcp: str = "v4") -> None:
        self.shut()
        conf = PLACE / "hostapd.conf"
        own = ["interface=wlan2", "driver=nl80211", f"ssid2={name.encode().hex()}", "hw_mode=g", "channel=6", *lines]
        conf.write_text("\n".join([*own, "utf8_ssid=1", ""]))
        self._start("hostapd", conf)
        until(lambda: "type AP" in run("ip", "netns", "exec", "clinic", "iw", "dev", "wlan2", "info"), "hostapd")
        # What a router says of IPv6 comes from its address for the link.
        run("ip", "-n", "clinic", "address", "flush", "dev", "wlan2", "scope", "global")
        base = [
            "dnsmasq",
            "-k",
            "-i",
            "wlan2",
            "--bind-interfaces",
            "-p",
            "0",
            "-C",
            "/dev/null",
            "-x",
            "/run/wifi/d.pid",
        ]
        base += ["--dhcp-leasefile=/run/wifi/leases", "-u", "root"]
        if dhcp == "v4":
            run("ip", "-n", "clinic", "address", "add", "192.168.77.1/24", "dev", "wlan2")
            self._start(*base, "--dhcp-range=192.168.77.10,192.168.77.99,1h", "--dhcp-option=12,renamed-by-router")
        elif dhcp == "v6":
            run("ip", "-n", "clinic", "address", "add", "fd77::1/64", "dev", "wlan2", "nodad")
            self._start(*base, "--enable-ra", "--dhcp-range=fd77::,ra-only,64,1h")

    def shut(self) -> None:
        for process in self._processes:
            process.terminate()
            process.wait()
        self._processes = []

    def stations(self) -> int:
        return run("ip", "netns", "exec", "clinic", "iw", "dev", "wlan2", "station", "dump").count("Station ")

    def _start(self, *words: object) -> None:
        log = (PLACE / f"{words[0]}.log").open("ab")
        command = ["ip", "netns", "exec", "clinic", *map(str, words)]
        self._processes.append(subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "PATH": PATH}))


PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CLINIC = Clinic()
WPA2 = ["wpa=2", "wpa_key_mgmt=WPA-PSK", "rsn_pairwise=CCMP"]


def lay_out_radios() -> None:
    """Before NetworkManager starts."""
    PLACE.mkdir()
    run("modprobe", "mac80211_hwsim", "radios=3")
    until(lambda: Path("/sys/class/net/wlan2").exists(), "radios")
    for namespace, device in (("phone", "wlan1"), ("clinic", "wlan2")):
        run("ip", "netns", "add", namespace)
        run("ip", "-n", namespace, "link", "set", "lo", "up")
        phy = Path(f"/sys/class/net/{device}/phy80211/name").read_text().strip()
        # `ip netns exec` keeps a process there for iw to name.
        holder = subprocess.Popen(["ip", "netns", "exec", namespace, "sleep", "infinity"])
        until(
            lambda holder=holder: os.readlink(f"/proc/{holder.pid}/ns/net") != os.readlink("/proc/self/ns/net"),
            namespace,
        )
        run("iw", "phy", phy, "set", "netns", holder.pid)
    say("radios", run("iw", "dev").count("Interface"))


def phone_joins(own: dict[str, str]) -> None:
    """As a telephone joins the box's own Wi-Fi, and takes an address."""
    (PLACE / "wpa.conf").write_text(
        f'ctrl_interface=/run/wifi/wpa\nnetwork={{\nssid="{own["name"]}"\npsk="{own["password"]}"\nscan_ssid=1\n}}\n'
    )
    in_phone("wpa_supplicant", "-B", "-i", "wlan1", "-c", PLACE / "wpa.conf", "-f", PLACE / "wpa.log")
    phone_is_in()
    # Its client writes what it was given.
    script = PLACE / "given"
    script.write_text(
        '#!/bin/sh\n[ "$1" = bound ] || exit 0\nip address replace $ip/$mask dev $interface\n'
        "ip route replace default via $router\n"
        'echo "$ip $router $dns" >/run/wifi/lease\n'
    )
    script.chmod(0o755)
    in_phone("busybox", "udhcpc", "-i", "wlan1", "-s", script, "-q", "-n", "-t", "20")
    ip, router, dns = (PLACE / "lease").read_text().split()
    resolver = Path("/etc/netns/phone")
    resolver.mkdir(parents=True, exist_ok=True)
    (resolver / "resolv.conf").write_text(f"nameserver {dns}\n")
    say("phone_got", f"{ip} by DHCP, router {router}, names {dns}")


def phone_is_in() -> float:
    told = lambda: in_phone("wpa_cli", "-p", "/run/wifi/wpa", "-i", "wlan1", "status", check=False)  # noqa: E731
    return until(lambda: "wpa_state=COMPLETED" in told(), "telephone on the box's Wi-Fi")


def online() -> bool:
    now = look()
    return not now.get("is_open", True) and any(link["is_online"] for link in now["links"])


def joined(name: str) -> bool:
    tried = look().get("tried")
    if tried and tried["word"] != "joined":
        raise Failed(f"{name!r} was not joined: {tried}")
    return bool(tried) and tried["name"] == name and online()


def join(name: str, security: str, password: str = "", is_hidden: bool = False) -> dict[str, Any]:
    """From the settings page; how it ended."""
    refused = ask(ask="join", ssid=name.encode().hex(), security=security, password=password, is_hidden=is_hidden)
    if "refused" in refused:
        return {"word": refused["refused"]}
    until(lambda: look()["trying"] is None and look()["tried"], f"end of trying {name!r}")
    return look()["tried"]


def expect(tried: dict[str, Any], word: str, case: str) -> None:
    if tried["word"] != word:
        raise Failed(f"{case}: {tried}, not {word}; {Path('/run/wifi/hostapd.log').read_text()[-600:]}")
    say(case, json.dumps(tried, ensure_ascii=False))


def portal() -> None:
    """No network: the own Wi-Fi opens, a telephone is led to the page, gives a wrong password, then the right one."""
    CLINIC.open(NAME, [*WPA2, f"wpa_passphrase={PASSWORD}"])
    until(lambda: look().get("is_open") or look().get("why_not_open"), "own Wi-Fi")
    if not look()["is_open"]:
        raise Failed(f"the own Wi-Fi does not open: {look()}")
    say("own_wifi_open_after_s", up())
    own = json.loads(STATUS.read_text())["setup"]
    say("own_wifi", f"{own['name']}, {len(own['password'])} letters of password")
    phone_joins(own)
    for url in PROBES:
        status, leads, _ = http(url)
        if (status, leads) != (302, HOME):
            raise Failed(f"{url} leads to {status} {leads}")
    say("probes_led_to_the_page", len(PROBES))
    status, _, page = http(HOME)
    chosen = re.search(rf'value="({NAME.encode().hex()} [a-z0-9-]+)"', page)
    if status != 200 or not chosen or "&quot;S" not in page:
        raise Failed(f"the page {status} does not list {NAME!r}: {page[-2000:]}")
    languages = [
        re.search(r"<h1>(.*?)</h1>", http(HOME, language=one)[2])[1] for one in ("de-AT", "fr", "es", "it", "zh, en")
    ]
    say("page_lists_the_network", json.dumps(languages, ensure_ascii=False))
    for password, word in (("small", "8 to 63"), ("not its password", "password is wrong")):
        http(HOME + "join", {"network": chosen[1], "password": password})
        until(lambda: look()["trying"] is None and look()["is_open"], "own Wi-Fi again")
        phone_is_in()
        until(lambda word=word: word in http(HOME)[2], f"{word!r} on the page")
        alert = re.search(r'role="alert">(.*?)</p>', http(HOME)[2])
        say(f"wrong_password_{len(password)}", alert and alert[1])
    if look()["known"]:
        raise Failed(f"a wrong password is kept: {look()['known']}")
    http(HOME + "join", {"network": chosen[1], "password": PASSWORD})
    took_s = until(lambda: joined(NAME), "the clinic's Wi-Fi")
    if CLINIC.stations() != 1 or STATUS.read_text() != '{"setup": null}':
        raise Failed("the clinic's access point does not see the box, or its own Wi-Fi is still told")
    told = run(
        "journalctl", "-b", "-o", "cat", "-u", "nailfold-network", "-u", "NetworkManager", "-u", "wpa_supplicant"
    )
    if PASSWORD in told:
        raise Failed("the log holds a password")
    say("joined", f"after {took_s} s, {addresses()}")
    if "renamed" in socket.gethostname():
        raise Failed("the router has renamed the box")


def restart() -> None:
    """What a restart of the box's services finds again by itself."""
    run("systemctl", "stop", "nailfold-network", "NetworkManager", "wpa_supplicant")
    run("systemctl", "start", "NetworkManager", "nailfold-network")
    say("joined_again_after_restart_s", until(online, "Wi-Fi after a restart"))


def outage() -> None:
    """The clinic's router is off for a while: the own Wi-Fi opens, and closes by itself once the router is back."""
    CLINIC.open(NAME, [*WPA2, f"wpa_passphrase={PASSWORD}"])
    expect(join(NAME, "wpa-psk", PASSWORD), "joined", "outage_before")
    CLINIC.shut()
    say("outage_own_wifi_after_s", until(lambda: look()["is_open"], "own Wi-Fi in an outage"))
    CLINIC.open(NAME, [*WPA2, f"wpa_passphrase={PASSWORD}"])
    say("outage_back_after_s", until(online, "Wi-Fi after an outage"))


def networks() -> None:
    """Kinds of networks, from the settings page; the one before stays known."""
    kinds: list[tuple[str, str, list[str], str, str, bool, str, str]] = [
        (
            "hidden",
            "verborgen",
            [*WPA2, "wpa_passphrase=hidden one", "ignore_broadcast_ssid=1"],
            "wpa-psk",
            "hidden one",
            True,
            "v4",
            "joined",
        ),
        ("63_letters", "x" * 32, [*WPA2, f"wpa_passphrase={LONGEST}"], "wpa-psk", LONGEST, False, "v4", "joined"),
        (
            "wpa3",
            "drei",
            ["wpa=2", "wpa_key_mgmt=SAE", "rsn_pairwise=CCMP", "ieee80211w=2", "sae_password=k\u00fcrzer"],
            "sae",
            "k\u00fcrzer",
            False,
            "v4",
            "joined",
        ),
        (
            "wpa3_wrong",
            "drei",
            ["wpa=2", "wpa_key_mgmt=SAE", "rsn_pairwise=CCMP", "ieee80211w=2", "sae_password=richtig9"],
            "sae",
            "falsch999",
            False,
            "v4",
            "bad_password",
        ),
        (
            "wpa2_and_3",
            "zwei drei",
            ["wpa=2", "wpa_key_mgmt=WPA-PSK SAE", "rsn_pairwise=CCMP", "ieee80211w=1", "wpa_passphrase=beides geht"],
            "wpa-psk",
            "beides geht",
            False,
            "v4",
            "joined",
        ),
        ("open", "Hotel <b>&amp;", [], "open", "", False, "v4", "joined"),
        (
            "ipv6_alone",
            "sechs",
            [*WPA2, "wpa_passphrase=only six here"],
            "wpa-psk",
            "only six here",
            False,
            "v6",
            "joined",
        ),
        (
            "no_dhcp",
            "stumm",
            [*WPA2, "wpa_passphrase=nobody answers"],
            "wpa-psk",
            "nobody answers",
            False,
            "none",
            "no_address",
        ),
        ("not_there", "weg", [*WPA2, "wpa_passphrase=elsewhere"], "wpa-psk", "elsewhere", False, "v4", "not_found"),
    ]
    for case, name, lines, security, password, is_hidden, dhcp, word in kinds:
        if ONLY and case not in ONLY:
            continue
        try:
            CLINIC.open("anderes" if word == "not_found" else name, lines, dhcp)
            expect(join(name, security, password, is_hidden), word, case)
            if word == "joined":
                until(online, case)
                say(f"{case}_address", addresses())
        except Failed as failed:
            say("failed", f"{case}: {failed}")
    for case, fields, word in (
        ("too_long_a_name", {"ssid": "41" * 33, "security": "open", "password": ""}, "bad_name"),
        ("enterprise", {"ssid": "41", "security": "enterprise", "password": "x"}, "not_supported"),
        ("no_hex", {"ssid": "zz", "security": "open", "password": ""}, "not_understood"),
    ):
        if ask(ask="join", **fields) != {"refused": word}:
            raise Failed(f"{case}: {ask(ask='join', **fields)}")
        say(case, word)


def full() -> None:
    """The data partition is full: a new network cannot be kept, and the box says so and stays where it is."""
    run("mount", "-t", "tmpfs", "-o", "size=8k,mode=700", "full", "/etc/NetworkManager/system-connections")
    Path("/etc/NetworkManager/system-connections/nothing").write_bytes(b"")
    subprocess.run("head -c 8192 /dev/zero >/etc/NetworkManager/system-connections/fill", shell=True, check=False)
    CLINIC.open("voll", [*WPA2, "wpa_passphrase=no room for it"])
    expect(join("voll", "wpa-psk", "no room for it"), "not_kept", "full_disk")
    run("umount", "/etc/NetworkManager/system-connections")
    # It has read the full one, where nothing was.
    run("nmcli", "connection", "reload")


def clock() -> None:
    """1970: a box without a battery for its clock."""
    now_s = time.time()
    # No earlier: Linux takes no time before its own start.
    run("date", "-s", "@86400")
    try:
        CLINIC.open("damals", [*WPA2, "wpa_passphrase=in the year 1970"])
        expect(join("damals", "wpa-psk", "in the year 1970"), "joined", "clock_1970")
    finally:
        run("date", "-s", f"@{now_s:.0f}")


def addresses() -> str:
    return " ".join(address for link in look()["links"] for address in link["addresses"])


def up() -> str:
    return Path("/proc/uptime").read_text().split()[0]


ONLY: list[str] = []
"""Kinds of networks that were asked for by name; all where it is empty."""
CASES = {case.__name__: case for case in (portal, restart, outage, networks, full, clock)}


def main() -> None:
    os.environ["PATH"] = PATH
    lay_out_radios()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
    until(SOCKET.exists, "network service")
    asked = Path("/probe/cases").read_text().split()
    ONLY.extend(one for one in asked if one not in CASES)
    wanted = [one for one in asked if one in CASES] + ["networks"] * bool(ONLY) or list(CASES)
    for name in wanted:
        try:
            CASES[name]()
        except Failed as failed:
            say("failed", f"{name}: {failed}")
        except Exception:
            say("failed", f"{name}: {traceback.format_exc().replace(chr(10), ' | ')}")
    print(run("journalctl", "-b", "-o", "short-monotonic", "-u", "nailfold-network", "--no-pager"), flush=True)
    print(run("systemd-analyze", "security", "nailfold-network", "--no-pager").splitlines()[-1], flush=True)
    say("done", up())


if __name__ == "__main__":
    sys.exit(main())
