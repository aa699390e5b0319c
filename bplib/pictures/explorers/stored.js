// Explorers of a page without a kernel: the pictures are in the page, and the widget finds them by the places.

class Stored {
  constructor({ pieces, shown, pictures, places, resets }) {
    Object.assign(this, { pieces, variants: shown, pictures, resets, listeners: {}, values: { places } });
    this.look();
  }
  look() {
    let found = this.pictures;
    const places = this.values.places.map((place) => { // a control may have made those behind it shorter
      const at = Math.min(place, found.length - 1);
      found = found[at];
      return at;
    });
    const [variant, ...cut] = found;
    this.values = { places, shown: this.variants[variant], picture: cut.map((k) => this.pieces[k]).join("<") };
  }
  get(name) { return this.values[name]; }
  set(name, places) { // nothing but places is ever set
    const moved = places.findIndex((place, i) => place !== this.values.places[i]);
    this.values.places = places.map((place, i) => this.resets[moved]?.includes(i) ? 0 : place);
  }
  on(name, listener) { (this.listeners[name] ??= []).push(listener); }
  off(name, listener) { this.listeners[name] = this.listeners[name].filter((each) => each !== listener); }
  save_changes() {
    this.look();
    for (const name of ["shown", "places", "picture"]) for (const each of this.listeners[`change:${name}`] ?? []) each();
  }
}

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

for (const el of document.querySelectorAll(".bplib-stored")) {
  const model = new Stored(await unpacked(el.dataset.pictures));
  delete el.dataset.pictures;
  widget.render({ model, el });
}
