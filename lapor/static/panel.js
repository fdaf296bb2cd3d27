// The panel has a log-in and a password form of its own; both stand elsewhere for all of Lapor.
"use strict";

const elsewhere = { "#/login": "/masuk?lanjut=/admin/", "#/change-password": "/sandi" };

function follow() {
  const start = Object.keys(elsewhere).find((hash) => location.hash.startsWith(hash));
  if (start) location.replace(elsewhere[start]);
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
