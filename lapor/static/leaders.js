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
      const answer = await fetch(news.dataset.from + "?sekali=1" + since, { cache: "no-store", redirect: "error" });
      if (answer.ok) hear(await answer.json());
    } catch {
      // No signal; the next turn asks again.
    }
    setTimeout(ask, pause);
  };

  if (window.EventSource) {
    const stream = new EventSource(news.dataset.from);
    stream.onmessage = (event) => hear(JSON.parse(event.data));
    stream.addEventListener("akhir", () => stream.close());
    stream.onerror = () => {
      if (stream.readyState !== EventSource.CLOSED) return;
      setTimeout(ask, pause);
    };
    // A page that is put away keeps no connection.
    window.addEventListener("pagehide", () => stream.close());
  } else {
    setTimeout(ask, pause);
  }
  news.querySelector("a").addEventListener("click", (event) => {
    event.preventDefault();
    location.reload();
  });
}
