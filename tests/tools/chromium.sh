#!/bin/sh
# Chromium, without the pages that its own window loads: those of the address bar cost more than a test's page.
# Chromium uses the last --disable-features only, so these features are added to the ones the driver disables.
set -eu
unused=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,SpareRendererForSitePerProcess
for argument in "$@"; do
    shift
    case $argument in --disable-features=*) argument=$argument,$unused ;; esac
    set -- "$@" "$argument"
done
exec chromium "$@"
