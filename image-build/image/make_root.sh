#!/bin/sh
# The root of the disk image: make_root.sh PACKAGE KEYRING SQUASHFS. Needs root, mmdebstrap, squashfs-tools and the network.
#
# Debian 12 with a kernel, RAUC and the package, read-only; times are $SOURCE_DATE_EPOCH, and nothing of this computer stays in it.
set -eu
package=$1 keyring=$2 squashfs=$3
here=$(cd "$(dirname "$0")" && pwd)
: "${SOURCE_DATE_EPOCH:?}"
export SOURCE_DATE_EPOCH
[ "$(id -u)" = 0 ] || { echo "needs root, to make a root file system" >&2; exit 1; }
for program in mmdebstrap mksquashfs; do
    command -v $program >/dev/null || { echo "needs $program: apt-get install mmdebstrap squashfs-tools" >&2; exit 1; }
done
root=${squashfs%.squashfs}.root
rm -rf "$root" "$squashfs"
system=systemd-sysv,udev,dbus,kmod,iproute2,systemd-resolved,systemd-timesyncd,ca-certificates,avahi-daemon
# dnsmasq answers telephones on the box's own Wi-Fi; the last two are what common Wi-Fi chips load at every start.
network=network-manager,wpasupplicant,wireless-regdb,dnsmasq-base,firmware-iwlwifi,firmware-realtek
boot=linux-image-amd64,initramfs-tools,busybox,zstd,e2fsprogs,cryptsetup-bin,fdisk,rauc,rauc-service
needs=$(dpkg-deb -f "$package" Depends | tr ',' '\n' | sed 's/(.*//; s/ //g' | grep -v -e '^libc6$' -e '^systemd$' | paste -sd,)
mmdebstrap --quiet --variant=minbase --include="$system,$network,$boot,$needs" --components=main,non-free-firmware \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' --dpkgopt='path-include=/usr/share/doc/nailfold/*' \
    --essential-hook='for user in nailfold:890 nailfold-firmware:891 nailfold-kiosk:892; do
        echo "${user%:*}:x:${user#*:}:" >>"$1/etc/group"; done' \
    --essential-hook="mkdir -p \"\$1/etc/initramfs-tools\" \"\$1/usr/share/nailfold\" && cp -a '$here/overlay/etc/initramfs-tools/.' \"\$1/etc/initramfs-tools/\" && cp -a '$here/overlay/usr/share/nailfold/.' \"\$1/usr/share/nailfold/\"" \
    --customize-hook='rm -f "$1/etc/resolv.conf"; cp /etc/resolv.conf "$1/etc/resolv.conf"' \
    --customize-hook="cp '$package' \"\$1/nailfold.deb\"" \
    --customize-hook="cp '$here/overlay/usr/lib/sysusers.d/00-nailfold-image.conf' \"\$1/usr/lib/sysusers.d/\"; chroot \"\$1\" systemd-sysusers 00-nailfold-image.conf" \
    --customize-hook='chroot "$1" apt-get install -y -qq --no-install-recommends /nailfold.deb' \
    --customize-hook='rm "$1/nailfold.deb"' \
    --customize-hook="cp -a --no-preserve=ownership '$here/overlay/.' \"\$1/\"" \
    --customize-hook="install -m 644 '$keyring' \"\$1/etc/rauc/keyring.pem\"" \
    --customize-hook="install -m 755 '$here/programs/boot_slots.py' \"\$1/usr/lib/nailfold/boot-slots\"; ln -s boot-slots \"\$1/usr/lib/nailfold/boot_slots.py\"
        install -m 755 '$here/programs/confirm_slot.py' \"\$1/usr/lib/nailfold/confirm-slot\"
        install -m 755 '$here/programs/install_update.py' \"\$1/usr/lib/nailfold/install-update\"
        install -m 755 '$here/programs/screen.py' \"\$1/usr/lib/nailfold/screen\"
        cp -r '$here/programs/network' \"\$1/usr/lib/nailfold/network\"" \
    --customize-hook='sh -eu '"'$here/settle.sh'"' "$1"' \
    bookworm "$root"
mksquashfs "$root" "$squashfs" -quiet -no-progress -noappend -comp lzo -Xalgorithm lzo1x_1 -b 256K \
    -wildcards -e 'proc/*' 'sys/*' 'dev/*' 'run/*' 'tmp/*' >/dev/null
rm -rf "$root"
