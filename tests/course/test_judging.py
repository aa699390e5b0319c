"""A judge passes what is right however it is written, and refuses the rest with the sentence that helps."""

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy

from bplib.course.judging.judges import Misconception, judge_function, judge_square_first
from bplib.course.judging.paper import judge_choice, judge_formula, judge_numbers
from bplib.course.judging.reading import NOT_ATTEMPTED, NOT_YET, PASSED
from bplib.course.problems import PROBLEMS

# The exercise of these tests: the gradient of a mean of squares for predictions (n, 3), and the loss itself.


def grad(y_pred, y_true):
    return 2 * (y_pred - y_true) / y_pred.size


def loss(y_pred, y_true):
    return np.mean((y_pred - y_true) ** 2)


def cases(rng):
    return [(rng.normal(size=(n, 3)), rng.normal(size=(n, 3))) for n in (5, 7)]


MISTAKES = (
    Misconception("twice", lambda y_pred, y_true: 4 * (y_pred - y_true) / y_pred.size, "Once is enough."),
    Misconception("summed", lambda y_pred, y_true: grad(y_pred, y_true).sum(axis=0), "Keep the rows."),
    Misconception("log", lambda y_pred, y_true: np.log(np.minimum(y_pred, 0)), "No logarithm here."),
    Misconception("log", lambda y_pred, y_true: y_pred / np.zeros_like(y_pred), "No logarithm here."),
)

judge_grad = judge_function(grad, cases, MISTAKES)
judge_loss = judge_function(loss, cases, ())
judge_pair = judge_function(lambda x: (x.sum(axis=0), x**3), lambda rng: [c[:1] for c in cases(rng)], ())
judge_dict = judge_function(lambda x: {"W": 2 * x, "b": x.sum(axis=0)}, lambda rng: [c[:1] for c in cases(rng)], ())


def status(judge, answer):
    return judge(answer).status


def refused(judge, answer):
    """The verdict of an answer that is wrong."""
    verdict = judge(answer)
    assert verdict.status == NOT_YET
    return verdict


def grad_in_a_loop(y_pred, y_true):
    rows, columns = y_pred.shape
    result = [[0.0] * columns for _ in range(rows)]
    for i in range(rows):
        for j in range(columns):
            result[i][j] = 2 / (rows * columns) * (y_pred[i, j] - y_true[i, j])
    return result


def grad_in_place_on_a_copy(y_pred, y_true):
    y_pred = y_pred.copy()
    y_pred -= y_true
    y_pred *= 2 / y_pred.size
    return y_pred


class Matrix(np.ndarray):
    """An array that calls itself equal to everything and at no distance from anything."""

    def __eq__(self, other):
        return np.ones(self.shape, dtype=bool)

    def __sub__(self, other):
        return np.zeros(self.shape)

    __rsub__ = __sub__
    __hash__ = None


class Agreeable:
    """An object that calls itself equal to everything."""

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __repr__(self):
        raise RuntimeError


class FromArray:
    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array


class TestRightAnswers:
    @pytest.mark.parametrize(
        "answer",
        [
            grad,
            grad_in_a_loop,
            grad_in_place_on_a_copy,
            lambda y_pred, y_true: grad(y_pred, y_true).astype(np.float32),
            lambda y_pred, y_true: grad(y_pred, y_true).tolist(),
            lambda y_pred, y_true: tuple(grad(y_pred, y_true)),
            lambda y_pred, y_true: FromArray(grad(y_pred, y_true)),
            lambda y_pred, y_true: np.asfortranarray(grad(y_pred, y_true)),
            lambda y_pred, y_true: np.ma.array(grad(y_pred, y_true)),
            lambda y_pred, y_true: grad(y_pred, y_true) * (1 + 1e-8),
        ],
    )
    def test_any_way_to_write_the_right_array_passes(self, answer):
        assert judge_grad(answer).status == PASSED

    @pytest.mark.parametrize("form", [float, np.float32, np.array, np.float64, Fraction])
    def test_any_form_of_the_right_number_passes(self, form):
        assert status(judge_loss, lambda y_pred, y_true: form(float(loss(y_pred, y_true)))) == PASSED

    def test_integers_and_booleans_pass_where_the_values_are_whole(self):
        judge = judge_function(lambda x: (x > 0).astype(float), lambda rng: [c[:1] for c in cases(rng)], ())
        assert status(judge, lambda x: (x > 0).astype(np.int8)) == PASSED
        assert status(judge, lambda x: x > 0) == PASSED
        assert status(judge, lambda x: (x > 0).astype(int).tolist()) == PASSED

    def test_a_tuple_may_be_a_list_and_a_dict_may_hold_more(self):
        assert status(judge_pair, lambda x: [x.sum(axis=0), x * x * x]) == PASSED
        assert status(judge_dict, lambda x: {"b": x.sum(axis=0), "W": x + x, "note": "mine"}) == PASSED

    def test_the_sentence_of_a_right_answer_is_the_same_every_time(self):
        assert {judge_grad(grad).message for _ in range(5)} == {"It agrees with ours to 1e-6."}

    def test_a_tiny_entry_is_judged_beside_its_array(self):
        judge = judge_function(lambda x: np.append(x, 0.0), lambda rng: [(rng.normal(size=n),) for n in (5, 7)], ())
        assert status(judge, lambda x: np.append(x, 1e-17)) == PASSED
        assert status(judge, lambda x: np.append(x, 1e-3)) == NOT_YET


