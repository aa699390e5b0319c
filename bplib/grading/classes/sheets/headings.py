"""What a column of points is of, as its heading says: a lesson, or the total of all; or else it is none of ours.

A heading names a lesson by its title, as "Homework 2: Loss functions" does, or by its number:

- at its beginning, as the course writes it: "01", "10b Generalization"
- behind a word for what learners hand in, where a zero in front may be left out: "HW01", "Übungsblatt 1". Without a
  zero in front nothing may go on behind it: "Week 1 lecture", "Sheet 2 of 3" and "Labs 1-2" are no lessons.

A title outdoes a number of one digit, which may be the instructor's own count. The total has a heading of which every
word says so: "Course total", "Exercises". Where a heading speaks of a quiz or an exam too, its grades are other ones.
"""

import re
from collections import Counter, defaultdict

from bplib.grading import listings

TOTAL = "the total"

_NEITHER = (
    'columns that name neither a lesson, as "Loss functions", "01" and "Homework 1" do, nor the total, as "Total" and'
    ' "Exercises" do, left as they are'
)
_TASKS = (
    "exercises?|homeworks?|hw|assignments?|labs?|lessons?|notebooks?|nb|(?:work)?sheets?|problem sets?|psets?|ps|tasks?"
    "|units?|weeks?|wk|(?:haus)?übung(?:en)?|(?:übungs|aufgaben|arbeits)?bl(?:att|ätter)|(?:haus|übungs)?aufgaben?|ha"
    "|abgaben?|lektion(?:en)?|einheit(?:en)?|wochen?"
)
_TOTALS = set(
    "total totals sum overall course exercises points notebooks homework homeworks assignments labs lessons"
    " gesamt insgesamt summe gesamtsumme gesamtpunkte gesamtpunktzahl punkte übungspunkte übungen hausaufgaben aufgaben"
    " kurs lektionen".split()
)
_BESIDE_TOTALS = set("a all for from in of the score exercise notebook alle aller aus der des im von übung".split())
_OTHERS = re.compile(
    "exams?|examinations?|midterms?|quiz|quizz?es|tests?|essays?|papers?|reports?|proposals?|drafts?|talks?|posters?"
    "|presentations?|oral|lectures?|readings?|attendance|participation|discussions?|forum|surveys?|polls?|reflections?"
    r"|feedback|reviews?|peer|parts?|bonus|extra|\w*klausur(?:en)?|\w*prüfung(?:en)?|aufsatz|hausarbeit|bericht|vortrag"
    "|referat|vorlesung|anwesenheit|teilnahme|mitarbeit|diskussion|umfrage|teil|zusatz"
)
_NUMBER = re.compile(
    rf"(?:^|(?<![^\W_])(?<!-)(?P<task>{_TASKS})(?:[\W_]*n[or](?![^\W_]))?)[\W_]*"
    r"(?P<number>\d{1,2}(?:\s?[a-z](?![^\W_]))?)(?![^\W_])(?!\s?[-–/,.+&]\s?\d|:\d|\s*(?:points?|pts|punkte?|%))"
    r"(?P<on>\s*[^\W\d_])?"
)


def columns(headings, titles, counted):
    """({column: a lesson or `TOTAL`}, {what is to be said: [the headings of columns that are left as they are]}).

    headings is {column: heading}, titles {lesson: title}, and counted has the lessons of which there are points. Where
    two columns are of the same by their headings, neither is.
    """
    named = {column: _named(heading, titles) for column, heading in headings.items()}
    times = Counter(named.values())
    found, left = {}, defaultdict(list)
    for column, names in named.items():
        if not names:
            says = _NEITHER
        elif len(names) > 1:
            says = f"columns that may be {' or '.join(names)}, left as they are"
        elif times[names] > 1:
            says = f"several columns that may be {names[0]}, left as they are"
        elif names[0] not in (*counted, TOTAL):
            says = f"columns that are {names[0]}, of which nothing counts here, left as they are"
        else:
            found[column] = names[0]
            continue
        left[says].append(f'"{listings.clean(headings[column])}"')
    return found, left


def _named(heading, titles):
    """The lessons that a heading names, or `TOTAL`; of "Policy gradients" and "Gradients" only the longer."""
    heading = listings.clean(heading).casefold()
    titles = {lesson: title.casefold() for lesson, title in titles.items()}
    found = {title for title in titles.values() if re.search(rf"(?<!\w){re.escape(title)}(?!\w)", heading)}
    longest = {title for title in found if not any(title != other and title in other for other in found)}
    names = {lesson for lesson, title in titles.items() if title in longest}
    for title in longest:
        heading = heading.replace(title, " ")
    words = re.findall(r"[^\W\d_]+", heading)
    if any(_OTHERS.fullmatch(word) for word in words):
        return ()
    names |= _numbered(heading, {lesson.partition("_")[0]: lesson for lesson in titles}, not names)
    is_total = {*words} & _TOTALS and {*words} <= _TOTALS | _BESIDE_TOTALS and not re.search(r"\d", heading)
    return tuple(sorted(names)) or ((TOTAL,) if is_total else ())


def _numbered(heading, lessons, short):
    """The lessons whose numbers a heading has, of {number: lesson}; short: whether a zero may be left out."""
    found = set()
    for match in _NUMBER.finditer(heading):
        number = re.sub(r"\s", "", match["number"])
        if match["task"] and match["on"] and not number.startswith("0"):
            continue
        if match["task"] and short:
            number = re.sub(r"^\d(?!\d)", r"0\g<0>", number)
        found |= {lessons[number]} if number in lessons else set()
    return found
