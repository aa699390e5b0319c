// The controls of an explorer, the browser's own, above the picture that belongs to their places.

const SMALLEST = 0.75; // of its size a picture can be read; where there is less room it scrolls

function render({ model, el }) {
  // By chance, so that no two explorers of a page share a label: JupyterLab loads this file for each of them anew.
  const own = `bplib-${Math.random().toString(36).slice(2)}`;
  const bar = document.createElement("div");
  const picture = document.createElement("div");
  bar.className = "bplib-controls";
  picture.className = "bplib-picture";
  const said = make("p", { class: "bplib-said", role: "status" }); // it stays, so what comes into it is spoken
  el.classList.add("bplib-explorer");
  el.replaceChildren(bar, said, picture);
  let parts = [];

  const move = (i, place) => {
    const places = [...model.get("places")];
    if (places[i] === place) return;
    places[i] = place;
    model.set("places", places);
    model.save_changes();
    place_controls();
  };
  const type = (i, words) => {
    model.set("typed", (model.get("typed") ?? []).map((before, k) => k === i ? words : before));
    model.save_changes();
  };
  const press = () => bar.querySelector(".bplib-action")?.click();
  const build = () => {
    const begun = bar.contains(document.activeElement);
    parts = model.get("shown").map((control, i) => KINDS[control.kind](
      control, (place) => move(i, place), `${own}-${i}`, { type: (words) => type(i, words), press },
    ));
    bar.replaceChildren(...parts.map((part) => part.element));
    type_controls();
    if (begun) bar.querySelector(".bplib-typed")?.focus(); // who answers by keys goes on by keys
    // JupyterLab takes keys for commands even where a slider has the focus: x would cut the cell.
    for (const each of bar.querySelectorAll("input, select, button")) each.dataset.lmSuppressShortcuts = "true";
    place_controls();
  };
  const place_controls = () => model.get("places").forEach((place, i) => parts[i]?.show(place));
  const type_controls = () => (model.get("typed") ?? []).forEach((words, i) => parts[i]?.type?.(words));
  const say = () => {
    said.textContent = model.get("said") ?? "";
    said.hidden = !said.textContent;
  };
  const draw = () => {
    picture.innerHTML = model.get("picture");
    for (const svg of picture.querySelectorAll(":scope > svg")) svg.style.minWidth = `${SMALLEST * svg.getAttribute("width")}px`;
  };
  // Keys can scroll a picture that is wider than its place, and stop at no other.
  const watched = new ResizeObserver(() => {
    if (picture.scrollWidth > picture.clientWidth) picture.tabIndex = 0;
    else picture.removeAttribute("tabindex");
  });

  let shown = "";
  const rebuild = () => {
    const now = JSON.stringify(model.get("shown"));
    if (now !== shown) { shown = now; build(); }
  };
  rebuild();
  draw();
  say();
  watched.observe(picture);
  model.on("change:shown", rebuild);
  model.on("change:places", place_controls);
  model.on("change:picture", draw);
  model.on("change:typed", type_controls);
  model.on("change:said", say);
  return () => {
    watched.disconnect();
    model.off("change:shown", rebuild);
    model.off("change:places", place_controls);
    model.off("change:picture", draw);
    model.off("change:typed", type_controls);
    model.off("change:said", say);
  };
}

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function slider(control, move, id, buttons = []) {
  const last = control.labels.length - 1;
  const range = make("input", { type: "range", id, min: 0, max: last, step: 1, "aria-label": control.name });
  const words = make("output", { for: id });
  // As wide as the widest of its words, so that nothing beside it moves.
  words.style.minWidth = `${Math.max(...control.labels.map((label) => label.length))}ch`;
  range.disabled = last < 1; // nowhere to go
  range.addEventListener("input", () => move(Number(range.value)));
  return {
    element: make("div", { class: "bplib-control" }, make("label", { for: id }, control.name), range, words, ...buttons),
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
  const part = slider(control, move, id, [back, next]);
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
  return {
    element: make("div", { class: "bplib-control" }, make("label", { for: id }, control.name), select),
    show(place) { select.selectedIndex = place; },
  };
}

function field(control, move, id, { type, press }) {
  const input = make("input", { type: "text", id, class: "bplib-typed", autocomplete: "off", spellcheck: "false", size: 12 });
  input.addEventListener("input", () => type(input.value));
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") press(); });
  return {
    element: make("div", { class: "bplib-control" }, make("label", { for: id }, control.name), input),
    show() {},
    type(words) { if (input.value !== words) input.value = words; },
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