class TestNotAttempted:
    def test_a_stub_is_not_attempted(self):
        def stub(*args):
            raise NotImplementedError()

        for judge in (judge_grad, judge_loss, judge_pair, judge_dict):
            assert status(judge, stub) == NOT_ATTEMPTED

    @pytest.mark.parametrize("answer", [None, ...])
    def test_none_and_an_ellipsis_in_place_of_a_function_are_not_attempted(self, answer):
        assert status(judge_grad, answer) == NOT_ATTEMPTED

    def test_a_function_that_returns_an_ellipsis_is_not_attempted(self):
        assert status(judge_grad, lambda y_pred, y_true: ...) == NOT_ATTEMPTED


class TestWhatTheAnswerRaises:
    def test_its_name_message_line_and_the_shapes_are_told(self):
        def answer(y_pred, y_true):
            return y_pred @ y_true

        message = refused(judge_grad, answer).message
        for part in ("ValueError", "`return y_pred @ y_true`", "y_pred of shape (5, 3)", "y_true of shape (5, 3)"):
            assert part in message

    def test_a_wrong_number_of_arguments_is_told(self):
        assert "takes 1 positional argument but 2 were given" in refused(judge_grad, lambda y_pred: y_pred).message

    def test_a_long_message_is_cut_and_stays_on_one_line(self):
        def answer(y_pred, y_true):
            raise ValueError("a\n" * 1000)

        message = refused(judge_grad, answer).message
        assert len(message) < 500 and "\n" not in message

    def test_an_exception_that_cannot_be_printed_is_reported(self):
        class SilentError(Exception):
            def __str__(self):
                raise RuntimeError

        def answer(y_pred, y_true):
            raise SilentError

        assert "SilentError" in refused(judge_grad, answer).message

    def test_ending_the_program_is_reported(self):
        def answer(y_pred, y_true):
            raise SystemExit

        assert "ends the program" in refused(judge_grad, answer).message

    def test_calling_itself_without_end_is_reported(self):
        def answer(y_pred, y_true):
            return answer(y_pred, y_true)

        assert "itself without end" in refused(judge_grad, answer).message

    def test_the_learners_own_interrupt_goes_through(self):
        def answer(y_pred, y_true):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            judge_grad(answer)

    def test_an_answer_that_is_not_a_function_is_told_to_be_one(self):
        for answer in (3.0, "mse", np.zeros(3)):
            assert "Pass the function itself" in refused(judge_grad, answer).message


class TestInputsAreNotTheAnswersToChange:
    def test_writing_into_an_input_is_refused(self):
        def answer(y_pred, y_true):
            y_pred -= y_true
            return 2 * y_pred / y_pred.size

        assert "in place" in refused(judge_grad, answer).message

    def test_writing_into_an_input_by_force_is_refused(self):
        def answer(y_pred, y_true):
            right = grad(y_pred, y_true)
            y_pred.setflags(write=True)
            y_pred[0] = 0
            return right

        assert "in place" in refused(judge_grad, answer).message

    def test_writing_into_an_input_and_back_again_is_refused(self):
        def answer(y_pred, y_true):
            y_pred += 0
            return grad(y_pred, y_true)

        assert "in place" in refused(judge_grad, answer).message

    def test_writing_into_a_dict_that_was_given_is_refused(self):
        judge = judge_function(lambda p: 2 * p["W"], lambda rng: [({"W": rng.normal(size=n)},) for n in (5, 7)], ())

        def answer(p):
            p["W"] = 2 * p["W"]
            return p["W"]

        assert "in place" in refused(judge, answer).message
        assert status(judge, lambda p: p["W"] * 2) == PASSED


