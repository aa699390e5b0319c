"""Pictures that move: sliders around graphs and charts.

Every explorer also holds a static picture, so a stored notebook shows something without a kernel. The pictures are SVG
made of text, so a move of a slider costs the kernel a few milliseconds.

May import: bplib, bplib.pictures; numpy, anywidget, traitlets.
Reading order: widget, stored, cells, surfaces, then any.
"""

from bplib.pictures.explorers.accumulation import accumulation_explorer
from bplib.pictures.explorers.arrays import axis_explorer, broadcast_explorer, index_explorer, product_explorer
from bplib.pictures.explorers.attending import attention_explorer
from bplib.pictures.explorers.backpropagation import backpropagation_explorer
from bplib.pictures.explorers.checking import checks_explorer
from bplib.pictures.explorers.depth import depth_explorer
from bplib.pictures.explorers.descending import descent_explorer
from bplib.pictures.explorers.differences import step_size_explorer
from bplib.pictures.explorers.dropping import dropout_explorer
from bplib.pictures.explorers.epochs import epoch_explorer
from bplib.pictures.explorers.filtering import filter_explorer
from bplib.pictures.explorers.fitting import line_explorer, loss_explorer
from bplib.pictures.explorers.gates import gate_explorer
from bplib.pictures.explorers.graphs import graph_explorer
from bplib.pictures.explorers.heads import heads_explorer
from bplib.pictures.explorers.momentum import momentum_explorer
from bplib.pictures.explorers.ordering import order_explorer
from bplib.pictures.explorers.policies import policy_explorer
from bplib.pictures.explorers.pooling import pooling_explorer
from bplib.pictures.explorers.racing import race_explorer
from bplib.pictures.explorers.reading import reading_explorer
from bplib.pictures.explorers.stepping import neuron_explorer
from bplib.pictures.explorers.symptoms import symptoms_explorer
from bplib.pictures.explorers.temperature import temperature_explorer
from bplib.pictures.explorers.through_time import through_time_explorer
from bplib.pictures.explorers.turning import turning_explorer
from bplib.pictures.explorers.widget import Explorer

__all__ = [
    "Explorer",
    "accumulation_explorer",
    "attention_explorer",
    "axis_explorer",
    "backpropagation_explorer",
    "broadcast_explorer",
    "checks_explorer",
    "depth_explorer",
    "descent_explorer",
    "dropout_explorer",
    "epoch_explorer",
    "filter_explorer",
    "gate_explorer",
    "graph_explorer",
    "heads_explorer",
    "index_explorer",
    "line_explorer",
    "loss_explorer",
    "momentum_explorer",
    "neuron_explorer",
    "order_explorer",
    "policy_explorer",
    "pooling_explorer",
    "product_explorer",
    "race_explorer",
    "reading_explorer",
    "step_size_explorer",
    "symptoms_explorer",
    "temperature_explorer",
    "through_time_explorer",
    "turning_explorer",
]
