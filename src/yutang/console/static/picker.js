// Choosing an event or a property: search, groups, what was used lately. Values are suggested while
// they are typed. The select stays in the form and holds what is chosen.
"use strict";

(() => {
  const form = one("#ask") || one("#rule");
  if (!form) return;
  const RECENT = 6;
  const DELAY = 150;
  const known = new Map();
  let open = null; // {field, anchor, items, at, box}

  const key = (kind) => `yutang.recent.${form.dataset.brand}.${kind}`;
  function recent(kind) {
    try { return JSON.parse(localStorage.getItem(key(kind))) || []; } catch { return []; }
  }
  function remember(kind, value) {
    if (!value) return;
    const kept = [value, ...recent(kind).filter((one) => one !== value)].slice(0, RECENT);
    try { localStorage.setItem(key(kind), JSON.stringify(kept)); } catch { /* private windows keep nothing */ }
  }

  // --- the button that stands for a select ---
  const chosen = (select) => [...select.selectedOptions].filter((option) => option.value);
  function label(select) {
    const button = select.nextElementSibling;
    const names = chosen(select).map((option) => option.label);
    const or = one("#picker-list", one("#blank-picker").content).dataset.and;
    const few = names.length > 4 ? [...names.slice(0, 3), `… (${names.length})`] : names;
    button.textContent = names.length ? few.join(` ${or} `) : select.options[0].label;
    button.classList.toggle("unset", !names.length);
    button.setAttribute("aria-label", `${select.getAttribute("aria-label")}: ${button.textContent}`);
  }
  function enhance(select) {
    if (select.dataset.picked) return;
    select.dataset.picked = "1";
    if (select.dataset.many !== undefined && !select.multiple) {
      const value = select.value;
      select.multiple = true;
      [...select.options].forEach((option) => { option.selected = Boolean(value) && option.value === value; });
    }
    select.classList.add("vh");
    select.tabIndex = -1;
    select.setAttribute("aria-hidden", "true");
    const button = Object.assign(document.createElement("button"), { type: "button", className: "slot pick" });
    button.setAttribute("aria-haspopup", "listbox");
    select.after(button);
    label(select);
    button.addEventListener("click", () => (open?.field === select ? close() : show(select, button)));
    button.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") { event.preventDefault(); show(select, button); }
    });
    select.addEventListener("change", () => label(select));
  }

  // --- the list ---
  function place(anchor, box) {
    const at = anchor.getBoundingClientRect();
    const width = Math.min(300, innerWidth - 16);
    box.style.width = `${width}px`;
    box.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8)) + scrollX}px`;
    const below = innerHeight - at.bottom;
    const high = box.offsetHeight;
    box.style.top = `${(below < high + 12 && at.top > high ? at.top - high - 4 : at.bottom + 4) + scrollY}px`;
  }
  function begin(field, anchor, items) {
    close();
    const box = one("#blank-picker").content.firstElementChild.cloneNode(true);
    document.body.append(box);
    open = { field, anchor, items, at: -1, box };
    anchor.setAttribute("aria-expanded", "true");
    box.addEventListener("pointerdown", (event) => { if (!event.target.matches("input")) event.preventDefault(); });
    box.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) pick(option, Boolean(event.target.closest(".also")));
    });
  }
  function show(select, button) {
    const groups = [...select.querySelectorAll("optgroup")].map((group) => [group.label, [...group.children]]);
    const items = (groups.length ? groups : [["", [...select.options].filter((option) => option.value)]])
      .map(([title, options]) => [title, options.map((option) => ({ value: option.value, label: option.label }))]);
    begin(select, button, items);
    const input = one("input", open.box);
    one("[data-many-help]", open.box).hidden = !select.multiple;
    input.addEventListener("input", () => fill(input.value));
    input.addEventListener("keydown", keys);
    input.addEventListener("blur", () => setTimeout(() => { if (open?.field === select && !open.box.contains(document.activeElement)) close(); }, 0));
    fill("");
    place(button, open.box);
    input.focus({ preventScroll: true });
  }
  function close(focus = false) {
    if (!open) return;
    const { anchor, box } = open;
    open = null;
    box.remove();
    anchor.setAttribute("aria-expanded", "false");
    if (focus) anchor.focus();
  }
  function fill(query) {
    const list = one("ul", open.box);
    const wanted = query.trim().toLowerCase();
    const fits = (item) => !wanted || item.label.toLowerCase().includes(wanted) || item.value.toLowerCase().includes(wanted);
    const every = open.items.flatMap(([, items]) => items);
    const lately = wanted ? [] : recent(kindOf(open.field)).map((value) => every.find((item) => item.value === value)).filter(Boolean);
    const groups = [[list.dataset.recent, lately], ...open.items.map(([title, items]) => [title, items.filter(fits)])];
    list.replaceChildren();
    const many = open.field.multiple;
    const now = open.field.matches("select") ? chosen(open.field).map((option) => option.value) : [];
    for (const [title, items] of groups) {
      if (!items.length) continue;
      if (title) list.append(Object.assign(document.createElement("li"), { className: "head", role: "presentation", textContent: title }));
      for (const item of items) {
        const option = Object.assign(document.createElement("li"), { role: "option", id: `picker-${list.children.length}`, title: item.value });
        option.dataset.value = item.value;
        option.setAttribute("aria-selected", String(now.includes(item.value)));
        if (many) option.append(Object.assign(document.createElement("span"), { className: "also", ariaHidden: "true" }));
        option.append(Object.assign(document.createElement("span"), { textContent: item.label }));
        list.append(option);
      }
    }
    if (!list.children.length) list.append(Object.assign(document.createElement("li"), { className: "head", textContent: list.dataset.none }));
    aim(wanted ? 0 : -1);
  }
  function aim(at) {
    const options = all("[role=option]", open.box);
    open.at = options.length ? Math.max(-1, Math.min(options.length - 1, at)) : -1;
    options.forEach((option, i) => option.classList.toggle("on", i === open.at));
    const on = options[open.at];
    const speaker = open.field.matches("select") ? one("input", open.box) : open.field;
    if (on) { on.scrollIntoView({ block: "nearest" }); speaker.setAttribute("aria-activedescendant", on.id); } else speaker.removeAttribute("aria-activedescendant");
  }
  function keys(event) {
    if (!open) return;
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    const on = all("[role=option]", open.box)[open.at];
    if (step) { event.preventDefault(); aim(open.at < 0 && step < 0 ? 0 : open.at + step); }
    else if (event.key === "Enter" && on) { event.preventDefault(); pick(on, event.ctrlKey || event.metaKey); }
    else if (event.key === "Escape") { event.stopPropagation(); close(true); }
    else if (event.key === "Tab" && open.field.matches("select")) close(true);
  }
  const kindOf = (field) => field.dataset.picker || `value.${propertyOf(field)}`;
  function pick(option, also) {
    const { field, anchor } = open;
    const value = option.dataset.value;
    remember(kindOf(field), value);
    if (!field.matches("select")) {
      const several = ["in", "not_in"].includes(opOf(field));
      const parts = several ? field.value.split(",").slice(0, -1).map((part) => part.trim()).filter(Boolean) : [];
      field.value = [...parts, value].join(",");
      close();
    } else if (also && field.multiple) {
      const there = [...field.options].find((one) => one.value === value);
      there.selected = !there.selected;
      option.setAttribute("aria-selected", String(there.selected));
    } else {
      [...field.options].forEach((one) => { one.selected = one.value === value; });
      close(true);
    }
    field.dispatchEvent(new Event("change", { bubbles: true }));
    if (open) place(anchor, open.box);
  }

  // --- values ---
  const propertyOf = (field) => one("[data-property]", field.parentElement)?.value || "";
  const opOf = (field) => one("[data-op]", field.parentElement)?.value || "";
  async function suggest(field) {
    const name = propertyOf(field);
    if (!name || field.hidden || ["last", "before_last", "matches"].includes(opOf(field))) return close();
    const last = field.value.split(",").pop().trim();
    const address = `${form.dataset.values}?${new URLSearchParams({ name, q: last })}`;
    if (!known.has(address)) {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      known.set(address, answer.ok ? await answer.json() : []);
    }
    const found = known.get(address);
    if (document.activeElement !== field || !found.length) return open?.field === field ? close() : undefined;
    begin(field, field, [["", found]]);
    one("input", open.box).remove();
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-controls", "picker-list");
    fill("");
    place(field, open.box);
    return undefined;
  }
  let waiting = 0;
  form.addEventListener("input", (event) => {
    if (!event.target.matches("[data-value]")) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => suggest(event.target), DELAY);
  });
  form.addEventListener("focusin", (event) => { if (event.target.matches("[data-value]")) suggest(event.target); });
  form.addEventListener("focusout", (event) => { if (open?.field === event.target) close(); });
  form.addEventListener("keydown", (event) => { if (event.target.matches("[data-value]") && open) keys(event); });

  document.addEventListener("click", (event) => {
    if (open && !open.box.contains(event.target) && !open.anchor.contains(event.target)) close();
  });
  document.addEventListener("yutang:rows", () => all("[data-picker]", form).forEach(enhance));
  document.addEventListener("htmx:after:swap", () => all("[data-picker]", form).forEach((select) => {
    if (!select.nextElementSibling?.matches(".pick")) { delete select.dataset.picked; enhance(select); }
  }));
  all("[data-picker]", form).forEach(enhance);
})();
