#!/bin/sh
# The root of a Jetson box: build_root.sh LINUX_FOR_TEGRA PACKAGE KEYRING. Needs root, device-tree-compiler, and on another processor
# qemu-user-static with its binfmt.
#
# LINUX_FOR_TEGRA is NVIDIA's folder of JetPack 6 (L4T 36) with the sample root in rootfs/ and apply_binaries.sh done; it is changed in
# place. PACKAGE is `make deb ARGS="--arch arm64 --python 3.10"`, KEYRING the certificate of who signs this box's updates.
# Afterwards it is flashed as README.md says. No step here needs the board, and none was run on one.
set -eu
[ $# = 3 ] || { sed -n '2,3p' "$0" >&2; exit 2; }
tegra=$1 package=$2 keyring=$3
here=$(cd "$(dirname "$0")" && pwd)
root=$tegra/rootfs
[ "$(id -u)" = 0 ] || { echo "needs root, to change a root file system" >&2; exit 1; }
command -v dtc >/dev/null || { echo "needs dtc: apt-get install device-tree-compiler" >&2; exit 1; }
[ -f "$root/etc/nv_tegra_release" ] || { echo "$root is no L4T root: unpack the sample root there and run apply_binaries.sh" >&2; exit 1; }
[ -x "$root/usr/sbin/nvbootctrl" ] || { echo "$root has no nvbootctrl: apply_binaries.sh was not run" >&2; exit 1; }
[ "$(dpkg-deb -f "$package" Architecture)" = arm64 ] || { echo "$package is not for arm64" >&2; exit 1; }
boot=$root/boot/extlinux/extlinux.conf
[ -f "$boot" ] || { echo "$boot is missing: apply_binaries.sh was not run" >&2; exit 1; }

# The pins, beside NVIDIA's own device tree.
dtc -q -@ -I dts -O dtb -o "$root/boot/nailfold-pins.dtbo" "$here/nailfold-pins.dts"
grep -q '^[[:space:]]*OVERLAYS /boot/nailfold-pins.dtbo$' "$boot" ||
    sed -i '/^[[:space:]]*LINUX /a\      OVERLAYS /boot/nailfold-pins.dtbo' "$boot"

# Slots over nvbootctrl.
mkdir -p "$root/etc/rauc" "$root/usr/lib/nailfold" "$root/data/rauc" "$root/data/update"
cp -a --no-preserve=ownership "$here/overlay/." "$root/"
install -m 644 "$keyring" "$root/etc/rauc/keyring.pem"
install -m 755 "$here/programs/jetson_slots.py" "$root/usr/lib/nailfold/jetson-slots"
ln -sf jetson-slots "$root/usr/lib/nailfold/jetson_slots.py"
# A root that RAUC writes later is on trial until nailfold-confirm has seen the station work; this first one is not.
install -m 755 "$here/../image/programs/confirm_slot.py" "$root/usr/lib/nailfold/confirm-slot"
install -m 644 "$here/../image/overlay/usr/lib/systemd/system/nailfold-confirm.service" "$root/etc/systemd/system/"
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -sf /etc/systemd/system/nailfold-confirm.service "$root/etc/systemd/system/multi-user.target.wants/"
: >"$root/var/lib/nailfold-confirmed"

if [ "$(uname -m)" = aarch64 ] || chroot "$root" /bin/true 2>/dev/null; then
    cp "$package" "$root/nailfold.deb"
    cp /etc/resolv.conf "$root/etc/resolv.conf.build"
    mount --bind "$root/etc/resolv.conf.build" "$root/etc/resolv.conf"
    trap 'umount "$root/etc/resolv.conf"; rm -f "$root/etc/resolv.conf.build" "$root/nailfold.deb"' EXIT
    chroot "$root" env DEBIAN_FRONTEND=noninteractive sh -ec 'apt-get update -qq; apt-get install -y -qq --no-install-recommends rauc rauc-service /nailfold.deb'
    # NVIDIA's first-boot questions are not for a box; its pages ask for all that is needed.
    chroot "$root" systemctl mask --quiet nv-oem-config.service nv-oem-config-gui.service apt-daily.timer apt-daily-upgrade.timer
else
    echo "this computer cannot run arm64 programs, so nothing is installed: apt-get install qemu-user-static binfmt-support" >&2
    exit 1
fi
echo "$root: $(du -sm "$root" | cut -f1) MB; flash it with ROOTFS_AB=1, see $here/README.md"
