// Questions: rows that are added, copied, moved, dropped; conditions within conditions; what fits
// beside what. Names follow from the places of data-list, data-object and data-field.
"use strict";

(() => {
  const form = one("#ask");
  if (!form) return;
  const changed = () => form.dispatchEvent(new Event("change", { bubbles: true }));
  const blank = (template) => template.content.firstElementChild.cloneNode(true);
  const itemsOf = (list) => one(":scope > [data-items]", list);
  const rowsOf = (items) => [...items.children].filter((row) => row.matches("[data-item]"));

  // --- names and what is shown ---
  function rename(scope, prefix) {
    for (const child of scope.children) {
      if (child.dataset.field) child.name = prefix + child.dataset.field;
      if (child.dataset.list) rowsOf(itemsOf(child)).forEach((row, i) => rename(row, `${prefix}${child.dataset.list}.${i}.`));
      else rename(child, child.dataset.object ? `${prefix}${child.dataset.object}.` : prefix);
    }
  }
  function fit() {
    all("[data-op]", form).forEach((op) => {
      const row = op.parentElement;
      const type = one("[data-property]", row).selectedOptions[0]?.dataset.type || "string";
      const fits = [...op.options].filter((option) => { option.hidden = option.disabled = option.dataset.type !== type; return !option.hidden; });
      if (!fits.includes(op.selectedOptions[0])) fits[0].selected = true;
      const typed = one("[data-value]", row), pickers = all("[data-sets]", row);
      const none = ["is_set", "is_empty"].includes(op.value);
      const fitting = pickers.find((picker) => picker.dataset.sets === type);
      typed.hidden = none || Boolean(fitting);
      if (pickers.length) typed.disabled = Boolean(fitting) && !none;
      pickers.forEach((picker) => {
        picker.hidden = none || picker !== fitting;
        one("select", picker).disabled = picker.hidden;
      });
    });
    all("[data-when]", form).forEach((part) => {
      const scope = part.parentElement.closest("[data-item],[data-object]") || form;
      const value = one(`[data-field="${part.dataset.when}"]`, scope)?.value;
      part.hidden = !part.dataset.values.split(",").includes(value);
      all("input,select", part).forEach((field) => { field.disabled = part.hidden; });
    });
    all("[data-list]", form).forEach((list) => {
      const rows = rowsOf(itemsOf(list));
      const add = one(":scope > [data-act=add]", list);
      if (add) add.hidden = rows.length >= Number(list.dataset.most);
      rows.forEach((row, i) => {
        const up = one(":scope > .tools > [data-act=up]", row);
        if (up) up.disabled = i === 0;
      });
    });
  }
  function settle(tell = true) {
    rename(form, "");
    fit();
    document.dispatchEvent(new CustomEvent("yutang:rows", { detail: form }));
    if (tell) changed();
  }

  // --- acts ---
  const first = (row) => one(".pick,select:not(.vh),input:not([type=hidden])", row)?.focus();
  function addCondition(box, kind) {
    const fresh = blank(one(`#blank-${kind}`));
    itemsOf(one("[data-list=where]", box)).append(fresh);
    settle(false);
    first(fresh);
  }
  function copyOf(row) {
    const fresh = row.cloneNode(true);
    all(".pick", fresh).forEach((button) => button.remove());
    const before = all("select,input,textarea", row);
    all("select,input,textarea", fresh).forEach((field, i) => {
      delete field.dataset.picked;
      if (field.multiple) [...field.options].forEach((option, j) => { option.selected = before[i].options[j].selected; });
      else field.value = before[i].value;
    });
    row.after(fresh);
    return fresh;
  }
  function drop(row) {
    const list = row.closest("[data-list]");
    const next = row.nextElementSibling || row.previousElementSibling;
    const [items, after] = [row.parentElement, row.nextElementSibling];
    row.remove();
    notice(words.dropped, "", "", [words.undo, () => { items.insertBefore(row, after?.isConnected ? after : null); settle(); first(row); }]);
    const focus = (next && one(".pick,select:not(.vh)", next)) || one(":scope > [data-act=add]", list) || one("[data-act=condition]", list.parentElement);
    focus?.focus();
  }
  function shift(row, by) {
    const rows = rowsOf(row.parentElement);
    const there = rows[rows.indexOf(row) + by];
    if (!there) return;
    if (by < 0) there.before(row); else there.after(row);
    one("#moved").textContent = `${rowsOf(row.parentElement).indexOf(row) + 1} / ${rows.length}`;
    settle();
  }
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (!button) return;
    const row = button.closest("[data-item]");
    const act = button.dataset.act;
    if (act === "add") {
      const list = button.closest("[data-list]");
      const fresh = blank(one(":scope > template", list));
      itemsOf(list).append(fresh);
      settle(false);
      first(fresh);
    } else if (act === "condition" || act === "group") {
      addCondition(button.closest("[data-conds]") || one("[data-conds]", row), act);
    } else if (act === "copy") {
      const fresh = copyOf(row);
      settle();
      first(fresh);
    } else if (act === "up") {
      shift(row, -1);
      (button.disabled ? one("[data-act=move]", row) : button).focus();
    } else if (act === "drop") {
      drop(row);
      settle();
    }
  });
  form.addEventListener("keydown", (event) => {
    const grip = event.target.closest("[data-act=move]");
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!grip || !by) return;
    event.preventDefault();
    shift(grip.closest("[data-item]"), by);
    grip.focus();
  });

  // --- dragging, with a mouse or a finger ---
  form.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("[data-act=move]");
    if (!grip || event.button) return;
    const row = grip.closest("[data-item]");
    const before = rowsOf(row.parentElement).indexOf(row);
    const move = (to) => {
      const over = rowsOf(row.parentElement).find((other) => {
        const box = other.getBoundingClientRect();
        return other !== row && to.clientY > box.top && to.clientY < box.bottom;
      });
      if (!over) return;
      row.classList.add("moving");
      if (over.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING) over.before(row); else over.after(row);
    };
    const end = () => {
      document.removeEventListener("pointermove", move);
      row.classList.remove("moving");
      if (rowsOf(row.parentElement).indexOf(row) !== before) settle();
    };
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", end, { once: true });
    document.addEventListener("pointercancel", end, { once: true });
  });

  // --- days: a preset shows what it means; days of one's own leave it ---
  const range = form.elements.range;
  form.addEventListener("change", (event) => {
    if (["from", "to"].includes(event.target.name)) range.value = "custom";
    if (event.target.dataset?.field) fit();
    all("[data-conds]", form).forEach((box) => box.classList.toggle("either", one("[data-field=where_join]", box).value === "or"));
  }, true);
  function showDays() {
    const days = one("#answer [data-span]");
    if (!days || range.value !== days.dataset.span || range.value === "custom") return;
    form.elements.from.value = days.dataset.from;
    form.elements.to.value = days.dataset.to;
  }

  // --- the address holds what was chosen, not what is so anyway ---
  document.addEventListener("htmx:config:request", (event) => {
    const body = event.detail.ctx.request.body;
    if (!body?.has?.("range") || event.detail.ctx.request.method !== "GET") return;
    for (const field of all("[data-usual]", form)) if (field.value === field.dataset.usual) body.delete(field.name);
    if (range.value === "custom") body.delete("range"); else ["from", "to"].forEach((name) => body.delete(name));
  });

  // --- an error stands at its field ---
  function showError() {
    one("#field-bad")?.remove();
    all("[aria-invalid]", form).forEach((field) => { field.removeAttribute("aria-invalid"); field.removeAttribute("aria-describedby"); });
    const said = one("#answer [data-place]");
    const place = said?.dataset.place;
    if (!place) return;
    const fields = [...form.elements].filter((field) => field.name && !field.disabled);
    const field = fields.find((one) => one.name === place) || fields.find((one) => one.name.startsWith(`${place}.`));
    if (!field) return;
    const shown = field.matches(".vh") ? field.nextElementSibling : field;
    const note = Object.assign(document.createElement("span"), { id: "field-bad", className: "field-bad", textContent: said.dataset.why });
    shown.after(note);
    [field, shown].forEach((one) => { one.setAttribute("aria-invalid", "true"); one.setAttribute("aria-describedby", "field-bad"); });
    shown.closest("details")?.setAttribute("open", "");
  }
  // Who asks with the Enter key or the button goes on where the answer, or the first error, is.
  let went = false;
  form.addEventListener("submit", () => { went = true; });
  const answered = () => {
    showDays();
    showError();
    if (went) (one("[aria-invalid]:not(.vh)", form) || one("#answer")).focus();
    went = false;
  };
  document.addEventListener("htmx:after:swap", answered);
  settle(false);
  answered();
})();
