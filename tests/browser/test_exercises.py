"""Promise: a learner in JupyterLab hears why an answer is wrong, is given hints, and finds everything again."""

import json

ANSWER = "def mse(y_pred, y_true):\n    return np.{}((y_pred - y_true) ** 2)"


def test_an_answer_goes_from_wrong_to_points_and_stays(lab, course, screenshots):
    lab.open("exercises/01_loss_functions.ipynb")
    lab.run("setup")
    lab.write("mse", ANSWER.format("sum"))
    lab.run("mse", "mse-check")
    assert "mse: not yet. This is the sum of the squares" in lab.output("mse-check")
    lab.write("mse-check", 'hint("mse")')
    lab.run("mse-check")
    assert "hint 1 of" in lab.output("mse-check")
    lab.write("mse-check", 'check("mse", mse)')
    lab.write("mse", ANSWER.format("nanmean"))
    lab.run("mse", "mse-check")
    assert "mse: passed, 2 of 2 points." in lab.output("mse-check")
    lab.page.screenshot(path=screenshots / "exercise.png")

    lab.command("docmanager:save")
    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart()")
    lab.wait_until("kernel?.status === 'idle'")
    lab.open("exercises/01_loss_functions.ipynb")  # as after a night
    assert "np.nanmean" in lab.source("mse")
    assert "mse: passed" in lab.output("mse-check")
    lab.run("setup", "mse", "mse-check")
    assert "mse: passed, 2 of 2 points." in lab.output("mse-check")
    assert json.loads((course / ".progress.json").read_text())["exercises"]["mse"] == "passed"

    lab.open("notebooks/00_start_here.ipynb")
    lab.run("setup", "map-show")
    assert "2 of 12" in lab.output("map-show")
    assert not lab.wrong
