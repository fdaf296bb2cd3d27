// A screen that many use forgets whoever has gone. Nothing typed stays in the history, and after a while of quiet
// the page empties itself; it asks first.
"use strict";

const START = "/kiosk?bahasa=id";
const dialog = document.getElementById("still-here");

// What came back from a form would be sent again on the way back: this entry becomes an empty form.
history.replaceState(null, "", "/kiosk");

document.querySelectorAll("[data-start-over]").forEach((link) => link.addEventListener("click", (event) => {
  event.preventDefault();
  location.replace(START);
}));

if (dialog && dialog.showModal) {
  const quiet = Number(dialog.dataset.quiet) * 1000;
  const last = Number(dialog.dataset.last) * 1000;
  let touched = Date.now();
  // An empty form that nobody has touched has nothing to forget.
  let used = Boolean(document.querySelector(".slip, .wrongs"));

  const touch = () => { touched = Date.now(); };
  document.addEventListener("input", () => { used = true; });
  for (const kind of ["input", "keydown", "pointerdown", "scroll"]) {
    document.addEventListener(kind, () => { if (!dialog.open) touch(); }, { passive: true, capture: true });
  }
  const goOn = () => { touch(); if (dialog.open) dialog.close(); };
  dialog.querySelector("[data-go-on]").addEventListener("click", goOn);
  dialog.addEventListener("cancel", goOn);

  setInterval(() => {
    const since = Date.now() - touched;
    if (!used || since < quiet) return;
    if (since >= quiet + last) return location.replace(START);
    if (!dialog.open) dialog.showModal();
  }, 1000);
}
