"""Pictures that move: sliders around graphs and charts, with no mathematics of their own.

Every explorer also holds a static picture, so a stored notebook shows something without a kernel. The pictures are SVG
made of text, so a move of a slider costs the kernel a few milliseconds.
"""

from bplib.explorers.accumulation import accumulation_explorer
from bplib.explorers.attending import attention_explorer
from bplib.explorers.backpropagation import backpropagation_explorer
from bplib.explorers.checking import checks_explorer
from bplib.explorers.depth import depth_explorer
from bplib.explorers.descending import descent_explorer
from bplib.explorers.differences import step_size_explorer
from bplib.explorers.dropping import dropout_explorer
from bplib.explorers.epochs import epoch_explorer
from bplib.explorers.filtering import filter_explorer
from bplib.explorers.fitting import line_explorer, loss_explorer
from bplib.explorers.gates import gate_explorer
from bplib.explorers.graphs import graph_explorer
from bplib.explorers.ordering import order_explorer
from bplib.explorers.policies import policy_explorer
from bplib.explorers.pooling import pooling_explorer
from bplib.explorers.racing import race_explorer
from bplib.explorers.symptoms import symptoms_explorer
from bplib.explorers.through_time import through_time_explorer
from bplib.explorers.widget import Explorer

__all__ = [
    "Explorer",
    "accumulation_explorer",
    "attention_explorer",
    "backpropagation_explorer",
    "checks_explorer",
    "depth_explorer",
    "descent_explorer",
    "dropout_explorer",
    "epoch_explorer",
    "filter_explorer",
    "gate_explorer",
    "graph_explorer",
    "line_explorer",
    "loss_explorer",
    "order_explorer",
    "policy_explorer",
    "pooling_explorer",
    "race_explorer",
    "step_size_explorer",
    "symptoms_explorer",
    "through_time_explorer",
]
