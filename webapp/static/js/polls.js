// Pages that ask by themselves: silent while hidden, and honest when nobody answers.
(() => {
  "use strict";
  const one = (selector) => document.querySelector(selector);
  const polls = (element) => element?.hasAttribute?.("data-poll");
  let heard = Date.now(); // when the portal answered last
  let seen = heard; // since when somebody looks: a page that was hidden is not late yet
  let failed = false;
  let over = false; // the session, not the job

  // A hidden tab asks for nothing; seen again, it asks at once.
  document.addEventListener("htmx:before:request", (event) => {
    if ((document.hidden || over) && polls(event.detail.ctx.sourceElement)) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    seen = Date.now();
    document.querySelectorAll("[data-poll]").forEach((element) => htmx.trigger(element, "every"));
  });

  // A poll that fails changes nothing on the page, so the page says how old it is.
  const late = (poll) => {
    const every = Number.parseFloat(poll.getAttribute("hx-trigger")?.replace("every ", "")) || 10;
    return failed || Date.now() - Math.max(heard, seen) > 1000 * (3 * every + 2);
  };
  const show = (note, yes) => {
    if (!note || note.hidden !== yes) return;
    note.hidden = !yes;
    const said = note.querySelector("[data-told]"); // it is announced when it changes, not when it appears
    said.textContent = yes ? said.dataset.told : "";
  };
  const tell = () => {
    const poll = one("[data-poll]");
    const age = Math.round((Date.now() - heard) / 1000);
    show(one("#over"), over);
    show(one("#still"), !over && !document.hidden && poll !== null && late(poll));
    const told = one("[data-age]");
    if (told) told.textContent = age < 120 ? `${age} s` : `${Math.floor(age / 60)} min`;
  };
  const wrong = (event) => {
    const ctx = event.detail?.ctx;
    if (ctx?.response?.status === 401) over = true;
    else if (polls(ctx?.sourceElement)) failed = true;
    tell();
  };
  document.addEventListener("htmx:response:error", wrong);
  document.addEventListener("htmx:error", wrong);
  document.addEventListener("htmx:after:request", (event) => {
    if (event.detail.ctx.response.status >= 400) return;
    if (polls(event.detail.ctx.sourceElement)) { failed = false; heard = Date.now(); }
    tell();
  });
  setInterval(tell, 1000);

  // States are said aloud, at most every ten seconds; figures never.
  const QUIET = 10_000;
  const state = () => one("[data-said]")?.textContent.trim();
  let said = state();
  let spoke = 0;
  let waits;
  const say = () => {
    const now = state();
    clearTimeout(waits);
    if (now === undefined || now === said) return;
    const rest = spoke + QUIET - Date.now();
    if (rest > 0) { waits = setTimeout(say, rest); return; }
    one("#said").textContent = said = now;
    spoke = Date.now();
  };
  document.addEventListener("htmx:finally:request", say);
})();
