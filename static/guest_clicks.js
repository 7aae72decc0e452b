// A kiosk's links open where they are: with Shift, Ctrl, Alt or another button than the first a browser
// would open a window with an address bar, a tab, or a download.

function stay(event) {
  if (event.button || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) event.preventDefault();
}

for (const click of ["click", "auxclick"]) document.addEventListener(click, stay, true);