class TestWhatComesBack:
    def test_none_asks_for_return(self):
        assert "did you forget return?" in refused(judge_grad, lambda y_pred, y_true: None).message

    @pytest.mark.parametrize(
        ("result", "says"),
        [
            ("0.5", "a string"),
            (1j, "a complex number"),
            (np.ones((5, 3)) * 1j, "complex numbers"),
            (["a", "b"], "a list that holds strings"),
            ([1.0, None], "a list that holds None"),
            ([[1.0], [1.0, 2.0]], "equally long"),
            ({"a": 1.0}, "a dict"),
            (Agreeable(), "an Agreeable"),
            (grad, "a function"),
            (np.array(["2020-01-01"], dtype="datetime64[D]"), "an array"),
        ],
    )
    def test_anything_but_real_numbers_is_refused_by_name(self, result, says):
        assert says in refused(judge_grad, lambda y_pred, y_true: result).message

    def test_an_object_that_calls_itself_equal_does_not_pass(self):
        assert status(judge_grad, lambda y_pred, y_true: Agreeable()) == NOT_YET
        assert status(judge_grad, lambda y_pred, y_true: np.zeros(y_pred.shape).view(Matrix)) == NOT_YET
        assert status(judge_grad, lambda y_pred, y_true: FromArray(np.zeros(y_pred.shape).view(Matrix))) == NOT_YET

    def test_a_wrong_number_of_values_is_told(self):
        assert "It returns 3 values; 2 values are needed" in refused(judge_pair, lambda x: (x, x, x)).message
        assert "It returns an array; 2 values are needed" in refused(judge_pair, lambda x: x).message

    def test_an_empty_dict_does_not_pass(self):
        assert "lacks W, b" in refused(judge_dict, lambda x: {}).message
        assert "lacks b" in refused(judge_dict, lambda x: {"W": 2 * x}).message
        assert "a dict is needed" in refused(judge_dict, lambda x: 2 * x).message


class TestShapes:
    def test_got_and_needed_are_told(self):
        message = refused(judge_grad, lambda y_pred, y_true: grad(y_pred, y_true).T).message
        assert "an array of shape (3, 5); an array of shape (5, 3) is needed" in message

    def test_a_result_that_would_broadcast_does_not_pass(self):
        judge = judge_function(lambda x: np.ones_like(x), lambda rng: [c[:1] for c in cases(rng)], ())
        assert "a single number" in refused(judge, lambda x: 1.0).message
        assert "(5, 1)" in refused(judge, lambda x: np.ones((len(x), 1))).message
        assert "(3,)" in refused(judge, lambda x: np.ones(3)).message
        assert status(judge, lambda x: np.ones((1, *x.shape))) == NOT_YET
        assert status(judge, lambda x: np.ones(x.shape)) == PASSED

    def test_a_known_mistake_with_a_wrong_shape_is_recognized_first(self):
        verdict = refused(judge_grad, lambda y_pred, y_true: 2 * (y_pred - y_true).sum(axis=0) / y_pred.size)
        assert (verdict.message, verdict.misconception) == ("Keep the rows.", "summed")

    def test_the_shape_of_a_known_mistake_with_other_values_is_not_that_mistake(self):
        verdict = refused(judge_grad, lambda y_pred, y_true: (y_pred - y_true).sum(axis=0))
        assert not verdict.recognized and "shape (3,)" in verdict.message


class TestNotFinite:
    @pytest.mark.parametrize(("value", "says"), [(np.nan, "NaN"), (np.inf, "infinity"), (-np.inf, "infinity")])
    def test_it_is_said_with_the_input_where_it_appears(self, value, says):
        def answer(y_pred, y_true):
            result = grad(y_pred, y_true)
            result[2, 1] = value
            return result

        message = refused(judge_grad, answer).message
        assert (
            says in message
            and "index (2, 1)" in message
            and "y_pred[2, 1] = " in message
            and "y_true[2, 1] = " in message
        )

    def test_where_the_result_is_one_number_the_range_of_the_inputs_is_said(self):
        judge = judge_function(lambda z: z.max(), lambda rng: [(np.linspace(-1000, 1000, n),) for n in (5, 7)], ())
        message = refused(judge, lambda z: np.log(np.sum(np.exp(z)))).message
        assert message == "It is infinity, where z runs from -1000 to 1000."

    def test_an_answer_of_nothing_but_nan_does_not_pass(self):
        assert "NaN" in refused(judge_grad, lambda y_pred, y_true: np.full(y_pred.shape, np.nan)).message

    def test_a_known_mistake_that_overflows_is_recognized(self):
        verdict = refused(judge_grad, lambda y_pred, y_true: np.log(np.where(y_pred < 0, y_pred, 0)))
        assert verdict.message == "No logarithm here."
        assert verdict.misconception == "log"


