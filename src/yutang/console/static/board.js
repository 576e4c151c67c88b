// A dashboard: cards that are dragged or moved with the arrow keys, the wall screen, printing.
"use strict";

(() => {
  const board = () => one(".board");
  const cards = () => all("[data-card]", board());

  // --- order: what stands in the page is what is kept ---
  async function keep() {
    const form = new FormData();
    cards().forEach((card) => form.append("id", card.dataset.card));
    const headers = { "X-CSRF": one("meta[name=csrf]").content, "HX-Request": "true" };
    const answer = await fetch(board().dataset.order, { method: "POST", body: form, headers }).catch(() => null);
    if (!answer?.ok) notice(answer ? words.failed : words.offline, "", "bad");
  }
  document.addEventListener("keydown", (event) => {
    const grip = event.target.closest?.("[data-drag]");
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!grip || !by) return;
    event.preventDefault();
    const card = grip.closest("[data-card]");
    const there = by < 0 ? card.previousElementSibling : card.nextElementSibling;
    if (!there) return;
    if (by < 0) there.before(card); else there.after(card);
    grip.focus();
    keep();
  });
  document.addEventListener("pointerdown", (event) => {
    const card = event.target.closest?.("[data-drag]")?.closest("[data-card]");
    if (!card || event.button) return;
    event.preventDefault();
    const before = cards().indexOf(card);
    const move = (to) => {
      const over = document.elementFromPoint(to.clientX, to.clientY)?.closest("[data-card]");
      if (!over || over === card) return;
      card.classList.add("moving");
      if (over.compareDocumentPosition(card) & Node.DOCUMENT_POSITION_FOLLOWING) over.before(card); else over.after(card);
    };
    const end = () => {
      document.removeEventListener("pointermove", move);
      card.classList.remove("moving");
      if (cards().indexOf(card) !== before) keep();
    };
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", end, { once: true });
    document.addEventListener("pointercancel", end, { once: true });
  });

  // --- the wall screen: button or f; cards refresh themselves (hx-trigger) ---
  const root = document.documentElement;
  const resized = () => window.dispatchEvent(new Event("resize"));
  const load = () => all("[hx-get]", board()).filter((card) => card.ariaBusy).forEach((card) => window.htmx.trigger(card, "again"));
  function wall() {
    if (root.classList.toggle("wall")) { root.requestFullscreen?.().catch(() => {}); load(); }
    else if (document.fullscreenElement) document.exitFullscreen();
    resized();
  }
  document.addEventListener("fullscreenchange", () => {
    root.classList.toggle("wall", Boolean(document.fullscreenElement));
    resized();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && root.classList.contains("wall") && !document.fullscreenElement) wall();
    if (event.key !== "f" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || one("dialog[open]")) return;
    if (one("[data-wall]")) wall();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-wall]")) wall();
    if (event.target.closest("[data-print]")) print();
  });

  // --- print when every card is there ---
  const settled = () => !one(".pane[aria-busy]", board());
  function print() {
    load();
    const wait = () => (settled() ? window.print() : setTimeout(wait, 100));
    wait();
  }
  document.addEventListener("htmx:after:swap", (event) => {
    event.detail?.ctx?.target?.removeAttribute?.("aria-busy");
  });
})();
