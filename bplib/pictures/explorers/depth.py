"""The signals of a deep network, layer by layer: how its activations and its gradients are distributed."""

from functools import lru_cache

import numpy as np

from bplib.pictures import svg
from bplib.pictures.explorers.widget import Explorer, selection, slider, toggles

_BINS = 31  # odd, so that one has 0 in its middle
_LOWEST = -12  # of the decimal logarithms of gradients; what is smaller counts as 0
_HIGHEST = 6


def depth_explorer(signals):
    """How activations and gradients are distributed in each layer of deep networks, which are chosen above them.

    signals is {initialization: {network: (activations, gradients)}}, where both are lists of arrays, one for each
    layer from the first. Initializations that are numbers are deviations of the weights, and have a slider; others have
    buttons. All have the same networks and equally many layers, else ValueError. The first picture has
    the values of the activations as its axis, the second the logarithms of the sizes of the gradients.
    """
    initializations, networks = list(signals), list(next(iter(signals.values())))
    if any(list(row) != networks for row in signals.values()):
        raise ValueError(f"every initialization needs the networks {', '.join(networks)}")
    lengths = {len(arrays) for row in signals.values() for pair in row.values() for arrays in pair}
    if len(lengths) > 1 or 0 in lengths:
        raise ValueError(f"there are {sorted(lengths)} layers; all lists need equally many, at least one")
    [layers] = lengths

    @lru_cache(maxsize=64)
    def counted(initialization, network):
        values, gradients = signals[initialization][network]
        top = max(float(np.abs(array).max()) for array in values) or 1.0
        edges = np.linspace(-top, top, _BINS + 1)
        sizes = [np.abs(array)[np.abs(array) > 10.0**_LOWEST] for array in gradients]
        logs = np.linspace(_LOWEST, _HIGHEST, _BINS + 1)
        return (
            top,
            [np.histogram(array, edges)[0].tolist() for array in values],
            [np.histogram(np.minimum(np.log10(size), _HIGHEST), logs)[0].tolist() for size in sizes],
            [(float(np.std(array)), float(np.mean(array == 0))) for array in values],
            [(float(np.std(array)), 1 - size.size / array.size) for array, size in zip(gradients, sizes, strict=True)],
        )

    numbered = all(isinstance(each, int | float) for each in initializations)

    def caption(initialization, network, layer):
        *_, of_values, of_gradients = counted(initialization, network)
        said = [
            f"{name} have standard deviation {svg.number(std)}{_zeros(share)}"
            for name, (std, share) in (("activations", of_values[layer - 1]), ("gradients", of_gradients[layer - 1]))
        ]
        start = f"deviation {svg.number(initialization)}" if numbered else initialization
        return f"{start}, {network}, layer {layer} of {layers}: {'; '.join(said)}."

    def draw(initialization, network, layer):
        said = caption(initialization, network, layer)
        top, values, gradients, *_ = counted(initialization, network)
        ticks = [(t, svg.number(float(f"{t * top:.2g}"))) for t in (-1, 0, 1)]
        label = f"Activations of each layer. {said}"
        pictures = [_strip(values, (-1, 1), ticks, svg.BLUE, label, "activation", layer)]
        ticks = [(t, svg.number(t)) for t in range(_LOWEST, _HIGHEST + 1, 6)]
        label = f"Logarithms of the sizes of the gradients of each layer. {said}"
        where = _LOWEST, _HIGHEST
        pictures.append(_strip(gradients, where, ticks, svg.VERMILLION, label, "log₁₀ |gradient|", layer))
        return pictures, said

    start = initializations[0], networks[0], 1
    controls = [
        selection("deviation", [(svg.number(each), each) for each in initializations], start[0])
        if numbered
        else toggles("weights", initializations, start[0]),
        toggles("network", networks, start[1]),
        slider("layer", 1, 1, layers, 1),
    ]
    return Explorer(controls, draw, draw(*start), caption(*start))


def _zeros(share):
    return f", and {100 * share:.0f}% of them are 0" if share >= 0.005 else ""


def _strip(counts, limits, ticks, color, label, y_label, chosen):
    """Histograms that lie on their sides, one for each layer, from left to right; the chosen one has a line below."""
    left, top, height, width = 66, 10, 130, 640
    step, (low, high) = width / len(counts), limits
    bin_height = height / _BINS
    parts = []
    for at, words in ticks:
        y = top + height * (high - at) / (high - low)
        parts.append(f'<path d="M{left} {svg.px(y)}h{width}" stroke="{svg.INK}" stroke-opacity="0.2"/>')
        parts.append(svg.text(left - 6, y, words, size=11, anchor="end"))
    for k, bins in enumerate(counts):
        x, most = left + k * step, max(bins) or 1
        bars = "".join(
            f"M{svg.px(x + 3)} {svg.px(top + height - (i + 1) * bin_height)}h{svg.px((step - 10) * n / most)}"
            f"v{svg.px(bin_height)}H{svg.px(x + 3)}z"
            for i, n in enumerate(bins)
            if n
        )
        parts.append(f'<path data-layer="{k + 1}" d="{bars or "M0 0"}" fill="{color}"/>')
        parts.append(f'<path d="M{svg.px(x + 2)} {top}v{height}" stroke="{svg.INK}" stroke-opacity="0.4"/>')
        parts.append(svg.text(x + step / 2 - 3, top + height + 12, str(k + 1), size=11))
        if k + 1 == chosen:
            under = f"M{svg.px(x + 3)} {top + height + 21}h{svg.px(step - 10)}"
            parts.append(f'<path data-role="chosen" d="{under}" stroke="{color}" stroke-width="3"/>')
    middle = top + height / 2
    parts.append(svg.text(13, middle, y_label, more=f'transform="rotate(-90 13 {svg.px(middle)})"'))
    parts.append(svg.text(left + width / 2, top + height + 32, "layer"))
    return svg.document(left + width + 10, top + height + 44, label, parts)
