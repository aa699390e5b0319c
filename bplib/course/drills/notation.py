"""Reads a formula that was typed, as on paper or as in Python, into a tree. What is typed is never run.

Read are 2x, 2(x + 1), x y, e^x, ln, σ and sigma, √, x², tanh^2(x), the decimal comma, minus signs and dots of all
kinds, and np.exp. What can be read in two ways, as 1/2x, is asked for again and not guessed. A formula that is read is
small enough for any computer: no number in it is large, no power high, and no exp is in the exp of an exp.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from types import SimpleNamespace

from bplib.course.drills import bounds, expressions
from bplib.course.drills.expressions import FUNCTIONS, Call, Letter, Number, Power, Product, Quotient, Sum

LONGEST = 300
_DEEPEST = 25  # parentheses in parentheses
_HIGHEST, _DIGITS = 20, 18  # of an exponent; of a number
_ALIASES = {"ln": "log", "σ": "sigmoid", "sigma": "sigmoid", "√": "sqrt"}
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SIGNS = str.maketrans("−–—‐·⋅×∙∗÷∕⁄[]{}\u00a0\u2009\t\n", "-" * 4 + "*" * 5 + "/" * 3 + "()()" + " " * 4)
_TOKEN = re.compile(
    r" *(?:(?P<number>[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)|(?P<name>[A-Za-zΑ-ω]+|√)|(?P<power>\*\*|\^)"
    r"|(?P<raised>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)|(?P<sign>[-+*/()]))"
)
_SCIENTIFIC = re.compile(r"([+-]?[0-9]{1,9}(?:[.,][0-9]{0,12})?)[eE]([+-]?[0-9])")
_TWO_WAYS = re.compile(r"[0-9][eE][+-][0-9]")


@dataclass(frozen=True)
class _Token:
    """A piece of what was typed: its kind, its text, and where it begins and ends."""

    kind: str
    text: str
    start: int
    end: int


def read(words, letters=()):
    """The tree of a formula of these letters. ValueError, in a sentence, where it cannot be read or is too large."""
    words = words.strip().translate(_SIGNS)
    if len(words) > LONGEST:
        raise ValueError(f"This is longer than {LONGEST} letters.")
    if not letters and (found := _SCIENTIFIC.fullmatch(words)):
        tree = Number(Fraction(found[1].replace(",", ".")) * Fraction(10) ** int(found[2]))
    else:
        tree = _Reader(words, letters).whole()
    bounds.measured(tree)
    return tree


class _Reader:
    """A formula, token by token, by recursive descent; each method reads one kind of part and gives its tree."""

    def __init__(self, words, letters):
        self.words, self.letters, self.place, self.deep = words, tuple(letters), 0, 0
        self.known = {name: name for name in (*FUNCTIONS, *letters)} | {
            name: of for name, of in _ALIASES.items() if name not in letters
        }
        if "e" not in letters:
            self.known["e"] = "e"
        self.tokens = [*self.pieces(), _Token("end", "", len(words), len(words))]

    # Tokens

    def pieces(self):
        words = re.sub(r"\b(?:np|numpy|math|sympy|sp)\.(?=[a-z])", lambda found: " " * len(found[0]), self.words)
        if found := _TWO_WAYS.search(words):
            raise ValueError(f"{found[0]} can be read in two ways: write the * that is meant, or a plain number.")
        end, at = len(words.rstrip()), 0
        while at < end:
            found = _TOKEN.match(words, at)
            if not found:
                raise ValueError(_unreadable(words[at:].lstrip()[0]))
            kind, text = found.lastgroup, found[found.lastgroup]
            start, at = found.start(kind), found.end()
            if kind == "name":
                yield from self.names(text, start)
            elif kind == "number" and (len(text) > _DIGITS):
                raise ValueError(f"{text[:_DIGITS]} and so on has more digits than are needed.")
            else:
                yield _Token(kind, text, start, at)

    def names(self, text, start):
        """The names in letters without a space between them, as x and y in xy, x and exp in xexp."""
        at = 0
        while at < len(text):
            tried = (text[at:end] for end in range(len(text), at, -1))
            name = next((each for part in tried for each in (part, part.lower()) if each in self.known), None)
            if name is None and not self.letters:
                raise ValueError(f"{text[:20]} is no number; write it as 3, -2.5 or 1/3.")
            if name is None:
                letters = ", ".join(self.letters)
                raise ValueError(f"{text[:20]} is neither a letter of this formula ({letters}) nor a known function.")
            yield _Token("name", name, start + at, start + at + len(name))
            at += len(name)

    @property
    def now(self):
        return self.tokens[self.place]

    def take(self, *texts):
        """The token that is next, if its text is one of these, and go on."""
        token = self.now
        if token.text in texts:
            self.place += 1
            return token
        return None

    def said(self, start, end=None):
        """What was typed from one place to another, for a sentence."""
        return self.words[start : end or self.now.end].strip()[:40]

    # The grammar

    def whole(self):
        tree = self.total()
        if self.now.kind != "end":
            raise ValueError(
                "A parenthesis is closed that was never opened." if self.now.text == ")" else self.misplaced()
            )
        return tree

    def misplaced(self):
        if self.now.kind == "end":
            return f"Something is missing at the end, after {self.words.rstrip()[-10:]}."
        return f"Something is missing in front of {self.said(self.now.start, self.now.start + 10)}."

    def total(self):
        """A sum; its first term may have a sign."""
        terms, sign = [], self.take("+", "-")
        while True:
            term = self.product()
            terms.append(_negative(term) if sign and sign.text == "-" else term)
            sign = self.take("+", "-")
            if not sign:
                return Sum(tuple(terms)) if len(terms) > 1 else terms[0]

    def product(self):
        """Factors and divisors; where nothing stands between two, they are multiplied."""
        start, line = self.now.start, None
        tree = self.signed()
        while True:
            if self.take("*"):
                tree, line = Product((tree, self.signed())), None
            elif self.take("/"):
                tree, line = Quotient(tree, self.signed()), True
            elif self.now.kind in ("number", "name") or self.now.text == "(":
                if line:
                    raise ValueError(
                        f"{self.said(start)} can be read in two ways: put parentheses around all that stands"
                        " below the line, or write the * that is meant."
                    )
                self.juxtaposed()
                tree = Product((tree, self.power()))
            else:
                return tree

    def juxtaposed(self):
        """Refuse what stands without a sign behind something else, where that can be read in two ways."""
        before, now = self.tokens[self.place - 1], self.now
        if now.kind == "number" and before.kind in ("number", "name", "raised"):
            x, two = before.text, now.text
            ways = f"write {x}^{two} or {two}*{x}" if before.kind == "name" else "write the sign that is meant"
            raise ValueError(f"{self.said(before.start)} can be read in two ways: {ways}.")

    def signed(self):
        """A factor with signs in front of it, as in 2*-x."""
        signs = 0
        while token := self.take("+", "-"):
            signs += token.text == "-"
        tree = self.power()
        return _negative(tree) if signs % 2 else tree

    def power(self):
        """An atom, and its exponent if it has one."""
        start = self.now.start
        tree = self.atom()
        if self.now.kind == "raised":
            tree = self.to_the(tree, _whole(self.take(self.now.text).text))
            if self.now.kind in ("raised", "power"):
                raise ValueError(f"{self.said(start)} has a power of a power; put parentheses around the first.")
        elif self.now.kind == "power":
            self.place += 1
            first = self.place
            exponent = self.signed()
            self.clear(tree, start, first)
            tree = self.to_the(tree, exponent)
        return tree

    def clear(self, base, start, first):
        """Refuse an exponent without parentheses that goes on without a sign, as in e^2x."""
        now, last = self.now, self.tokens[self.place - 1]
        if self.tokens[first].text == "(" or last.text == ")":
            return
        of_e = base == _E
        close = now.start == last.end
        letter = now.kind == "name" and now.text not in (*FUNCTIONS, *_ALIASES)
        times = now.text == "(" and last.kind == "number"
        if (letter and (of_e or close)) or (times and of_e):
            raise ValueError(
                f"{self.said(start)} can be read in two ways: put parentheses around the exponent, or write the * that"
                " is meant."
            )

    def to_the(self, base, exponent):
        if base == _E:
            return Call("exp", exponent)
        if bounds.measured(exponent).value is None:
            raise ValueError("Only e is raised to something with a letter here; another exponent is a number.")
        try:
            value = expressions.evaluated(exponent, {}, _EXACT)
        except AttributeError:  # a function of a number
            value = None
        if not isinstance(value, Fraction) or max(abs(value), value.denominator) > _HIGHEST:
            raise ValueError(f"An exponent of {expressions.written(exponent)[:20]} is more than this formula needs.")
        return Power(base, value)

    def atom(self):
        token = self.now
        if token.kind == "number":
            self.place += 1
            return Number(Fraction(token.text.replace(",", ".")))
        if token.kind == "name":
            self.place += 1
            name = self.known[token.text]
            if name in self.letters:
                return Letter(name)
            return _E if name == "e" else self.function(name, token)
        if token.text == "(":
            return self.parentheses()
        raise ValueError(self.misplaced())

    def function(self, name, token):
        """A function, with its power in front of the parentheses if it stands there."""
        exponent = None
        if self.now.kind == "raised":
            exponent = _whole(self.take(self.now.text).text)
        elif self.now.kind == "power":
            self.place += 1
            exponent = self.signed()
        if exponent is not None and not (isinstance(exponent, Number) and exponent.value > 1):
            raise ValueError(f"{self.said(token.start)} is not clear; write the power behind the parentheses.")
        if self.now.text != "(":
            inside = self.letters[0] if self.letters else 2
            raise ValueError(f"Put what belongs to {token.text} in parentheses, as in {token.text}({inside}).")
        tree = Call(name, self.parentheses())
        return tree if exponent is None else self.to_the(tree, exponent)

    def parentheses(self):
        self.place += 1
        self.deep += 1
        if self.deep > _DEEPEST:
            raise ValueError(f"More than {_DEEPEST} parentheses in one another are too many to read.")
        tree = self.total()
        self.deep -= 1
        if not self.take(")"):
            raise ValueError("A parenthesis is never closed." if self.now.kind == "end" else self.misplaced())
        return tree


_E = Call("exp", Number(Fraction(1)))
_EXACT = SimpleNamespace(number=lambda value: value)


def _negative(tree):
    return Product((Number(Fraction(-1)), tree))


def _whole(digits):
    try:
        return Number(Fraction(int(digits.translate(_RAISED))))
    except ValueError:
        raise ValueError(f"{digits} is no exponent.") from None


def _unreadable(sign):
    if sign == "=":
        return "Write what stands to the right of the = alone."
    if sign == "'":
        return "A formula holds no derivatives any more: work out what has a prime."
    return f"{sign} cannot stand in a formula here; letters, numbers, + - * / ^ and {', '.join(FUNCTIONS)} can."
