"""Whose repository a folder is: of `ASSIGNMENT-USER`, as GitHub Classroom and Classroom 50 name them, the user's.

Nothing in a folder says whose it is, so its name is its identity. Behind a hyphen an account of the roster may end it.
That is no guess where SEVERAL folders have the same words before the accounts of different people, and these are most
of the folders with those words; of one alone a line says whose it might be.

Source: foundation50/classroom50, discussion 1150: classroom, assignment and user with hyphens, in small letters.
"""

from collections import defaultdict
from dataclasses import replace

from bplib.grading.classes.people import roster

SEVERAL = 2


def known(handed, people):
    """The hand-ins, `handins.Handed`, in which an entry of ASSIGNMENT-USER has the identity USER of the roster."""
    accounts = {
        identity.casefold(): number
        for number, person in enumerate(people)
        for identity in person.identities
        if not identity.isdecimal()  # what is behind a hyphen may number copies
    }
    index, found, folders = roster.Index(people), {}, []
    for each in handed:
        if len(each.entries) == 1 and not (each.entries[0].lms or each.entries[0].identity):
            name = each.entries[0].name
            folders.append(name.casefold())
            if not index.people(each.entries[0])[0] and (parts := _parts(name, accounts)):
                found[each.learner] = parts
    people_of, results = defaultdict(set), []
    for assignment, user in found.values():
        people_of[assignment].add(accounts[user.casefold()])
    sure = {
        assignment
        for assignment, theirs in people_of.items()
        if len(theirs) >= SEVERAL and 2 * len(theirs) > sum(name.startswith(f"{assignment}-") for name in folders)
    }
    for each in handed:
        assignment, user = found.get(each.learner, ("", ""))
        if assignment in sure:
            each = replace(each, entries=(replace(each.entries[0], identity=user),))
        elif user:
            person = people[accounts[user.casefold()]]
            line = f"its name ends in {user}: if it is of {person}, give them this name as one more identity there"
            each = replace(each, problems=(*each.problems, line))
        results.append(each)
    return results


def _parts(name, accounts):
    """(assignment in small letters, user) of a name that ends in an account; the longest such account."""
    places = (place for place, letter in enumerate(name) if letter == "-" and place)
    return next(
        ((name[:at].casefold(), name[at + 1 :]) for at in places if name[at + 1 :].casefold() in accounts), None
    )
