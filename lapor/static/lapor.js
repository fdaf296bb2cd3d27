// Small comforts. Every page works without this file; nothing here decides anything.
"use strict";

// The list of wrong fields is read out first.
const wrongs = document.querySelector("[data-focus]");
if (wrongs) wrongs.focus();

// Copy, share and print: shown only where the browser can do it.
function offer(button, act) {
  button.hidden = false;
  button.addEventListener("click", act);
}

document.querySelectorAll("[data-copy]").forEach((button) => {
  if (!navigator.clipboard) return;
  offer(button, async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    document.getElementById(button.dataset.says).textContent = button.dataset.done;
  });
});

document.querySelectorAll("[data-share]").forEach((button) => {
  if (!navigator.share) return;
  offer(button, () => navigator.share({ title: button.dataset.title, url: button.dataset.share }).catch(() => {}));
});

document.querySelectorAll("[data-print]").forEach((button) => offer(button, () => window.print()));

// A second tap on "send" sends nothing twice; without a signal nothing typed is lost.
const offline = document.getElementById("offline");
const showSignal = () => { if (offline) offline.hidden = navigator.onLine; };
window.addEventListener("online", showSignal);
window.addEventListener("offline", showSignal);
showSignal();

document.querySelectorAll("form[method=post]").forEach((form) => {
  form.addEventListener("submit", (event) => {
    if (!navigator.onLine || form.dataset.sent) {
      event.preventDefault();
      if (!navigator.onLine && offline) offline.scrollIntoView({ block: "center" });
      return;
    }
    form.dataset.sent = "yes";
    form.querySelectorAll("button").forEach((button) => button.setAttribute("aria-disabled", "true"));
  });
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("button").forEach((button) => button.removeAttribute("aria-disabled"));
  });
});

// Photos are made small before they travel; what this browser cannot open travels as it is.
async function shrink(file, side) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, side / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const paper = canvas.getContext("2d");
  paper.fillStyle = "#fff";
  paper.fillRect(0, 0, canvas.width, canvas.height);
  paper.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
  return small && small.size < file.size ? new File([small], "foto.jpg", { type: small.type }) : file;
}

document.querySelectorAll("input[data-shrink]").forEach((input) => {
  if (!window.createImageBitmap || !window.DataTransfer) return;
  input.addEventListener("change", async () => {
    const chosen = Array.from(input.files);
    const carrier = new DataTransfer();
    // One after the other: a cheap phone has no memory for all of them.
    for (const file of chosen) {
      carrier.items.add(await shrink(file, Number(input.dataset.shrink)).catch(() => file));
    }
    const same = input.files.length === chosen.length && chosen.every((file, place) => input.files[place] === file);
    if (same && !input.form.dataset.sent) input.files = carrier.files;
  });
});

// On a narrow screen an unused filter folds away, and the list comes first.
if (window.matchMedia("(max-width: 59.99em)").matches) {
  document.querySelectorAll("details[data-folds]:not([data-used])").forEach((filters) => { filters.open = false; });
}

// The questions of the chosen category, and of no other.
const questions = document.querySelectorAll("[data-asked-for]");
if (questions.length) {
  const category = document.getElementById("f-category");
  const ask = () => questions.forEach((group) => {
    group.hidden = group.disabled = group.dataset.askedFor !== category.value;
  });
  category.addEventListener("change", ask);
  // A browser that comes back restores what was chosen without saying that it changed.
  window.addEventListener("pageshow", ask);
  ask();
}

// After a district is chosen, only its villages are offered.
document.querySelectorAll("select[data-narrows]").forEach((wide) => {
  const narrow = document.getElementById(wide.dataset.narrows);
  const groups = Array.from(narrow.querySelectorAll("optgroup"));
  const narrowDown = () => {
    const chosen = narrow.selectedOptions[0] && narrow.selectedOptions[0].parentElement;
    groups.forEach((group) => group.remove());
    narrow.append(...groups.filter((group) => !wide.value || group.dataset.group === wide.value));
    if (chosen && chosen.dataset.group && !chosen.isConnected) narrow.value = "";
  };
  wide.addEventListener("change", narrowDown);
  narrowDown();
});

// Single keys on the desk: an element with data-key is followed, opened or focused. They can be switched off.
const switches = document.querySelectorAll("[data-keys-switch]");
const keysOff = () => localStorage.getItem("keys") === "off";
const nameSwitch = (button) => { button.textContent = keysOff() ? button.dataset.on : button.dataset.off; };
switches.forEach((button) => {
  button.hidden = false;
  nameSwitch(button);
  button.addEventListener("click", () => {
    localStorage.setItem("keys", keysOff() ? "on" : "off");
    nameSwitch(button);
  });
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || keysOff()) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (event.key === "j" || event.key === "k") return stepRows(event.key === "j" ? 1 : -1);
  if (event.key === "x") return tickRow();
  const target = document.querySelector('[data-key="' + CSS.escape(event.key) + '"]');
  if (!target) return;
  event.preventDefault();
  if (target.matches("input, textarea, select")) return target.focus();
  if (!target.matches("summary")) return target.click();
  // The form that stands open already is not shut by the key that leads to it.
  target.parentElement.open = true;
  const first = target.parentElement.querySelector("textarea, select, input:not([type=hidden])");
  if (first) first.focus();
});

function tickRow() {
  const row = document.activeElement.closest("tr, li");
  const tick = row && row.querySelector(".tick input");
  if (tick) tick.checked = !tick.checked;
}

function stepRows(step) {
  const links = Array.from(document.querySelectorAll(".list .main-cell > a"));
  const here = links.indexOf(document.activeElement);
  const next = links[Math.min(Math.max(here + step, 0), links.length - 1)];
  if (next) next.focus();
}
