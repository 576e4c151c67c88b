// The live view: looks every two seconds, stops while somebody reads or the tab is hidden.
"use strict";

(() => {
  const EVERY = 2000;
  const button = one("#pause");
  let paused = false;
  let reading = false; // paused by opening a record, and only until it is closed

  function pause(wish) {
    paused = wish;
    button.setAttribute("aria-pressed", String(paused));
    all("[data-when]", button).forEach((text) => { text.hidden = (text.dataset.when === "off") !== paused; });
    document.body.classList.toggle("paused", paused);
  }

  function tick() {
    const poll = one("#poll");
    if (!poll || paused || document.hidden) return;
    poll.setAttribute("hx-vals", JSON.stringify({ seen: one("#pulse")?.dataset.state || "" }));
    htmx.trigger(poll, "tick");
  }

  // A look brings the newest records: those that stand here already are dropped again, before
  // anything is painted; those that were opened stay as they are.
  function merge() {
    const records = one("#records");
    if (!records) return;
    const known = new Map();
    all("details.rec", records).reverse().forEach((record) => {
      if (known.has(record.id)) record.remove(); else known.set(record.id, record);
    });
    all("details.rec", records).slice(Number(records.dataset.most)).forEach((record) => record.remove());
    if (known.size) one("#nothing")?.remove();
  }

  function move(step) {
    const rows = all("#records summary");
    const at = rows.indexOf(document.activeElement);
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  button.addEventListener("click", () => { reading = false; pause(!paused); });
  document.addEventListener("toggle", (event) => {
    if (!event.target.matches("details.rec")) return;
    const open = Boolean(one("details.rec[open]"));
    if (open && !paused) { reading = true; pause(true); }
    if (!open && reading) { reading = false; pause(false); }
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || one("dialog[open]")) return;
    if (event.key === "p") button.click();
    if (event.key === "j") move(1);
    if (event.key === "k") move(-1);
  });
  document.addEventListener("htmx:after:swap", merge);
  setInterval(tick, EVERY);
})();