class TestDiagnosis:
    def test_a_known_mistake_gets_its_sentence_however_it_is_written(self):
        def answer(y_pred, y_true):
            return [
                [4 * (p - t) / (3 * len(y_pred)) for p, t in zip(*rows, strict=True)]
                for rows in zip(y_pred, y_true, strict=True)
            ]

        verdict = refused(judge_grad, answer)
        assert (verdict.message, verdict.misconception) == ("Once is enough.", "twice")

    def test_it_must_match_in_every_case(self):
        def answer(y_pred, y_true):
            return (4 if len(y_pred) == 5 else 2) * (y_pred - y_true) / y_pred.size

        assert not refused(judge_grad, answer).recognized

    def test_two_sentences_that_fit_are_both_kept_back(self):
        one = Misconception("one", lambda x: -(x**2), "One.")
        two = Misconception("two", lambda x: -x * x, "Two.")
        again = Misconception("again", lambda x: -np.square(x), "One.")
        inputs = lambda rng: [(rng.normal(size=n),) for n in (5, 7)]  # noqa: E731
        answer = one.answer
        assert refused(judge_function(np.square, inputs, (one,)), answer).misconception == "one"
        assert refused(judge_function(np.square, inputs, (one, again)), answer).misconception == "one"
        both = refused(judge_function(np.square, inputs, (one, two)), answer)
        assert both.message == "It is minus what is needed: only the sign is wrong."

    def test_a_known_mistake_that_raises_is_passed_over(self):
        broken = Misconception("broken", lambda y_pred, y_true: y_pred @ y_true, "Broken.")
        judge = judge_function(grad, cases, (broken, *MISTAKES))
        assert refused(judge, MISTAKES[0].answer).misconception == "twice"

    @pytest.mark.parametrize(
        ("factor", "id"),
        [
            (lambda n: -1, "sign"),
            (lambda n: 2, "times-2"),
            (lambda n: 0.5, "times-half"),
            (lambda n: n, "times-n"),
            (lambda n: 1 / n, "over-n"),
            (lambda n: 3, None),
            (lambda n: -n / 7, None),
        ],
    )
    def test_a_constant_ratio_is_named(self, factor, id):
        judge = judge_function(grad, cases, ())
        verdict = refused(judge, lambda p, t: factor(len(p)) * grad(p, t))
        assert verdict.misconception == id if id else not verdict.recognized

    def test_another_constant_factor_is_told_as_a_number(self):
        verdict = refused(judge_function(grad, cases, ()), lambda p, t: 3 * grad(p, t))
        assert verdict.message.startswith("Every entry is 3 times what is needed.")

    def test_n_times_is_not_claimed_where_no_case_has_a_batch(self):
        judge = judge_function(lambda x: x**2, lambda rng: [(float(x),) for x in rng.normal(size=3)], ())
        assert refused(judge, lambda x: 2 * x**2).misconception == "times-2"

    def test_a_ratio_that_n_explains_as_well_is_not_claimed(self):
        judge = judge_function(np.square, lambda rng: [(rng.normal(size=2),), (rng.normal(size=2),)], ())
        assert refused(judge, lambda x: 2 * x**2).misconception is None

    def test_the_part_that_is_wrong_is_named(self):
        verdict = refused(judge_dict, lambda x: {"W": 2 * x, "b": x.mean(axis=0)})
        assert verdict.message.startswith("b is what is needed divided by n")
        assert verdict.misconception == "over-n"
        assert "Value 2 of 2 is " in refused(judge_pair, lambda x: (x.sum(axis=0), x)).message

    @pytest.mark.parametrize(
        "answer, says",
        [
            (lambda x: x ^ 2, "no power in Python"),
            (lambda x: x.size(x), "a product needs its star"),
            (lambda x: math.exp(x), "takes one number"),
            (lambda x: x if x > 0 else 0, "entry by entry"),
        ],
        ids=["^", "2(x)", "math", "if"],
    )
    def test_a_slip_of_python_gets_its_own_sentence(self, answer, says):
        judge = judge_function(lambda x: 2 * x, lambda rng: [(rng.normal(size=n),) for n in (5, 7)], ())
        assert says in refused(judge, answer).message

    def test_the_entry_farthest_off_is_shown_with_what_is_needed(self):
        judge = judge_function(lambda x: 3 * x, lambda rng: [(np.arange(float(n)),) for n in (5, 7)], ())

        def answer(x):
            result = 3 * x
            result[1] += 0.25
            result[4] -= 100
            return result

        message = refused(judge, answer).message
        assert message.endswith("It is -88 at index 4, and 12 is needed.")

    def test_two_values_that_print_alike_are_told_apart(self):
        judge = judge_function(lambda x: 1.0, lambda rng: [(1.0,), (2.0,)], ())
        assert "It is 1.000002, and 1 is needed" in refused(judge, lambda x: 1.000002).message

    @pytest.mark.parametrize("value", [0.0, 1.0, -1.0])
    def test_a_constant_does_not_pass(self, value):
        assert status(judge_loss, lambda y_pred, y_true: value) == NOT_YET
        assert status(judge_grad, lambda y_pred, y_true: np.full(y_pred.shape, value)) == NOT_YET

    @pytest.mark.filterwarnings("error")
    def test_the_sentence_stands_alone_without_numpys_warnings(self):
        assert "NaN" in refused(judge_grad, lambda y_pred, y_true: np.log(-np.exp(1e4 * y_pred**2))).message
        assert "log" == refused(judge_grad, MISTAKES[3].answer).misconception

    def test_zero_is_not_a_tiny_gradient(self):
        judge = judge_function(lambda x: 1e-30 * x, lambda rng: [(rng.normal(size=n),) for n in (5, 7)], ())
        assert status(judge, lambda x: 0 * x) == NOT_YET
        assert status(judge, lambda x: x * 1e-30) == PASSED

    def test_an_answer_right_in_the_first_case_only_does_not_pass(self):
        assert status(judge_grad, lambda p, t: grad(p, t) if len(p) == 5 else 1.1 * grad(p, t)) == NOT_YET

    def test_one_wrong_part_does_not_hide_behind_a_large_one(self):
        judge = judge_function(lambda x: (1e9 * x, x), lambda rng: [(rng.normal(size=n),) for n in (5, 7)], ())
        assert status(judge, lambda x: (1e9 * x, 1.001 * x)) == NOT_YET

    def test_inputs_are_drawn_afresh_unless_seeded(self):
        def seen(**seed):
            inputs = []
            judge_grad(lambda y_pred, y_true: inputs.append(y_pred.copy()), **seed)
            return inputs[0]

        assert not np.array_equal(seen(), seen())
        assert np.array_equal(seen(seed=3), seen(seed=3))


