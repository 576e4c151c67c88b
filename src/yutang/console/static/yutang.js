// Small named behaviours, each tied to a data- attribute. Pages work without them.
"use strict";

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const typing = (element) => element.closest("input,textarea,select,[contenteditable]");
const words = JSON.parse(one("#words")?.textContent || "{}");

// --- keyboard: / search, g + letter, ? help ---
let going = 0;
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus();
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (one("dialog[open]")) return;
  if (event.key === "/") {
    const box = all("[data-search]").find((input) => input.offsetParent);
    if (box) { event.preventDefault(); box.focus(); box.select(); }
  } else if (event.key === "?") {
    one("#keys")?.showModal();
  } else if (event.key === "g") {
    going = Date.now();
  } else if (Date.now() - going < 1500) {
    const link = one(`[data-key="${CSS.escape(event.key)}"]`);
    going = 0;
    if (link) location.href = link.href;
  }
});

// --- menus are <details>; opening one closes the others ---
const closeMenus = (but) => all("details.menu[open],details.what[open]").forEach((menu) => {
  if (menu !== but && !menu.contains(but)) menu.open = false;
});
document.addEventListener("click", (event) => {
  closeMenus(event.target.closest("details.menu,details.what"));
  const opener = event.target.closest("[data-opens]");
  if (opener) one(opener.dataset.opens)?.showModal();
  if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
  if (event.target.matches("dialog")) event.target.close();
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(copier);
});

async function copy(button) {
  const text = button.dataset.copy ? one(button.dataset.copy).textContent.trim() : location.href;
  await navigator.clipboard.writeText(text);
  notice(words.copied);
}

// --- a question in SQL: Ctrl+Enter asks, a name goes where the cursor is ---
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("[data-run]")) {
    event.preventDefault();
    one("button", event.target.form).click();
  }
});
document.addEventListener("click", (event) => {
  const name = event.target.closest("[data-insert]");
  if (!name) return;
  const into = one(name.dataset.into);
  into.setRangeText(name.dataset.insert, into.selectionStart, into.selectionEnd, "end");
  into.focus();
});

// --- notices ---
function notice(text, hint = "", kind = "", act = null) { // act: [what its button says, what it does]
  const box = one("#notices");
  const item = document.createElement("div");
  item.className = `msg ${kind}`;
  const body = document.createElement("div");
  const title = document.createElement("b");
  title.textContent = text;
  body.append(title);
  if (hint) {
    const more = document.createElement("p");
    more.textContent = hint;
    body.append(more);
  }
  if (act) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn-l", textContent: act[0] });
    button.addEventListener("click", () => { item.remove(); act[1](); });
    body.append(" ", button);
  }
  item.append(body);
  box.append(item);
  setTimeout(() => item.remove(), kind === "bad" ? 12000 : 5000);
}
document.addEventListener("notice", (event) => {
  const { text, hint, kind } = event.detail;
  notice(text, hint, kind);
});
document.addEventListener("htmx:error", (event) => {
  if (event.detail?.ctx?.response) return; // an answer with a status is shown by its own notice
  notice(words.offline, words.offline_hint, "bad");
});

// --- every changing request carries the session's value ---
document.addEventListener("htmx:config:request", (event) => {
  const value = one("meta[name=csrf]")?.content;
  const request = event.detail.ctx.request;
  if (value && request.method !== "GET") request.headers["X-CSRF"] = value;
  if (request.method === "GET") dropEmpty(request.body);
});
function dropEmpty(body) {
  for (const [key, value] of [...body.entries()]) if (value === "") body.delete(key);
}

// --- a form that asks before it acts ---
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-confirm]");
  if (!form || form.dataset.sure) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const dialog = one("#sure");
  one("[data-sure-text]", dialog).textContent = form.dataset.confirm;
  one("[data-sure-more]", dialog).textContent = form.dataset.confirmMore || "";
  const yes = one("[data-sure-yes]", dialog);
  yes.textContent = form.dataset.confirmYes || words.go_on;
  yes.onclick = () => {
    dialog.close();
    form.dataset.sure = "1";
    form.requestSubmit(event.submitter || undefined);
    delete form.dataset.sure;
  };
  dialog.showModal();
}, true);

