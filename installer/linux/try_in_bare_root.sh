#!/usr/bin/env bash
# Installs the Debian package in a fresh, bare Debian made by debootstrap, uses it there, and removes it.
# Needs root, debootstrap and a Debian mirror:
#
#     sudo installer/linux/try_in_bare_root.sh dist/dinocell-app_*.deb [folder for the root] [mirror]
set -euo pipefail
package=$(realpath "$1")
root=${2:-$(mktemp -d)}
mirror=${3:-http://deb.debian.org/debian}
here=$(dirname "$(realpath "$0")")

if [ ! -e "$root/etc/debian_version" ]; then
    debootstrap --variant=minbase bookworm "$root" "$mirror"
fi
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
trap 'umount "$root/proc"' EXIT
cp "$package" "$root/tmp/package.deb"
cp "$here/../try_bundle.py" "$root/tmp/"
inside apt-get update -qq
# Python is for the script that tries the package; the package itself brings its own.
inside apt-get install -y -qq --no-install-recommends /tmp/package.deb python3
inside python3 /tmp/try_bundle.py /opt/dinocell-app
inside dinocell-app --version
mkdir -p "$root/root/Documents/kept.dinocell"
inside apt-get purge -y -qq dinocell-app
test ! -e "$root/opt/dinocell-app"
test -e "$root/root/Documents/kept.dinocell"
echo "removed; the project is still there"
