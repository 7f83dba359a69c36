#!/bin/sh
# `make prove-deb`: installs the package in a clean Debian 12, runs it to a live picture, and purges it again; a package for Python
# 3.10 (make prove-deb ARGS=FILE) in a clean Ubuntu 22.04.
#
# Needs root, mmdebstrap and the network for Debian's packages; takes some minutes. Nothing of this computer is changed:
# all happens below build/deb/proof. Prints what it sees and fails where something is left over.
set -eu
cd "$(dirname "$0")/../.."
package=${1:-$(ls -t build/deb/nailfold_*~py311_amd64.deb 2>/dev/null | head -n 1)}
proof=$PWD/build/deb/proof
[ -f "$package" ] || { echo "no package; run: make deb" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "needs root, to make a root file system" >&2; exit 1; }
command -v mmdebstrap >/dev/null || { echo "needs mmdebstrap: apt-get install mmdebstrap" >&2; exit 1; }

began=$(date +%s)
step() { printf '%4d s  %s\n' $(($(date +%s) - began)) "$*"; }
in_root() { chroot "$proof/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
station=
leave() {
    [ -z "$station" ] || kill "$station" 2>/dev/null || true
    for place in proc sys dev; do umount -l "$proof/root/$place" 2>/dev/null || true; done
}
trap leave EXIT

leave
rm -rf "$proof"
mkdir -p "$proof"
ubuntus=/usr/share/keyrings/ubuntu-archive-keyring.gpg
case $(dpkg-deb -f "$package" Depends) in
    *python3.11*) set -- bookworm "$proof/root" ;;
    *python3.10*) set -- --components=main,universe --keyring=$ubuntus jammy "$proof/root" http://archive.ubuntu.com/ubuntu
        [ -f $ubuntus ] || { echo "needs $ubuntus, of Ubuntu's package ubuntu-keyring" >&2; exit 1; } ;;
    *) echo "$package is for no system that is known here" >&2; exit 1 ;;
esac
mmdebstrap --quiet --variant=minbase --include=apt,systemd,ca-certificates "$@" >"$proof/mmdebstrap.log" 2>&1 ||
    { tail -n 20 "$proof/mmdebstrap.log" >&2; exit 1; }
step "a clean $(. "$proof/root/etc/os-release"; echo "$PRETTY_NAME")"
for place in proc sys dev; do mount --rbind "/$place" "$proof/root/$place"; mount --make-rslave "$proof/root/$place"; done
rm -f "$proof/root/etc/resolv.conf" # a link into /run, under Ubuntu
cp /etc/resolv.conf "$proof/root/etc/resolv.conf"
printf '#!/bin/sh\nexit 101\n' >"$proof/root/usr/sbin/policy-rc.d"
chmod 755 "$proof/root/usr/sbin/policy-rc.d"
# The dependencies first, so that what is compared is ours alone.
dpkg-deb -f "$package" Depends | tr ',' '\n' | sed 's/(.*//; s/ //g' | grep . >"$proof/depends"
in_root apt-get update -qq
in_root apt-get install -y -qq --no-install-recommends $(cat "$proof/depends") >"$proof/depends.log" 2>&1 || { tail "$proof/depends.log" >&2; exit 1; }
step "its dependencies from Debian"

listing() {
    (cd "$proof/root" && find etc opt usr lib var -xdev \( -path var/cache/apt -o -path var/lib/apt -o -path var/log -o -path var/lib/dpkg \
        -o -path var/cache/ldconfig -o -path var/cache/fontconfig \) -prune -o -print | grep -v -e '-$' | LC_ALL=C sort)
    # Groups of hardware are shared with other packages and stay.
    cut -d: -f1 "$proof/root/etc/passwd" "$proof/root/etc/group" | grep -v -x -e gpio -e input -e render
}
listing >"$proof/before"
cp "$package" "$proof/root/nailfold.deb"
in_root apt-get install -y -qq --no-install-recommends /nailfold.deb >"$proof/install.log" 2>&1 || { tail -n 30 "$proof/install.log" >&2; exit 1; }
rm "$proof/root/nailfold.deb"
step "installed: $(in_root nailfold --version), $(du -sm "$proof/root/opt/nailfold" | cut -f1) MB with its compiled files"

[ -z "$(in_root dpkg --verify nailfold)" ] || { echo "files are not as they were packed" >&2; exit 1; }
for unit in nailfold-station nailfold-firmware nailfold-first-boot nailfold-engines; do
    in_root test -L "/etc/systemd/system/multi-user.target.wants/$unit.service" || { echo "$unit is not enabled" >&2; exit 1; }
done
# Not the kiosk: it is off, and its compositor and browser are not installed here.
in_root sh -c 'cd /lib/systemd/system && systemd-analyze verify --man=no $(ls nailfold-* | grep -v kiosk)' 2>"$proof/verify.log" || true
! grep nailfold "$proof/verify.log" || { echo "systemd has something against a unit" >&2; exit 1; }
step "units verified in place and enabled"

in_root nailfold doctor >"$proof/doctor.txt" || true
sed 's/^/        /' "$proof/doctor.txt"
grep -q '^engines  *found' "$proof/doctor.txt" || { echo "the networks do not run" >&2; exit 1; }
grep -q '^camera  *found' "$proof/doctor.txt" || { echo "no simulated picture" >&2; exit 1; }
step "doctor"

port=18080
as_station="setpriv --reuid=nailfold --regid=nailfold --init-groups env HOME=/var/lib/nailfold XDG_STATE_HOME=/var/lib PATH=/usr/bin:/bin"
chroot "$proof/root" $as_station nailfold run --port $port >"$proof/station.log" 2>&1 &
station=$!
tries=0
until curl -fsS "http://127.0.0.1:$port/health/ready" >"$proof/ready.json" 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 240 ] && kill -0 $station 2>/dev/null || { tail -n 20 "$proof/station.log" >&2; echo "no live picture" >&2; exit 1; }
    sleep 0.5
done
step "live picture as the user nailfold: $(cat "$proof/ready.json")"
kill -TERM $station
wait $station || { echo "the station did not stop in order" >&2; tail "$proof/station.log" >&2; exit 1; }
station=
step "stopped in order"

in_root apt-get purge -y -qq nailfold >"$proof/purge.log" 2>&1 || { tail "$proof/purge.log" >&2; exit 1; }
listing >"$proof/after"
if ! diff "$proof/before" "$proof/after" >"$proof/left"; then
    echo "purging left this behind (>) or took this away (<):" >&2
    head -n 40 "$proof/left" >&2
    exit 1
fi
step "purged: every file and user is as before"
leave
rm -rf "$proof/root"