@pytest.mark.parametrize(
    "error", [MemoryError(), ImportError("libtorch_cpu.so: failed to map segment from shared object")]
)
def test_a_library_that_is_too_large_is_told_as_such(error):
    def answer(*_):
        raise error

    verdict = PROBLEMS["mse"].judge(answer)
    assert verdict.misconception == "memory" and "a large library such as PyTorch does not fit" in verdict.message


class TestFormulas:
    judge = staticmethod(
        judge_formula(
            lambda x, y, a: (a - y) * x,
            "x y a",
            (Misconception("no-x", lambda x, y, a: a - y, "Where is x?"),),
        )
    )

    @pytest.mark.parametrize(
        "answer",
        [
            lambda x, y, a: (a - y) * x,
            lambda x, y, a: a * x - x * y,
            lambda x, y, a: (a**2 - y**2) / (a + y) * x,
            lambda x, y, a: x * (a - y) * 1.0,
            lambda x, y, a: np.array(x * (a - y)),
            lambda x, y, a: sympy.Symbol("x") * (sympy.Symbol("a") - y),
        ],
    )
    def test_any_form_of_the_formula_passes(self, answer):
        assert self.judge(answer).status == PASSED

    @pytest.mark.parametrize(
        "answer",
        [
            lambda x, y, a: sympy.diff((a - y) * x**2 / 2, x),
            lambda x, y, a: ((a - y) * x**2 / 2).diff(x),
            lambda x, y, a: sympy.Derivative((a - y) * x**2 / 2, x),
        ],
    )
    def test_sympy_does_not_do_what_is_asked_for_on_paper(self, answer):
        assert refused(self.judge, answer).misconception == "sympy.diff"

    def test_a_factor_or_a_term_is_told_only_the_second_time(self):
        verdict = refused(self.judge, lambda x, y, a: (a - y) * x + x * y)
        assert "Your formula is x*y too much." in verdict.message
        assert verdict.told_first.startswith("Your formula is off by a term. At a =")

    def test_a_number_can_be_a_formula(self):
        judge = judge_formula(lambda x: sympy.Integer(2), "x", ())
        assert status(judge, lambda x: 2) == PASSED
        assert status(judge, lambda x: np.float64(2.0)) == PASSED
        assert "gives 3 where 2 is needed" in refused(judge, lambda x: 3).message

    def test_the_point_where_it_differs_is_shown_with_both_values(self):
        message = refused(self.judge, lambda x, y, a: (a - y) * x + x**2).message
        assert all(f"{name} = " in message for name in "xya") and "your formula gives" in message
        shown = {name: float(message.split(f"{name} = ")[1].split()[0].strip(",")) for name in "xya"}
        needed = float(message.split(" where ")[1].split()[0])
        assert math.isclose(needed, (shown["a"] - shown["y"]) * shown["x"], rel_tol=1e-4)

    def test_a_known_mistake_gets_its_sentence(self):
        verdict = refused(self.judge, lambda x, y, a: -y + a)
        assert (verdict.message, verdict.misconception) == ("Where is x?", "no-x")

    @pytest.mark.parametrize(("factor", "id"), [(-1, "sign"), (2, "times-2"), (sympy.Rational(1, 2), "times-half")])
    def test_a_constant_ratio_is_named(self, factor, id):
        assert refused(self.judge, lambda x, y, a: factor * (a - y) * x).misconception == id

    @pytest.mark.parametrize(
        ("answer", "says"),
        [
            (lambda x, y, a: "(a - y) * x", "string"),
            (lambda x, y, a: None, "did you forget return?"),
            (lambda x, y, a: (a, y), "a tuple"),
            (lambda x, y, a: sympy.Matrix([a]), "one formula is needed"),
            (lambda x, y, a: sympy.Eq(a, y), "one formula is needed"),
            (lambda x, y, a: True, "one formula is needed"),
            (lambda x, y, a: np.exp(a), "with sympy.exp"),
            (lambda x, y, a: math.exp(a), "sympy.exp"),
            (lambda x, y, a: sympy.Symbol("q") * x, "The formula holds q; only x, y, a"),
            (lambda x, y, a: sympy.nan, "no real number"),
            (lambda x, y: x, "positional argument"),
        ],
    )
    def test_what_is_not_a_formula_is_refused_by_name(self, answer, says):
        assert says in refused(self.judge, answer).message

    def test_a_string_is_never_run(self):
        ran = []
        sympy.probe = ran.append
        text = "probe(1)"
        try:
            for result in (
                text,
                np.str_(text),
                np.array(text),
                np.array([text]),
                (text,),
                [text],
                {text: text},
                {text},
            ):
                refused(self.judge, lambda x, y, a, result=result: result)
        finally:
            del sympy.probe
        assert ran == []

    def test_a_stub_is_not_attempted(self):
        def stub(x, y, a):
            raise NotImplementedError()

        assert status(self.judge, stub) == NOT_ATTEMPTED


