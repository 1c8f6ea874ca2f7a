#!/usr/bin/env bash
# Signs, notarises and wraps DINOCell.app into a disk image. Runs on macOS with Xcode's command line tools:
#
#     python installer/build.py --to dist
#     installer/macos/make_dmg.sh dist/DINOCell.app "Developer ID Application: NAME (TEAM)" PROFILE
#
# PROFILE is one of `xcrun notarytool store-credentials`. Without identity and profile the image is made
# unsigned, for trying at home: macOS then asks people to allow it under Privacy & Security.
set -euo pipefail
application=$1
identity=${2:-}
profile=${3:-}
here=$(cd "$(dirname "$0")" && pwd)
image="$(dirname "$application")/DINOCell.dmg"

if [ -n "$identity" ]; then
    # Inside first: a signature covers what is signed below it.
    find "$application/Contents" \( -name '*.so' -o -name '*.dylib' \) -print0 |
        xargs -0 -n 50 codesign --force --timestamp --options runtime --sign "$identity"
    codesign --force --timestamp --options runtime --entitlements "$here/entitlements.plist" \
        --sign "$identity" "$application"
    codesign --verify --deep --strict "$application"
fi

folder=$(mktemp -d)
cp -R "$application" "$folder/"
ln -s /Applications "$folder/Applications"
hdiutil create -volname DINOCell -srcfolder "$folder" -ov -format UDZO "$image"
rm -rf "$folder"

if [ -n "$identity" ] && [ -n "$profile" ]; then
    codesign --timestamp --sign "$identity" "$image"
    xcrun notarytool submit "$image" --keychain-profile "$profile" --wait
    xcrun stapler staple "$image"
    spctl --assess --type open --context context:primary-signature "$image"
fi
echo "$image"
