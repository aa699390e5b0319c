"""A network while it trains, epoch by epoch: what it says about the same images, and its losses."""

import numpy as np

from bplib.pictures import svg
from bplib.pictures.explorers.widget import Explorer, slider

_COLUMNS, _CELL = 10, 76  # images in a row of the gallery, and the pixels for each
_LEVELS = 5  # shades of ink


def epoch_explorer(images, labels, probabilities, history):
    """The answers of a classifier to the same images after every epoch of its training, and its two learning curves.

    images are (m, h, w) with ink from 0 to the largest; labels (m,) are the true classes, from 0. probabilities, shape
    (epochs + 1, m, k), and the lists of history, {name: epochs + 1 losses}, begin before the first epoch. Under each
    image stands the class with the largest probability; the second slider chooses the image whose probabilities are
    drawn as bars.
    """
    images, labels, probabilities = np.asarray(images), np.asarray(labels), np.asarray(probabilities)
    if images.ndim != 3 or probabilities.ndim != 3 or not len(images) == len(labels) == probabilities.shape[1]:
        raise ValueError(
            f"images is {images.shape}, labels is {labels.shape} and probabilities is {probabilities.shape};"
            " needed are (m, h, w), (m,) and (epochs + 1, m, k)"
        )
    epochs = len(probabilities) - 1
    wrong_lengths = {name: len(losses) for name, losses in history.items() if len(losses) != epochs + 1}
    if wrong_lengths:
        raise ValueError(f"history has {wrong_lengths}; {epochs + 1} losses are needed, one for each of probabilities")
    said_classes = probabilities.argmax(axis=2)
    drawn = [_image(image / max(float(images.max()), 1e-9)) for image in images]
    curves = {name: (range(epochs + 1), losses) for name, losses in history.items()}
    legend = _legend(history)
    top = 1.05 * max(max(losses) for losses in history.values())

    def caption(epoch, image):
        losses = ", ".join(f"{name} loss {svg.number(values[epoch])}" for name, values in history.items())
        right = int(np.sum(said_classes[epoch] == labels))
        truth, said = int(labels[image - 1]), int(said_classes[epoch][image - 1])
        share = float(probabilities[epoch, image - 1, truth])
        return (
            f"Epoch {epoch} of {epochs}: {losses}; {right} of these {len(labels)} are right."
            f" Image {image} is a {truth}: the network says {said}, and gives the truth {100 * share:.1f}%."
        )

    def draw(epoch, image):
        said = caption(epoch, image)
        gallery = _gallery(drawn, labels, said_classes[epoch], image - 1, said)
        marks = {name: (epoch, values[epoch], None) for name, values in history.items()}
        label = f"Losses against the epoch. {said}"
        chart = svg.chart(
            curves, label, "epoch", "loss", limits=(0, epochs, 0, top), marks=marks, named=False, width=360, height=230
        )
        bars = _bars(probabilities[epoch, image - 1], int(labels[image - 1]), said)
        return [gallery, chart, legend, bars], said

    controls = [
        slider("epoch", min(1, epochs), 0, epochs, 1),
        slider("image", 1, 1, len(images), 1),
    ]
    start = min(1, epochs), 1
    return Explorer(controls, draw, draw(*start), caption(*start))


def _image(ink):
    """The path of one image for each shade of ink, in units of its pixels."""
    shades = np.ceil(ink * _LEVELS).astype(int)
    parts = []
    for level in range(1, _LEVELS + 1):
        squares = "".join(f"M{column} {row}h1v1h-1z" for row, column in np.argwhere(shades == level))
        if squares:
            parts.append(f'<path d="{squares}" fill="{svg.INK}" fill-opacity="{level / _LEVELS:.1f}"/>')
    scale = (_CELL - 20) / max(ink.shape)
    return f'<g transform="scale({scale:.3g})">{"".join(parts)}</g>'


def _gallery(drawn, labels, said, chosen, label):
    parts = []
    for k, picture in enumerate(drawn):
        x, y = 8 + (k % _COLUMNS) * _CELL, 8 + (k // _COLUMNS) * (_CELL + 12)
        right = said[k] == labels[k]
        size = _CELL - 16
        look = f'stroke="{svg.INK}" stroke-opacity="0.25"' if right else f'stroke="{svg.VERMILLION}" stroke-width="2.5"'
        parts.append(f'<rect x="{x}" y="{y}" width="{size}" height="{size}" fill="none" {look}/>')
        parts.append(f'<g transform="translate({x + 2} {y + 2})">{picture}</g>')
        words = str(said[k]) if right else f"{said[k]}, not {labels[k]}"
        color = svg.INK if right else svg.VERMILLION
        parts.append(svg.text(x + size / 2, y + size + 10, words, color, 11))
        if k == chosen:
            parts.append(f'<path d="M{x} {y + size + 18}h{size}" stroke="{svg.BLUE}" stroke-width="3"/>')
    rows = -(-len(drawn) // _COLUMNS)
    width = 8 + min(len(drawn), _COLUMNS) * _CELL
    return svg.document(width, 12 + rows * (_CELL + 12), f"Images with what the network says. {label}", parts)


def _legend(names):
    parts = [svg.key(k, name, 8, 20 + 24 * k) for k, name in enumerate(names)]
    return svg.document(150, 240, f"Legend: {', '.join(names)}", parts)


def _bars(probabilities, truth, label):
    """A bar for the probability of each class; that of the truth has an outline and a name."""
    left, top, height, step = 40, 16, 160, 28
    base = top + height
    parts = [svg.text(left - 8, base - height * p, svg.number(p), size=11, anchor="end") for p in (0, 0.5, 1)]
    for k, p in enumerate(probabilities.tolist()):
        x, tall = left + k * step, height * p
        edge = f'stroke="{svg.INK}" stroke-width="2"' if k == truth else ""
        parts.append(
            f'<rect data-class="{k}" x="{x}" y="{svg.px(base - tall)}" width="{step - 8}" height="{svg.px(tall)}"'
            f' fill="{svg.BLUE}" {edge}/>'
        )
        parts.append(svg.text(x + (step - 8) / 2, base + 12, str(k)))
        if k == truth:
            parts.append(svg.text(x + (step - 8) / 2, base + 28, "truth", size=11))
    width = left + step * len(probabilities)
    parts.append(f'<path d="M{left - 4} {base}h{width - left}" stroke="{svg.INK}"/>')
    parts.append(svg.text(left + (width - left) / 2, base + 44, "class, and its probability"))
    return svg.document(width + 8, base + 56, f"Probabilities of the classes. {label}", parts)
