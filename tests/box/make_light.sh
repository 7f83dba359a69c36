#!/bin/sh
# The image with a stand-in for the station, which emulation starts in seconds: make_light.sh FOLDER-OF-THE-IMAGE FOLDER
#
# Makes FOLDER/{good,bad}.squashfs: everything of the image but /opt/nailfold, with units, rules and programs of this checkout, the
# initramfs anew; the bad one's services fail. Needs root.
set -eu
image=$1 light=$2
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$light"
mkdir -p "$light"
# The software is most of it.
unsquashfs -quiet -no-progress -excludes -d "$light/root" "$image/root.squashfs" opt/nailfold usr/share/fonts >/dev/null
pack() {
    mksquashfs "$light/root" "$1" -quiet -no-progress -noappend -comp lzo -Xalgorithm lzo1x_1 -b 256K >/dev/null
    truncate -s %4096 "$1"
}
image_build=$here/../../image-build/image
cp -a --no-preserve=ownership "$image_build/overlay/." "$light/root/"
for program in boot-slots confirm-slot install-update screen; do
    install -m 755 "$image_build/programs/$(echo $program | tr - _).py" "$light/root/usr/lib/nailfold/$program"
done
rm -rf "$light/root/usr/lib/nailfold/network"
cp -r "$image_build/programs/network" "$light/root/usr/lib/nailfold/network"
kernel=$(ls "$light/root/lib/modules")
# The image keeps no configuration of its kernel; mkinitramfs asks it for this alone.
echo CONFIG_RD_ZSTD=y >"$light/root/boot/config-$kernel"
chroot "$light/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin SOURCE_DATE_EPOCH=0 mkinitramfs -o /boot/initrd.img "$kernel"
rm "$light/root/boot/config-$kernel"
"$image_build/try_initramfs.sh" "$light/root" /boot/initrd.img
install -m 755 "$here/guest/stand_in.py" "$light/root/usr/bin/nailfold"
pack "$light/good.squashfs"
printf '#!/bin/sh\necho "this software does not start" >&2\nexit 1\n' >"$light/root/usr/bin/nailfold"
pack "$light/bad.squashfs"
rm -rf "$light/root"