NUMBERS = {"z": 0.55, "a": 0.634136, "loss": 0.455492}


class TestNumbers:
    judge = staticmethod(
        judge_numbers(
            NUMBERS,
            (
                Misconception("no-bias", lambda: {"z": 0.45, "a": 0.610639}, "The bias is missing."),
                Misconception("log10", lambda: {"loss": 0.197818}, "This is the logarithm to base 10."),
                Misconception("base", lambda: {"loss": 0.1979}, "A second sentence for the same loss."),
                Misconception("half", lambda: {"a": 0.5}, "A second sentence for the same a."),
                Misconception("tanh", lambda: {"a": 0.500520}, "This is tanh."),
            ),
        )
    )

    @pytest.mark.parametrize(
        "answer",
        [
            NUMBERS,
            {"z": 0.55, "a": 0.634, "loss": 0.455},
            {"z": Fraction(11, 20), "a": np.float32(0.634136), "loss": np.array([0.4555])},
            {"z": sympy.Rational(11, 20), "a": 0.634, "loss": 0.455, "my own note": "x"},
        ],
    )
    def test_three_digits_pass(self, answer):
        assert self.judge(lambda: answer).status == PASSED

    def test_two_digits_do_not_pass(self):
        assert "a = 0.63 is rounded too far" in refused(self.judge, lambda: {**NUMBERS, "a": 0.63}).message

    def test_an_empty_dict_does_not_pass(self):
        assert "Still missing: z, a, loss." in refused(self.judge, lambda: {}).message

    @pytest.mark.parametrize(
        ("factor", "fact"), [(-1, "the sign is not"), (2, "twice what"), (0.5, "half"), (-2, "twice")]
    )
    def test_a_sign_and_a_factor_2_are_told(self, factor, fact):
        assert fact in refused(self.judge, lambda: {**NUMBERS, "z": factor * 0.55}).message

    def test_what_is_missing_and_what_is_unknown_are_named(self):
        message = refused(self.judge, lambda: {"z": 0.55, "a": 0.634, "Loss": 0.455}).message
        assert "Still missing: loss." in message and "There is none named 'Loss'." in message

    def test_a_name_left_blank_is_missing(self):
        assert "Still missing: loss." in refused(self.judge, lambda: {**NUMBERS, "loss": None}).message

    def test_a_dict_of_blanks_is_not_attempted(self):
        assert status(self.judge, lambda: dict.fromkeys(NUMBERS, ...)) == NOT_ATTEMPTED

    def test_the_first_wrong_name_is_told_and_what_is_needed_is_not(self):
        message = refused(self.judge, lambda: {"loss": 3.0, "a": 4.0, "z": 0.55}).message
        assert "a = 4 " in message and "loss" not in message and "0.63" not in message

    def test_a_known_mistake_gets_its_sentence(self):
        verdict = refused(self.judge, lambda: {"z": 0.45, "a": 0.611, "loss": 0.455})
        assert (verdict.message, verdict.misconception) == ("The bias is missing.", "no-bias")

    def test_a_known_mistake_is_recognized_by_one_of_its_names(self):
        assert refused(self.judge, lambda: {**NUMBERS, "z": 0.45}).misconception == "no-bias"

    def test_a_known_mistake_must_explain_every_wrong_name(self):
        assert refused(self.judge, lambda: {"z": 0.45, "a": 0.611, "loss": 9.0}).misconception is None

    def test_a_mistake_that_begins_earlier_than_the_wrong_number_is_not_claimed(self):
        assert refused(self.judge, lambda: {**NUMBERS, "z": 0.45, "a": 0.610639}).misconception == "no-bias"
        assert refused(self.judge, lambda: {**NUMBERS, "a": 0.610639}).misconception is None

    def test_two_sentences_that_fit_are_both_kept_back(self):
        assert refused(self.judge, lambda: {**NUMBERS, "loss": 0.1979}).misconception is None
        assert refused(self.judge, lambda: {**NUMBERS, "a": 0.5005}).misconception is None

    @pytest.mark.parametrize("value", ["0.55", 1j, [0.55, 0.55], math.nan, math.inf, {}])
    def test_a_value_that_is_no_number_is_refused(self, value):
        assert "z" in refused(self.judge, lambda: {**NUMBERS, "z": value}).message

    @pytest.mark.parametrize("result", [0.55, [0.55], "z", {1, 2}])
    def test_what_is_no_dict_is_refused(self, result):
        assert "a dict is needed" in refused(self.judge, lambda: result).message

    def test_zero_must_be_zero(self):
        judge = judge_numbers({"x": 0.0}, ())
        assert status(judge, lambda: {"x": 0}) == PASSED
        assert status(judge, lambda: {"x": 1e-9}) == NOT_YET


