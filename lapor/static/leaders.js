// The escalation list says when it has changed. Nothing moves under the reader's finger: the page is loaded anew only
// when they ask for it. Without a stream it asks now and then; without this file the page is as it was when opened.
"use strict";

const news = document.getElementById("news");
if (news) {
  const words = news.querySelector("[data-words]");
  const number = Number(news.dataset.waiting);
  let mark = null;
  let pause = 30000;

  const hear = (message) => {
    // The first message only says where we stand; what changed before the page was made is on it already.
    const changed = mark === null ? message.total !== Number(news.dataset.total) : message.changed > 0 || message.many;
    mark = message.mark;
    if (!changed) return;
    const said = message.waiting > number ? "more" : message.waiting < number ? "less" : "same";
    words.textContent = words.dataset[said].replace("{count}", message.waiting);
    news.hidden = false;
  };

  const ask = async () => {
    try {
      const since = mark === null ? "" : "&sejak=" + mark;
      const address = news.dataset.from + "?sekali=1" + since;
      const answer = document.hidden ? null : await fetch(address, { cache: "no-store", redirect: "error" });
      if (answer && answer.ok) hear(await answer.json());
    } catch {
      // No signal; the next turn asks again.
    }
    setTimeout(ask, pause);
  };

  let stream = null;
  let asks = false;
  const askOnly = () => {
    if (!asks) setTimeout(ask, pause);
    asks = true;
  };
  const open = () => {
    if (stream || asks || document.hidden) return;
    // Whoever comes back hears what happened meanwhile.
    stream = new EventSource(news.dataset.from + (mark === null ? "" : "?sejak=" + mark));
    stream.onmessage = (event) => hear(JSON.parse(event.data));
    // The session is over: nothing more will be told.
    stream.addEventListener("akhir", (event) => event.target.close());
    stream.onerror = (event) => { if (event.target.readyState === EventSource.CLOSED) askOnly(); };
  };
  const close = () => {
    if (stream) stream.close();
    stream = null;
  };
  if (window.EventSource) {
    // A page that nobody looks at keeps no connection; one that comes back has it again.
    document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
    window.addEventListener("pagehide", close);
    window.addEventListener("pageshow", open);
    open();
  } else {
    askOnly();
  }
  news.querySelector("a").addEventListener("click", (event) => {
    event.preventDefault();
    location.reload();
  });
}
