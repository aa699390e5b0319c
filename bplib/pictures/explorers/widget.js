// The controls of an explorer, the browser's own, above the picture that belongs to their places.

const SMALLEST = 0.75; // of its size a picture can be read; where there is less room it scrolls

function render({ model, el }) {
  // By chance, so that no two explorers of a page share a label: JupyterLab loads this file for each of them anew.
  const own = `bplib-${Math.random().toString(36).slice(2)}`;
  const bar = make("div", { class: "bplib-controls" });
  const picture = make("div", { class: "bplib-picture", "data-lm-suppress-shortcuts": "true" });
  const below = make("div", { class: "bplib-below" }); // the blanks of a question
  const said = make("p", { class: "bplib-said", role: "status" }); // it stays, so what comes into it is spoken
  el.classList.add("bplib-explorer");
  el.replaceChildren(bar, picture, ...(model.get("said") ? [below, said] : []));
  let parts = [];

  const change = (name, values) => {
    model.set(name, values);
    if (model.get("said")) model.set("seen", model.get("asked")); // what is meant by it is the question that is shown
    model.save_changes();
  };
  const move = (i, place) => {
    const places = [...model.get("places")];
    if (places[i] === place) return;
    places[i] = place;
    change("places", places);
    place_controls();
  };
  const type = (i, words) => change("typed", model.get("typed").map((before, k) => k === i ? words : before));
  const press = () => below.querySelector(".bplib-action")?.click();
  const build = () => {
    const begun = el.contains(document.activeElement);
    const shown = model.get("shown");
    parts = shown.map((control, i) => KINDS[control.kind](
      control, (place) => move(i, place), `${own}-${i}`, { type: (words) => type(i, words), press },
    ));
    const row = (number) => parts.filter((_, i) => shown[i].row === number).map((part) => part.element);
    bar.replaceChildren(...row(undefined));
    const rows = new Set(shown.map((control) => control.row ?? []).flat());
    below.replaceChildren(...[...rows].map((k) => make("div", { class: "bplib-row" }, ...row(k))));
    // JupyterLab takes keys for commands even where a slider has the focus: x would cut the cell.
    for (const each of el.querySelectorAll("input, select, button")) each.dataset.lmSuppressShortcuts = "true";
    type_controls();
    if (begun) below.querySelector("input, select")?.focus(); // who answers by keys goes on by keys
    place_controls();
  };
  const place_controls = () => model.get("places").forEach((place, i) => parts[i]?.show(place));
  const type_controls = () => (model.get("typed") ?? []).forEach((words, i) => parts[i]?.type?.(words));
  const say = () => {
    const { words = "", status = "", right = [] } = model.get("said") ?? {};
    const [sign, look] = SIGNS[status] ?? [];
    const head = sign ? [make("span", { "aria-hidden": "true" }, sign), " ", make("b", {}, status[0].toUpperCase() + status.slice(1)), ". "] : [];
    said.className = `bplib-said ${look ?? ""}`;
    said.replaceChildren(...head, words);
    parts.forEach((part, i) => part.mark?.(right[i]));
  };
  const draw = () => {
    picture.innerHTML = model.get("picture");
    for (const svg of picture.querySelectorAll(":scope > svg")) svg.style.minWidth = `${SMALLEST * svg.getAttribute("width")}px`;
    const asks = picture.querySelector(".bplib-asks"); // who comes to the blanks hears what is asked
    if (!asks) return;
    asks.id = `${own}-asks`;
    below.setAttribute("role", "group");
    below.setAttribute("aria-labelledby", asks.id);
  };
  // Keys can scroll a picture that is wider than its place, and stop at no other.
  const watched = new ResizeObserver(() => {
    if (picture.scrollWidth > picture.clientWidth) picture.tabIndex = 0;
    else picture.removeAttribute("tabindex");
  });

  let shown = "";
  const rebuild = () => {
    const now = JSON.stringify([model.get("shown"), model.get("asked")]);
    if (now !== shown) { shown = now; build(); }
  };
  const listeners = {
    shown: rebuild, asked: rebuild, places: place_controls, picture: draw, typed: type_controls, said: say,
  };
  rebuild();
  draw();
  say();
  watched.observe(picture);
  for (const [name, listener] of Object.entries(listeners)) model.on(`change:${name}`, listener);
  return () => {
    watched.disconnect();
    for (const [name, listener] of Object.entries(listeners)) model.off(`change:${name}`, listener);
  };
}

