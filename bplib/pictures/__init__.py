"""What one looks at: figures, computational graphs and explorers, with no mathematics of their own.

May import: bplib; nothing else.
Reading order: svg, typeset, carts, layout, frames, diagrams, plans, plots, explorers.
"""
