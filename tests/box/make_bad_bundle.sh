#!/bin/sh
# An update whose station does not start: make_bad_bundle.sh FOLDER-OF-THE-IMAGE. Needs root and squashfs-tools.
set -eu
image=$1
scratch=$image/bad.root
rm -rf "$scratch"
unsquashfs -quiet -no-progress -d "$scratch" "$image/root.squashfs" >/dev/null
printf '#!/bin/sh\necho "this software does not start" >&2\nexit 1\n' >"$scratch/usr/bin/nailfold"
mksquashfs "$scratch" "$image/bad.squashfs" -quiet -no-progress -noappend -comp lzo -Xalgorithm lzo1x_1 -b 256K >/dev/null
rm -rf "$scratch"
# Whole blocks, as a verity bundle wants them.
truncate -s %4096 "$image/bad.squashfs"
