"""bplib beside its peers, in ratios: `python -m tests.benchmarks` runs every row and writes RESULTS.md.

    harness         contestants take turns, and what counts is the median of each round's ratio
    digits_data     the digits, cut into mini-batches, and the weights that every contestant starts with
    tight           the floor: a training step in hand-written NumPy that makes no array twice
    steps           the contestants of a training step
    training_step   forward, loss, backward and update, on the digits
    digits          from the start of Python to 97 % test accuracy
    scalar_autodiff automatic differentiation, one number at a time
    array_autodiff  automatic differentiation of arrays
    convolution     convolution and pooling
    tight_recurrent the floor for sequences
    recurrent       an LSTM and a plain recurrent network, backward through time
    gradient_check  what it costs to check 5,035 derivatives, in backward passes
    imports         what it costs to import a module

A benchmark is not a test: nothing here fails for being slow. That the contestants of a row compute the same is a test,
test_contestants.py.
"""
