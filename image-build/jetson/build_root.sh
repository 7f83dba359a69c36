#!/bin/sh
# The root of a Jetson box: build_root.sh LINUX_FOR_TEGRA PACKAGE KEYRING. Needs root, device-tree-compiler, and on another processor
# qemu-user-static with its binfmt; python3 for the layout of the disk.
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

# Two roots, and one partition for the data of both.
python3 "$here/layout.py" "$tegra/tools/kernel_flash/flash_l4t_t234_nvme_rootfs_ab.xml" "$tegra/tools/kernel_flash/flash_nailfold_nvme_rootfs_ab.xml"

# Slots over nvbootctrl. /data/update inside the root: nailfold-confirm has a place to write where the partition cannot be mounted.
mkdir -p "$root/etc/rauc" "$root/usr/lib/nailfold" "$root/data/update" "$root/media/update" "$root/media/backup"
cp -a --no-preserve=ownership "$here/overlay/." "$root/"
install -m 644 "$keyring" "$root/etc/rauc/keyring.pem"
program() { install -m 755 "$1" "$root/usr/lib/nailfold/$2"; }
program "$here/programs/jetson_slots.py" jetson-slots
program "$here/programs/data_partition.py" data-partition
program "$here/programs/data_folders.py" data-folders
ln -sf jetson-slots "$root/usr/lib/nailfold/jetson_slots.py"
ln -sf data-partition "$root/usr/lib/nailfold/data_partition.py"
# As on the amd64 image.
of_image="$here/../image"
program "$of_image/programs/confirm_slot.py" confirm-slot
program "$of_image/programs/install_update.py" install-update
rm -rf "$root/usr/lib/nailfold/network"
cp -r "$of_image/programs/network" "$root/usr/lib/nailfold/network"
for file in usr/lib/sysusers.d/00-nailfold-image.conf etc/udev/rules.d/71-nailfold-stick.rules \
    usr/lib/systemd/system/nailfold-confirm.service usr/lib/systemd/system/nailfold-update.service usr/lib/systemd/system/nailfold-update.path \
    usr/lib/systemd/system/nailfold-network.service etc/NetworkManager/conf.d/50-nailfold.conf \
    etc/NetworkManager/dnsmasq-shared.d/nailfold.conf usr/lib/systemd/system/media-update.mount usr/lib/systemd/system/media-backup.mount \
    usr/lib/systemd/system/nailfold-station.service.d/stick.conf; do
    install -D -m 644 "$of_image/overlay/$file" "$root/$file"
done
# A root that RAUC writes later is on trial until nailfold-confirm has seen the station work; this first one is not.
: >"$root/var/lib/nailfold-confirmed"
: >"$root/etc/machine-id"
rm -f "$root/var/lib/dbus/machine-id"
echo nailfold >"$root/etc/hostname"

if [ "$(uname -m)" = aarch64 ] || chroot "$root" /bin/true 2>/dev/null; then
    cp "$package" "$root/nailfold.deb"
    cp /etc/resolv.conf "$root/etc/resolv.conf.build"
    mount --bind "$root/etc/resolv.conf.build" "$root/etc/resolv.conf"
    trap 'umount "$root/etc/resolv.conf"; rm -f "$root/etc/resolv.conf.build" "$root/nailfold.deb"' EXIT
    # The data outlives the root: its users have the same numbers in every one.
    chroot "$root" systemd-sysusers 00-nailfold-image.conf
    [ "$(chroot "$root" id -u nailfold)" = 890 ] || { echo "the user nailfold is not number 890: unpack the sample root anew" >&2; exit 1; }
    chroot "$root" env DEBIAN_FRONTEND=noninteractive sh -ec 'apt-get update -qq; apt-get install -y -qq --no-install-recommends rauc rauc-service network-manager wpasupplicant dnsmasq-base /nailfold.deb'
    chroot "$root" systemctl enable --quiet nailfold-network.service nailfold-confirm nailfold-update.service nailfold-update.path
    for mount in "$here"/overlay/usr/lib/systemd/system/*.mount; do
        grep -q '^WantedBy=' "$mount" || continue
        chroot "$root" systemctl enable --quiet "${mount##*/}"
    done
    # Nobody logs in on a box, so it has no keys by which it would be known.
    chroot "$root" systemctl mask --quiet ssh.service ssh.socket
    rm -f "$root"/etc/ssh/ssh_host_*
    # NVIDIA's first-boot questions are not for a box; its pages ask for all that is needed.
    chroot "$root" systemctl mask --quiet nv-oem-config.service nv-oem-config-gui.service apt-daily.timer apt-daily-upgrade.timer
else
    echo "this computer cannot run arm64 programs, so nothing is installed: apt-get install qemu-user-static binfmt-support" >&2
    exit 1
fi
echo "$root: $(du -sm "$root" | cut -f1) MB; flash it with ROOTFS_AB=1, see $here/README.md"
