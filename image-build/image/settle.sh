#!/bin/sh
# What makes an installed root the box's own: settle.sh ROOT
set -eu
root=$1
in_root() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" "$@"; }
in_root systemctl enable --quiet NetworkManager nailfold-network systemd-resolved systemd-timesyncd avahi-daemon nailfold-screen nailfold-confirm nailfold-update.service nailfold-update.path
# Nobody logs in on a box, and nothing installs software beside the slots.
in_root systemctl mask --quiet getty@.service serial-getty@.service systemd-firstboot.service apt-daily.timer apt-daily-upgrade.timer \
    dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service ldconfig.service systemd-journal-catalog-update.service systemd-update-done.service
# The doctor of a packaged box runs every network once more; here the first picture comes first.
in_root systemctl mask --quiet nailfold-first-boot.service
# Asked by nobody: NetworkManager listens to root alone, and no service waits for a network.
in_root systemctl mask --quiet polkit.service NetworkManager-wait-online.service NetworkManager-dispatcher.service
in_root passwd --quiet --lock root
in_root update-initramfs -u -k all
"$(dirname "$0")/try_initramfs.sh" "$root" "$(in_root sh -c "ls /boot/initrd.img-*")"
mkdir -p "$root/data" "$root/media/update" "$root/media/backup" "$root/etc/credstore" "$root/var/lib/systemd" "$root/var/lib/NetworkManager" "$root/etc/NetworkManager/system-connections"
kernel=$(ls "$root/boot" | sed -n 's/^vmlinuz-//p' | sort -V | tail -n 1)
mv "$root/boot/vmlinuz-$kernel" "$root/boot/vmlinuz"
mv "$root/boot/initrd.img-$kernel" "$root/boot/initrd.img"
rm -f "$root"/vmlinuz* "$root"/initrd.img* "$root"/boot/System.map-* "$root"/boot/config-*
ln -sf /run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
echo nailfold >"$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 nailfold\n::1 localhost ip6-localhost\n' >"$root/etc/hosts"
: >"$root/etc/machine-id"
# What differs from build to build, or belongs to installing.
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/* "$root"/var/log/* "$root"/var/lib/systemd/* "$root"/etc/*- "$root"/var/lib/dpkg/*-old \
    "$root"/etc/ssh "$root"/usr/share/doc-base "$root"/root/.[a-z]*
