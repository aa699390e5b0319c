import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

IGNORED = ["nbval-ignore-output"]


def md(id, text):
    cell = new_markdown_cell(text)
    cell["id"] = id
    return cell


def code(id, text, tags=()):
    cell = new_code_cell(text)
    cell["id"] = id
    if tags:
        cell["metadata"]["tags"] = list(tags)
    return cell


KINDS = {
    "graphs": """## Graphs

Fill in the values from left to right, then the gradients from right to left. Level 1 is a chain, on level 2 two paths meet, and on
level 3 a name is used three times, once in a max. Lesson [03](03_chain_rule.ipynb) has the rules.""",
    "formulas": """## Formulas

Type the derivative of a formula, as in Python: `2*x*exp(x**2)`. Any form that is equal is right. Level 1 has one variable, level 2
two, level 3 three and the losses of the course. Lessons [02](02_gradients.ipynb) and [03](03_chain_rule.ipynb) have the rules.""",
    "shapes": """## Shapes

A network's backward with some of it hidden: which product is meant, which sum is missing, which shape comes out. Lesson
[06](06_backpropagation.ipynb) reads shapes as a proofreader does.""",
    "bugs": """## Bugs

A short backward with one wrong line. On level 1 differences of the loss say something about every gradient, on level 2 about
those of the parameters alone, and on level 3 you see two trainings and nothing else. Lesson
[07](07_gradient_checking.ipynb) finds the first wrong line in such a table.""",
    "curves": """## Curves

The pictures of a training: name what is wrong with it, if anything is. Lesson [08](08_training_loop.ipynb) has the signs.""",
}
cells = [
    md(
        "title",
        """# Practice

An exercise can be solved once. What sits has been done twenty times, with other numbers each time, and again after a day, after
three days and after a week. Here the questions never run out.

Each kind begins on level 1. Three right answers in a row make it harder, two wrong ones easier, and what you can is put away until
it is due again. The map of the course, at the end of [lesson 00](00_start_here.ipynb) and of this page, remembers it.""",
    ),
    code("imports", "from bplib.course.checks import check, hint, practice, show_progress"),
    md(
        "any",
        """## What is due

Run the next cell as often as you like, or press *Another*. Without a kind it asks what has waited longest. Type, and press Enter
or *Check*; a wrong answer costs nothing, and you are told what is true of it. In the corner stands the name of the question, such
as `graphs-2-417`: `practice("graphs", 2, 417)` shows the same one to somebody else.""",
    ),
    code("due", "practice()", IGNORED),
]
for kind, text in KINDS.items():
    cells += [md(kind, text), code(f"ask-{kind}", f'practice("{kind}")', IGNORED)]
cells += [
    md(
        "code",
        """## Without a widget

Where fields to type into do not work, a question comes with a function to complete and a check of its own:""",
    ),
    code("plain", 'practice("graphs", 1, 7, widget=False)'),
    md(
        "code-hint",
        "Copy the function into a cell, put numbers in the place of the dots, and run its check. `hint` knows the question, too:",
    ),
    code("hint", 'hint("graphs-1-7")'),
    md("map", "## Where you stand"),
    code("progress", "show_progress()"),
]
nb = new_notebook(cells=cells)
nb.metadata = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
nb.nbformat_minor = 5
nbformat.write(nb, "notebooks/practice.ipynb")
