// The panel has a log-in and a password form of its own; both stand elsewhere for all of Lapor.
"use strict";

const elsewhere = { "#/login": "/masuk?lanjut=/admin/", "#/change-password": "/sandi" };
const onlyRead = document.documentElement.dataset.readOnly.split(" ");

function follow() {
  const start = Object.keys(elsewhere).find((hash) => location.hash.startsWith(hash));
  if (start) location.replace(elsewhere[start]);
  // What cannot be changed offers no button to change it.
  document.documentElement.classList.toggle("read-only", onlyRead.includes(location.hash.split(/[/?]/)[1]));
}

// Times are shown in the officer's own zone unless another was chosen.
if (!localStorage.getItem("defaultTimezone")) {
  localStorage.setItem("defaultTimezone", Intl.DateTimeFormat().resolvedOptions().timeZone);
}

window.addEventListener("hashchange", follow);
follow();

// The router of the panel changes the address without an event.
for (const name of ["pushState", "replaceState"]) {
  const original = history[name];
  history[name] = function (...rest) {
    original.apply(this, rest);
    follow();
  };
}
