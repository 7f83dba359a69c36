#!/bin/sh
# RAUC's hook of a Jetson's bundle, once the new root lies in its slot: what the board's own start needs of it.
#
# Flashing writes two lines into the extlinux.conf of a root that no package knows: APPEND, with the root's own partition and the
# board's console, and FDT, with the board's device tree. Both come from the root that runs, as that is one which starts here.
set -eu
[ "$1" = slot-post-install ] || { echo "no hook for $1" >&2; exit 1; }
boot=boot/extlinux/extlinux.conf
running=${NAILFOLD_RUNNING_ROOT:-/}$boot new=$RAUC_SLOT_MOUNT_POINT/$boot
fail() { echo "nailfold: $*" >&2; exit 1; }

[ -s "$new" ] || fail "the new root has no /$boot"
append=$(sed -n 's/^[[:space:]]*APPEND[[:space:]]\{1,\}//p' "$running" | head -n 1)
[ -n "$append" ] || fail "the root that runs has no APPEND in /$boot"
partition=$(blkid -p -s PART_ENTRY_UUID -o value "$RAUC_SLOT_DEVICE") || partition=
[ -n "$partition" ] || fail "$RAUC_SLOT_DEVICE has no UUID in the partition table"
words=
for word in $append; do
    case $word in root=*) ;; *) words="$words $word" ;; esac
done
tree=$(sed -n 's/^[[:space:]]*FDT[[:space:]]\{1,\}//p' "$running" | head -n 1)
if [ -n "$tree" ] && [ ! -e "$RAUC_SLOT_MOUNT_POINT$tree" ]; then
    mkdir -p "$RAUC_SLOT_MOUNT_POINT${tree%/*}"
    cp "${NAILFOLD_RUNNING_ROOT:-}$tree" "$RAUC_SLOT_MOUNT_POINT$tree"
fi
{
    grep -v -e '^[[:space:]]*APPEND' -e '^[[:space:]]*FDT' "$new"
    [ -z "$tree" ] || echo "      FDT $tree"
    echo "      APPEND root=PARTUUID=$partition$words"
} >"$new.new"
mv "$new.new" "$new"
sync
