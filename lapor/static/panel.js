// The panel has a log-in and a password form of its own; both stand elsewhere for all of Lapor.
"use strict";

const elsewhere = { "#/login": "/masuk?lanjut=/admin/", "#/change-password": "/sandi" };
const onlyRead = document.documentElement.dataset.readOnly.split(" ");
const kept = document.documentElement.dataset.kept.split(" ");

function follow() {
  const start = Object.keys(elsewhere).find((hash) => location.hash.startsWith(hash));
  if (start) location.replace(elsewhere[start]);
  // What cannot be changed or taken away offers no button for it.
  const table = location.hash.split(/[/?]/)[1];
  document.documentElement.classList.toggle("read-only", onlyRead.includes(table));
  document.documentElement.classList.toggle("kept", kept.includes(table));
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

// A change that touches more than its row is confirmed on a page that says what it touches.
const send = XMLHttpRequest.prototype.send;
XMLHttpRequest.prototype.send = function (...rest) {
  this.addEventListener("load", () => {
    if (this.status !== 422) return;
    const answer = typeof this.response === "string" ? this.response : "{}";
    const found = /"confirm": ?"(\/meja\/daftar\/usulan\/\d+)"/.exec(answer);
    if (found) location.assign(found[1]);
  });
  return send.apply(this, rest);
};

// These few words stand fixed in the panel's own program.
const said = { True: "Ya", False: "Tidak", Null: "Kosong", NULL: "Kosong", None: "Kosong", All: "Semua" };

function retell() {
  for (const one of document.querySelectorAll("option, td code")) {
    const words = said[one.textContent.trim()];
    if (words) one.textContent = words;
  }
  for (const one of document.querySelectorAll("input[placeholder]")) {
    const words = said[one.placeholder];
    if (words) one.placeholder = words;
  }
}

new MutationObserver(retell).observe(document.documentElement, { childList: true, subtree: true });