// --- dates are typed and shown as 2026-11-22 everywhere; the browser's calendar is one click away ---
function wireDate(field) {
  const picker = Object.assign(document.createElement("input"), { type: "date", tabIndex: -1, className: "picker" });
  picker.setAttribute("aria-hidden", "true");
  field.after(picker);
  field.addEventListener("click", () => { picker.value = field.value; picker.showPicker?.(); });
  picker.addEventListener("change", (event) => {
    event.stopPropagation();
    field.value = picker.value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

// --- files: drop, and upload with progress ---
function wireDrop(label) {
  const input = one("input[type=file]", label);
  const stop = (event) => { event.preventDefault(); label.classList.toggle("over", event.type === "dragover"); };
  label.addEventListener("dragover", stop);
  label.addEventListener("dragleave", stop);
  label.addEventListener("drop", (event) => {
    stop(event);
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  input.addEventListener("change", () => input.files.length && upload(input.form));
}
function upload(form) {
  const line = one("[data-upload-line]", form);
  const request = new XMLHttpRequest();
  request.upload.onprogress = (event) => {
    line.hidden = false;
    one("i", line).style.width = `${(100 * event.loaded) / event.total}%`;
  };
  request.onload = () => {
    const there = request.getResponseHeader("HX-Redirect");
    if (there) { location.href = there; return; }
    line.hidden = true;
    const trigger = request.getResponseHeader("HX-Trigger");
    const said = trigger ? JSON.parse(trigger).notice : { text: words.failed };
    notice(said.text, said.hint, "bad");
  };
  request.onerror = () => { line.hidden = true; notice(words.offline, words.offline_hint, "bad"); };
  request.open("POST", form.action);
  request.setRequestHeader("HX-Request", "true");
  request.setRequestHeader("X-CSRF", one("meta[name=csrf]").content);
  request.send(new FormData(form));
}

// --- rows that are moved up and down ---
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-row]");
  if (!button) return;
  event.preventDefault(); // without this script it sends its form
  const row = button.closest("[data-rows] > *");
  const act = button.dataset.row;
  if (act === "up") row.previousElementSibling?.before(row); else row.nextElementSibling?.after(row);
  (button.checkVisibility({ visibilityProperty: true }) ? button : one("[data-row]:not([data-row=" + act + "])", row)).focus();
  button.closest("form").dispatchEvent(new Event("change", { bubbles: true }));
});

// A dialog that saves a question takes along what the question form holds at that moment.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-takes]");
  if (!form) return;
  all("[data-taken]", form).forEach((field) => field.remove());
  for (const [name, value] of new FormData(one(form.dataset.takes))) {
    const field = Object.assign(document.createElement("input"), { type: "hidden", name, value });
    field.dataset.taken = "";
    form.append(field);
  }
}, true);

// --- a form whose button waits until something was changed ---
document.addEventListener("change", (event) => {
  const button = event.target.closest("form[data-saves]")?.querySelector("[data-save]");
  if (!button) return;
  button.disabled = false;
  button.className = "btn-p";
});

// --- check all, and a bar that counts what is checked ---
document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches("[data-check-all]")) {
    all(box.dataset.checkAll).forEach((other) => { other.checked = box.checked; });
  }
  const form = box.form?.matches("[data-counts]") ? box.form : null;
  if (!form) return;
  const chosen = [...form.elements].filter((one) => one.name === "id" && one.checked).length;
  all("[data-chosen]", form).forEach((place) => { place.textContent = chosen; });
  all("[data-needs-chosen]", form).forEach((button) => { button.disabled = chosen === 0; });
});

// --- typing into one of several choices chooses it ---
document.addEventListener("input", (event) => {
  const box = event.target.closest("[data-picks]");
  if (box && !event.target.matches("[type=radio]")) one("[type=radio]", box).checked = true;
});

function start(root) {
  all("label.drop", root).forEach(wireDrop);
  all("[data-date]", root).forEach(wireDate);
  all(".tabs [aria-current]", root).forEach((tab) => {
    tab.parentElement.scrollLeft = tab.offsetLeft - (tab.parentElement.clientWidth - tab.offsetWidth) / 2;
  });
  all("[data-save]", root).forEach((button) => { button.disabled = true; });
  all("[data-go]", root).forEach((field) => {
    field.addEventListener("change", () => { location.href = field.dataset.go + encodeURIComponent(field.value); });
  });
  all("[data-submit-on-change]", root).forEach((field) => {
    field.addEventListener("change", () => field.form.requestSubmit());
  });
}
document.addEventListener("htmx:after:swap", (event) => {
  start(event.detail?.ctx?.target || document);
  // What arrives below the fold (a phone) is brought into view: an error most of all.
  const arrived = one("[data-arrives]");
  if (arrived && arrived.getBoundingClientRect().top > innerHeight * 0.7) arrived.scrollIntoView();
});
start(document);
