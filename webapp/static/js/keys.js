// Single keys for what the menu and the lists offer; `?` shows them. Never while somebody types, and not for whoever
// has switched them off in that list.
(() => {
  "use strict";
  const one = (selector) => document.querySelector(selector);
  const TYPED = "input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]";
  const SECOND_KEY = 1500; // ms to say where to go
  const off = () => document.cookie.split("; ").includes("keys=off");
  let going = 0;

  const row = () => document.activeElement?.closest?.("main tbody tr");
  const move = (by) => {
    const rows = [...document.querySelectorAll("main tbody tr:has(a[href])")].filter((each) => each.checkVisibility());
    const next = rows[Math.min(Math.max(rows.indexOf(row()) + by, 0), rows.length - 1)];
    (next?.querySelector("th a[href]") ?? next?.querySelector("a[href]"))?.focus();
  };
  const search = () => {
    const box = one("main #q") ?? one("#find");
    box?.focus();
    box?.select();
  };

  // The list is a page of its own; here it comes as a dialog.
  const fit = (list) => {
    list.querySelectorAll("[data-scripted]").forEach((element) => { element.hidden = false; });
    list.querySelector("[data-keys]").checked = !off();
  };
  const show = async () => {
    let dialog = one("dialog.keys");
    if (!dialog) {
      const answer = await fetch(one("#keys-link").href);
      const list = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#keys");
      if (!list) { location.assign(one("#keys-link").href); return; }
      list.querySelector("[data-close]").hidden = false;
      dialog = document.createElement("dialog");
      dialog.className = "keys";
      dialog.setAttribute("aria-labelledby", "h-keys");
      dialog.append(list);
      document.body.append(dialog);
    }
    fit(dialog);
    if (!dialog.open) dialog.showModal();
  };
  if (one("#keys")) fit(one("#keys"));
  document.addEventListener("change", (event) => {
    if (!event.target.matches?.("[data-keys]")) return;
    document.cookie = `keys=${event.target.checked ? "on" : "off"}; path=/; max-age=31536000; samesite=lax`;
  });

  const acts = {
    "?": show,
    "/": search,
    g: () => { going = Date.now(); },
    j: () => move(1),
    k: () => move(-1),
    x: () => row()?.querySelector("[type=checkbox]")?.click(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || off()) return;
    if (event.target.closest?.(TYPED) || one("dialog[open]")) return;
    const to = Date.now() - going < SECOND_KEY ? one(`#nav [data-go="${CSS.escape(event.key)}"]`) : null;
    going = 0;
    const act = to ? () => to.click() : acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
