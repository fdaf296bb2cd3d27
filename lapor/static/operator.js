// What helps an operator while somebody speaks: proposals and history come by themselves. The form works without it.
"use strict";

const form = document.getElementById("loket");

if (form && window.fetch) {
  const words = document.getElementById("f-text");
  const phone = document.getElementById("f-phone");
  const proposals = document.getElementById("saran");
  const history = document.getElementById("riwayat");
  const hidden = () => ["anonymous", "confidential"].includes(new FormData(form).get("privacy"));

  document.querySelectorAll("[data-without-script]").forEach((part) => { part.hidden = true; });
  document.querySelectorAll("[data-with-script]").forEach((part) => { part.hidden = false; });
  if (!form.querySelector("[data-focus]")) words.focus();

  // Only what the question needs travels.
  async function ask(place, fields) {
    const typed = new FormData(form);
    const sent = new URLSearchParams();
    for (const name of ["_csrf_token", ...fields]) sent.set(name, typed.get(name) || "");
    try {
      const answer = await fetch(place.dataset.from, {
        method: "POST", body: sent, headers: { "x-lapor-part": "1" }, redirect: "manual",
      });
      return answer.ok ? await answer.text() : null;
    } catch {
      // No signal: the lists are there.
      return null;
    }
  }

  let waiting = 0;
  let proposed = "";
  words.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const about = words.value;
      const found = about.trim().length < 4 ? "" : await ask(proposals, ["text"]);
      // Nothing moves under the hand that is choosing, and an answer to old words is no answer.
      if (found === null || found === proposed || about !== words.value || proposals.contains(document.activeElement)) return;
      proposed = found;
      proposals.innerHTML = found;
    }, 400);
  });

  form.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-fill]");
    if (!chosen) return;
    const fill = (id, value) => {
      const field = document.getElementById(id);
      field.value = value;
      field.dispatchEvent(new Event("change", { bubbles: true }));
      return field;
    };
    const field = fill(chosen.dataset.fill, chosen.dataset.value);
    if (chosen.dataset.then) fill(chosen.dataset.then, chosen.dataset.thenValue);
    field.focus();
  });

  // Each look is recorded, so the same number is asked for once.
  let looked = "";
  async function look() {
    const digits = phone.value.replace(/\D/g, "");
    if (hidden() || digits.length < 8 || digits === looked) return;
    looked = digits;
    const found = await ask(history, ["phone", "privacy"]);
    if (found !== null && !hidden()) history.innerHTML = found;
  }
  phone.addEventListener("change", look);
  form.addEventListener("change", (event) => {
    if (event.target.name !== "privacy") return;
    if (!hidden()) return look();
    looked = "";
    history.textContent = "";
  });

  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.ctrlKey) return;
    event.preventDefault();
    form.requestSubmit();
  });
}
