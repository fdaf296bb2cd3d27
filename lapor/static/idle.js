// A session ends when nobody uses it. This file says so beforehand and keeps it open while somebody writes;
// the server decides, with or without it.
"use strict";

const idle = document.getElementById("idle");

if (idle && idle.showModal && window.fetch) {
  const SOON = 120;
  const shared = idle.dataset.shared === "yes";
  const whole = Number(idle.dataset.seconds);
  // Often enough to be believed, seldom enough to be no burden.
  const pause = Math.min(120, whole / 5) * 1000;
  const form = document.querySelector('input[name="_csrf_token"]');
  let ends = Date.now() + whole * 1000;
  let told = Date.now();
  let asking = false;

  async function ask(method) {
    if (asking) return;
    asking = true;
    try {
      // The panel has no form of the desks: there whatever is asked for is use.
      if (method === "POST" && idle.dataset.use) {
        await fetch(idle.dataset.use, { redirect: "manual" });
        method = "GET";
      }
      const headers = form ? { "x-lapor-csrf": form.value } : {};
      const answer = await fetch(idle.dataset.address, { method, headers, redirect: "manual" });
      if (answer.ok) ends = Date.now() + (await answer.json()).seconds * 1000;
      else if (answer.type === "opaqueredirect" || answer.status === 403) ends = 0;
    } catch {
      // Without a signal nothing is known; the next question will tell.
    } finally {
      asking = false;
      told = Date.now();
    }
  }

  async function use() {
    if (Date.now() - told < pause || idle.open) return;
    told = Date.now();
    await ask("POST");
  }

  function show(part) {
    idle.querySelectorAll("[data-part]").forEach((one) => { one.hidden = one.dataset.part !== part; });
    if (!idle.open) idle.showModal();
  }

  async function look() {
    const left = () => (ends - Date.now()) / 1000;
    if (left() > SOON) {
      if (idle.open) idle.close();
      return;
    }
    // Another tab may have been used meanwhile.
    if (ends) await ask("GET");
    if (left() > SOON) return;
    if (left() > 0) return show("soon");
    // On a shared computer nothing stays on the screen; on one's own what was typed does.
    if (shared) location.replace(idle.dataset.login);
    else show("over");
  }

  for (const kind of ["input", "keydown", "pointerdown", "scroll"]) {
    document.addEventListener(kind, use, { passive: true, capture: true });
  }
  idle.querySelector("[data-stay]").addEventListener("click", async () => {
    await ask("POST");
    if (ends > Date.now()) idle.close();
  });
  idle.querySelector("[data-close]").addEventListener("click", () => idle.close());
  window.addEventListener("focus", look);
  setInterval(look, Math.min(15, whole / 10) * 1000);
}
