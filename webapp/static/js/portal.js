// What htmx and plain forms leave over. Every page works without it.
(() => {
  "use strict";

  // The server writes times by the reader's clock; this tells it which.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.split("; ").includes(`zone=${zone}`)) {
    document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=lax`;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    navigator.clipboard?.writeText(source ? source.textContent : button.dataset.copy);
    button.dataset.copied = "";
    setTimeout(() => delete button.dataset.copied, 1200);
  });

  // One box for all boxes of its form, and how many are ticked; a poll draws the figure anew and leaves the ticks.
  const counted = (form) => {
    const count = form.querySelector("[data-count]");
    if (count) count.textContent = Number(count.dataset.count) + form.querySelectorAll("tbody [type=checkbox]:checked").length;
  };
  document.addEventListener("change", (event) => {
    const all = event.target.closest?.("[data-all]");
    const form = event.target.form;
    if (!form) return;
    if (all) form.querySelectorAll(`tbody [name="${all.dataset.all}"]`).forEach((box) => { box.checked = all.checked; });
    counted(form);
  });
  document.addEventListener("htmx:finally:request", () => document.querySelectorAll("form:has([data-count])").forEach(counted));
})();
