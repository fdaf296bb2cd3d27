// The desk's comforts: what changed announces itself, rows are walked and chosen by keys. Every page works without it.
"use strict";

// ---- news: one stream while the page is looked at; asked now and then where no stream gets through ----
const live = document.getElementById("live");
const POLL_SECONDS = 30;
const SILENT_SECONDS = 45;

if (live) {
  const news = live.querySelector(".live-news");
  const ended = live.querySelector(".live-end");
  let stream = null;
  let mark = "";
  let changed = 0;
  let total = Number(live.dataset.total);
  let heardAt = Date.now();
  let polling = 0;
  let over = false;

  const address = (more) => {
    const found = new URL(live.dataset.stream, location.href);
    if (mark) found.searchParams.set("sejak", mark);
    if (more) found.searchParams.set(more, "1");
    return found;
  };

  const show = (told) => {
    mark = String(told.mark);
    // What left this list, or came while the page was on its way, is a change too; a list of words is told no number.
    const now = told.total ?? total;
    changed += Math.max(told.changed, told.changed ? 0 : Math.abs(now - total), told.many ? 1 : 0);
    total = now;
    for (const tally of document.querySelectorAll("[data-tab]")) {
      const count = told.tabs[tally.dataset.tab];
      if (count !== undefined) tally.textContent = count > 1000 ? "1000+" : String(count);
    }
    if (!changed) return;
    live.querySelector(".live-words").textContent = live.dataset.one.replace("#", changed);
    news.hidden = false;
    news.querySelector("a").dataset.key = "r";
  };

  const end = () => {
    over = true;
    close();
    news.hidden = true;
    ended.hidden = false;
  };

  const ask = async () => {
    if (document.hidden || over) return;
    try {
      const answer = await fetch(address("sekali"), { headers: { accept: "application/json" } });
      if (answer.redirected || answer.status === 401 || answer.status === 403) return end();
      if (answer.ok) show(await answer.json());
    } catch {
      // No signal: the next time will do.
    }
  };

  const poll = () => {
    close();
    if (!polling) polling = setInterval(ask, POLL_SECONDS * 1000);
  };

  const close = () => {
    if (stream) stream.close();
    stream = null;
    clearInterval(polling);
    polling = 0;
  };

  const open = () => {
    if (over || stream) return;
    if (!window.EventSource) return poll();
    heardAt = Date.now();
    stream = new EventSource(address());
    stream.onmessage = (event) => { heardAt = Date.now(); show(JSON.parse(event.data)); };
    stream.addEventListener("detak", () => { heardAt = Date.now(); });
    stream.addEventListener("akhir", end);
    stream.onerror = () => { if (stream && stream.readyState === EventSource.CLOSED) poll(); };
  };

  // A browser opens few connections to one place: a page nobody looks at keeps none.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return close();
    open();
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  setInterval(() => {
    if (stream && Date.now() - heardAt > SILENT_SECONDS * 1000) { close(); open(); }
  }, 15000);
  open();
}

// ---- rows: chosen ones are counted, arrows walk like j and k ----
const chosen = document.getElementById("pilihan");

if (chosen) {
  const ticks = Array.from(document.querySelectorAll(".tick input"));
  const count = () => {
    const number = ticks.filter((tick) => tick.checked).length;
    chosen.querySelector("[data-chosen-count]").textContent = String(number);
    chosen.classList.toggle("chosen-some", number > 0);
  };
  const all = chosen.querySelector("[data-choose-all]");
  all.hidden = false;
  all.addEventListener("click", () => {
    const every = ticks.every((tick) => tick.checked);
    ticks.forEach((tick) => { tick.checked = !every; });
    count();
  });
  document.addEventListener("change", count);
  document.addEventListener("keyup", (event) => { if (event.key === "x") count(); });
  count();
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  const links = Array.from(document.querySelectorAll(".list .main-cell > a"));
  const here = links.indexOf(document.activeElement);
  if (here < 0) return;
  const next = links[here + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
});

// ---- the list of keys ----
document.querySelectorAll("[data-opens]").forEach((button) => {
  const dialog = document.getElementById(button.dataset.opens);
  if (!dialog.showModal) return;
  button.parentElement.hidden = false;
  button.addEventListener("click", () => { if (!dialog.open) dialog.showModal(); });
});