def test_a_quotient_rounded_down_is_told_as_such():
    judge = judge_function(lambda x: 90 * x / 2, cases_of_one, ())
    assert judge(lambda x: 90 * x // 2, seed=0).misconception == "//"
    assert judge(lambda x: np.round(90 * x / 2), seed=0).misconception != "//"


def test_zero_everywhere_is_not_taken_for_a_quotient_rounded_down():
    judge = judge_function(lambda x: x**2 / (1 + x**2), cases_of_one, ())
    assert judge(lambda x: 0 * x, seed=0).misconception != "//"


def cases_of_one(rng):
    return [(rng.normal(size=n),) for n in (5, 7)]


WRONG = {"mse": "Look again.", "about the same": "They differ."}


class TestSquareFirst:
    cases = staticmethod(lambda rng: [(rng.normal(size=(n, m)), rng.normal(size=m)) for n, m in ((5, 3), (6, 4))])
    squares = staticmethod(lambda rng: [(rng.normal(size=(n, n)), rng.normal(size=n)) for n in (3, 4)])
    mistakes = (
        Misconception("turned", lambda A, x: A.T @ x, "A lies on its side."),
        Misconception("sign", lambda A, x: -A @ x, "The sign."),
    )
    judge = staticmethod(judge_square_first(lambda A, x: A @ x, cases, squares, mistakes, ("turned",)))

    def test_what_fits_in_square_arrays_only_is_recognized_there(self):
        assert refused(self.judge, lambda A, x: A.T @ x).message == "A lies on its side."
        plain = judge_function(lambda A, x: A @ x, self.cases, self.mistakes)
        assert refused(plain, lambda A, x: A.T @ x).misconception == "shapes that met"

    def test_all_else_is_judged_on_arrays_of_unequal_axes(self):
        assert self.judge(lambda A, x: A @ x).status == PASSED
        assert refused(self.judge, lambda A, x: -A @ x).message == "The sign."
        half = refused(self.judge, lambda A, x: A @ x if A.shape[0] == A.shape[1] else A)
        assert not half.recognized


class TestChoices:
    judge = staticmethod(judge_choice("cross-entropy", "It is the steeper one.", WRONG))
    judge_shape = staticmethod(
        judge_choice((5, 5), "Both are stretched.", {(5,): "It broadcasts.", (5, 1): "Not that way."})
    )
    judge_count = staticmethod(judge_choice(0, "None.", {1: "One.", -1: "Minus one."}))

    @pytest.mark.parametrize("value", ["cross-entropy", "Cross entropy", "  CROSS-ENTROPY "])
    def test_case_spaces_and_hyphens_do_not_matter(self, value):
        assert self.judge(lambda: value).status == PASSED

    def test_a_wrong_choice_gets_its_sentence(self):
        assert refused(self.judge, lambda: "MSE").message == "Look again."
        assert refused(self.judge, lambda: "About-the same").message == "They differ."
        assert refused(self.judge_count, lambda: -1).misconception == "chose -1"

    def test_a_tuple_may_be_a_list_or_an_array(self):
        for value in ((5, 5), [5, 5], np.array([5, 5]), np.zeros((5, 5)).shape):
            assert self.judge_shape(lambda value=value: value).status == PASSED
        assert refused(self.judge_shape, lambda: (5, 1)).message == "Not that way."

    def test_what_is_to_be_worked_out_is_not_given_away_by_a_list_of_choices(self):
        message = refused(self.judge_shape, lambda: (5, 6)).message
        assert "(5, 6)" in message and "(5, 5)" not in message
        assert "without quotes" in refused(self.judge_shape, lambda: "(5, 5)").message
        assert "'cross-entropy'" in refused(self.judge, lambda: "hinge").message

    def test_a_number_may_have_any_type(self):
        for value in (0, 0.0, np.int64(0), np.array(0)):
            assert self.judge_count(lambda value=value: value).status == PASSED
        assert refused(self.judge_count, lambda: 1.0).message == "One."
        judge_step = judge_choice(1e-2, "Here.", {1e-5: "Too small."})
        assert judge_step(lambda: np.float32(1e-2)).status == PASSED
        assert refused(judge_step, lambda: 0.010001).misconception is None

    @pytest.mark.parametrize(
        "value",
        [
            "crossentropy",
            "",
            3,
            10**400,
            (),
            {"mse"},
            Agreeable(),
            (1, Agreeable()),
            b"mse",
            float("nan"),
            np.zeros((2, 2)),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_an_unknown_value_lists_the_choices(self, value):
        assert "'about the same', 'cross-entropy', 'mse'" in refused(self.judge, lambda: value).message

    def test_a_list_that_holds_itself_is_refused(self):
        endless = []
        endless.append(endless)
        assert status(self.judge, lambda: endless) == NOT_YET

    def test_the_wrong_choices_are_known_wrong_answers(self):
        assert [(m.answer(), m.says) for m in self.judge.misconceptions] == list(WRONG.items())

    def test_a_text_in_place_of_the_function_is_told_to_be_one(self):
        assert "Pass the function itself" in refused(self.judge, "cross-entropy").message


class TestProducts:
    """What NumPy says of a product @ in its own terms is said in ours."""

    judge = staticmethod(
        judge_function(
            lambda A, x: A @ x, lambda rng: [(rng.normal(size=(k, 3)), rng.normal(size=3)) for k in (4, 5)], ()
        )
    )

    def test_the_shapes_of_two_names_are_told(self):
        def turned(A, x):
            y = A.T @ x
            return y

        message = refused(self.judge, turned).message
        assert "(3, 4) @ (3,): the inner lengths 4 and 3 differ" in message and "gufunc" not in message
        assert "write each array's shape beside that line" in message

    def test_of_other_products_the_lengths_are(self):
        def turned(A, x):
            return (2 * A).T @ x

        message = refused(self.judge, turned).message
        assert "in left @ right the inner lengths 4 and 3 differ" in message and "gufunc" not in message

    def test_a_number_is_no_side_of_it(self):
        assert "one side of @ is a single number" in refused(self.judge, lambda A, x: A @ x @ 2.0).message

    def test_an_axis_that_has_gone_is_told(self):
        message = refused(self.judge, lambda A, x: (A * x).sum(axis=0).sum(axis=1)).message
        assert "the axes behind it have moved up" in message


class TestOrderAndDoubles:
    """Right values in another order are known as such, and nothing is said twice."""

    def test_right_values_in_another_order_are_told_so(self):
        def cases(rng):
            return [(rng.normal(size=n),) for n in (4, 5)]

        judge = judge_function(lambda x: (x.sum(), 2 * x, x), cases, (), returns="total double same")
        verdict = refused(judge, lambda x: (2 * x, x, x.sum()))
        assert verdict.misconception == "another order" and "Return total, double, same." in verdict.message
        assert refused(judge, lambda x: (x.sum(), 3 * x, x)).misconception != "another order"

    def test_a_case_that_a_probe_has_told_of_is_not_told_again(self):
        judge = judge_function(lambda a, y: a - y, lambda rng: [(0.3, 0), (0.6, 1), (0.2, 1), (0.8, 0)], ())
        assert refused(judge, lambda a, y: a - 1).message.count("right for y = 1") == 1
