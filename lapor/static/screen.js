// The screen renews itself and says when it cannot. It keeps one timer and one request at a time, and nothing grows:
// what arrives takes the place of what was there.
"use strict";

const form = document.getElementById("open-screen");
if (form && location.hash.length > 1) {
  // The code behind the # never reaches a server's log; it is taken out of the address before anything else.
  form.elements.code.value = decodeURIComponent(location.hash.slice(1)).slice(0, 40);
  history.replaceState(null, "", location.pathname);
  form.requestSubmit();
}

const figures = document.getElementById("figures");
if (figures) {
  const cut = document.getElementById("cut");
  const pause = Number(figures.dataset.seconds) * 1000;
  const night = Date.now() + Number(figures.dataset.reload) * 1000;
  const patience = 8000;
  let failed = 0;

  const sayCut = () => {
    const moment = document.getElementById("moment").textContent;
    cut.textContent = cut.dataset.words.replace("{moment}", moment);
    cut.hidden = false;
  };

  const renew = async () => {
    try {
      const answer = await fetch(figures.dataset.from, {
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.timeout(patience),
      });
      if (answer.status === 403) {
        location.reload();
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      figures.innerHTML = await answer.text();
      failed = 0;
      cut.hidden = true;
      // Once a night the page is loaded anew, only while the server answers.
      if (Date.now() > night) {
        location.reload();
        return;
      }
    } catch {
      failed += 1;
      if (failed > 1) sayCut();
    }
    setTimeout(renew, pause);
  };
  setTimeout(renew, pause);

  // A screen that nobody touches stays lit where the browser can see to it.
  const stayLit = () => {
    if (navigator.wakeLock && document.visibilityState === "visible") {
      navigator.wakeLock.request("screen").catch(() => {});
    }
  };
  document.addEventListener("visibilitychange", stayLit);
  stayLit();
}