const SIGNS = { passed: ["✓", "bplib-right"], "not yet": ["◐", "bplib-wrong"] };

// Beside a blank: whether it is right, for eyes and ears, until something else stands there.
function marked(input, id) {
  const sign = make("span", { class: "bplib-mark", id: `${id}-mark` });
  input.setAttribute("aria-describedby", sign.id);
  const mark = (right) => {
    sign.classList.toggle("bplib-right", right === true);
    sign.classList.toggle("bplib-wrong", right === false);
    sign.textContent = right === undefined ? "" : right ? "✓" : "✗";
    if (right === undefined) ["role", "aria-label"].forEach((name) => sign.removeAttribute(name));
    else Object.entries({ role: "img", "aria-label": right ? "right" : "not right yet" }).forEach((pair) => sign.setAttribute(...pair));
    if (right === false) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  input.addEventListener("input", () => mark());
  return { sign, mark };
}

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function slider(control, move, id) {
  const last = control.labels.length - 1;
  const range = make("input", { type: "range", id, min: 0, max: last, step: 1, "aria-label": control.name });
  const words = make("output", { for: id });
  // As wide as the widest of its words, so that nothing beside it moves.
  words.style.minWidth = `${Math.max(...control.labels.map((label) => label.length))}ch`;
  range.disabled = last < 1; // nowhere to go
  range.addEventListener("input", () => move(Number(range.value)));
  return {
    element: make("div", { class: "bplib-control" }, make("label", { for: id }, control.name), range, words),
    show(place) {
      if (Number(range.value) !== place) range.value = place;
      range.setAttribute("aria-valuetext", control.labels[place]);
      words.value = control.labels[place];
    },
  };
}

function stepper(control, move, id) {
  const last = control.labels.length - 1;
  let at = 0;
  const go = (by) => move(Math.min(Math.max(at + by, 0), last));
  const [back, next] = [["Back", -1], ["Next", 1]].map(([word, by]) => {
    const button = make("button", { type: "button" }, word);
    button.addEventListener("click", () => go(by));
    return button;
  });
  const part = slider(control, move, id);
  part.element.append(back, next);
  return { element: part.element, show(place) { at = place; part.show(place); } };
}

function buttons(control, move, id) {
  const all = control.labels.map((label, place) => {
    const button = make("button", { type: "button", "aria-pressed": "false" }, label);
    button.addEventListener("click", () => move(place));
    return button;
  });
  const name = make("span", { id: `${id}-name`, class: "bplib-name" }, control.name);
  const group = make("div", { role: "group", "aria-labelledby": `${id}-name`, class: "bplib-buttons" }, ...all);
  return {
    element: make("div", { class: "bplib-control" }, name, group),
    show(place) { all.forEach((button, i) => button.setAttribute("aria-pressed", String(i === place))); },
  };
}

function menu(control, move, id) {
  const select = make("select", { id, "aria-label": control.name }, ...control.labels.map((label) => make("option", {}, label)));
  select.disabled = control.labels.length < 2; // nowhere to go
  select.addEventListener("change", () => move(select.selectedIndex));
  const element = make("div", { class: "bplib-control" }, make("label", { for: id }, control.name), select);
  const show = (place) => { select.selectedIndex = place; };
  if (control.row === undefined) return { element, show };
  const { sign, mark } = marked(select, id);
  element.append(sign);
  return { element, show, mark };
}

function field(control, move, id, { type, press }) {
  const given = { type: "text", id, autocomplete: "off", autocapitalize: "off", spellcheck: "false", size: control.width };
  const input = make("input", given);
  const { sign, mark } = marked(input, id);
  input.addEventListener("input", () => type(input.value));
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") press(); });
  return {
    element: make("div", { class: "bplib-control" }, make("label", { for: id }, control.name), input, sign),
    show() {},
    type(words) { if (input.value !== words) input.value = words; },
    mark,
  };
}

function action(control, move, id) {
  const button = make("button", { type: "button", id, class: "bplib-action" }, control.name);
  let count = 0;
  button.addEventListener("click", () => move(count + 1));
  return { element: make("div", { class: "bplib-control" }, button), show(place) { count = place; } };
}

const KINDS = { slider, stepper, buttons, menu, field, action };

export default { render };
