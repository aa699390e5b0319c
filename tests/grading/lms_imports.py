"""What the imports of LMSs make of a file, after their own sources and manuals; each function says which."""

import csv
import datetime
import io
import re
import zipfile

# Canvas: canvas-lms, lib/gradebook_importer.rb


def canvas_import(content, students, assignments=None):
    """{(id of a student, title of an assignment): grade as text, None for blank}, and {title: points possible}.

    students is {id: name}, assignments {id: title}, of the course. AssertionError for students whom Canvas cannot find.
    """
    text = content.decode("utf-8")
    separator = ";" if _is_semicolon(text) else ","
    # csv_stream: the converters, and lines that are skipped.
    lines = [line for line in text.splitlines(keepends=True) if not re.fullmatch(r"[;, ]+", line.rstrip("\n"))]
    rows = [[_converted(cell) for cell in row] for row in csv.reader(lines, delimiter=separator, strict=True)]
    head = rows[0]
    # row_has_student_headers?, update_column_count, header?
    assert len(head) > 3 and "Student" in head[0] and "ID" in head[1]
    columns = 3
    if re.search(r"SIS\s+Login\s+ID", head[2]):
        columns += 1
    elif re.search(r"SIS\s+User\s+ID", head[2]) and re.search(r"SIS\s+Login\s+ID", head[3]):
        columns += 2 + (re.search(r"Integration\s+ID", head[4]) is not None)
    assert "Section" in head[columns - 1]
    # strip_non_assignment_columns
    calculated = "|".join(f"{when} {what}" for when in ("Current", "Final") for what in ("Score", "Points", "Grade"))
    titles = [title for title in head[columns:] if not re.search(f"{calculated}|Override (Score|Grade|Status)", title)]
    grades, possible = {}, {}
    for row in rows[1:]:
        row = [cell or None for cell in row]
        if row[0] and "Points Possible" in row[0]:  # check_for_non_student_row, process_pp
            possible = {_title(title, assignments): row[head.index(title)] for title in titles}
        elif not all(re.search(r"^\s*(Muted|Manual Posting.*)?\s*$", cell, re.IGNORECASE) for cell in row if cell):
            student = _student(row, students)
            for title in titles:
                if "read only" not in (possible.get(_title(title, assignments)) or ""):  # readonly_assignment?
                    grade = row[head.index(title)]
                    grades[student, _title(title, assignments)] = grade.strip() if grade else None
    return grades, possible


def _is_semicolon(text):
    """identify_delimiter"""
    counts = {}
    for separator in ";,":
        try:
            sizes = {len(next(csv.reader([line], delimiter=separator, strict=True))) for line in text.split("\n")[:3]}
            counts[separator] = sizes.pop() if len(sizes) == 1 else 0
        except csv.Error:
            counts[separator] = 0
    return counts[";"] > counts[","]


def _converted(cell):
    """decimal_comma_to_period"""
    if not re.fullmatch(r"-?[0-9.,]+%?", cell):
        return cell
    *parts, last = re.split("[,.]", cell)
    return f"{''.join(parts)}.{last}" if parts else last


def _title(heading, assignments):
    """parse_assignments, with title_and_id of app/models/assignment.rb"""
    match = re.fullmatch(r"(.*)\s\((\d+)\)", heading)
    return (assignments or {}).get(match[2], match[1]) if match else heading


def _student(row, students):
    """process_student; without one, Canvas asks whom a row means."""
    number = re.match(r"\d*", row[1] or "")[0]
    if number in students:
        return number
    (found,) = [each for each, name in students.items() if name == row[0]]
    return found


# Moodle: mod/assign/feedback/offline/importgradeslib.php and locallib.php, lib/csvlib.class.php, lib/moodlelib.php

ENGLISH = {"id": "Identifier", "grade": "Grade", "modified": "Last modified (grade)", "user": "Participant "}
GERMAN = {"id": "ID", "grade": "Bewertung", "modified": "Zuletzt geändert (Bewertung)", "user": "Teilnehmer/in"}


def moodle_import(content, participants, most, strings=ENGLISH, separator=",", point=".", now=None, force=False):
    """{number of a participant: grade} that are updated. now is {number: (grade, time of it)} of what Moodle has.

    participants are numbers, most is the maximum; separator is chosen in the form, and point is that of the language.
    """
    rows = _fgetcsv(content.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n").strip(), separator)
    head, *rows = rows
    assert {len(row) for row in rows} <= {len(head)}, "csvweirdcolumns"  # load_csv_content
    id, grade, modified = (head.index(strings[key]) for key in ("id", "grade", "modified"))  # init
    updated = {}
    for row in rows:
        number = row[id][len(strings["user"]) :]  # next
        if number not in participants:
            continue
        # unformat_float
        text = row[grade].strip().replace(" ", "").replace(point, ".")
        points = float(re.match(r"-?\d*\.?\d*", text)[0] or 0) if text else None
        has, since = (now or {}).get(number, (None, 0))
        if points is None or points == has or not 0 <= points <= most:  # process_import_grades
            continue
        if force or since <= _strtotime(row[modified]) + 60:
            updated[number] = points
    return updated


def _strtotime(text):
    try:
        return datetime.datetime.strptime(text, "%A, %d %B %Y, %I:%M %p").replace(tzinfo=datetime.UTC).timestamp()
    except ValueError:
        return 0  # PHP's false


def _fgetcsv(text, separator):
    """fgetcsv with the escape that Moodle gives it: a quote behind a backslash does not end a cell."""
    rows, row, cell, quoted, place = [], [], "", False, 0
    text += "\n"
    while place < len(text):
        letter = text[place]
        if quoted:
            if letter == "\\" and text[place + 1] == '"':
                cell, place = cell + '\\"', place + 1
            elif letter == '"' and text[place + 1] == '"':
                cell, place = cell + '"', place + 1
            elif letter == '"':
                quoted = False
            else:
                cell += letter
        elif letter == '"' and not cell:
            quoted = True
        elif letter in (separator, "\n"):
            row.append(cell)
            cell = ""
            if letter == "\n":
                rows.append(row)
                row = []
        else:
            cell += letter
        place += 1
    assert not quoted, "the last cell does not end"
    return [row for row in rows if row != [""]]


# Moodle: mod/assign/feedback/file/importziplib.php


def moodle_feedback(content, participants):
    """{number of a participant: {name of a file: its content}}, as is_valid_filename_for_import finds them."""
    files = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            if info.is_dir() or info.filename.split("/")[-1][:1] in (".", "~"):
                continue
            parts = ["", *info.filename.split("/")]
            while parts:
                part, *parts = parts
                found = part.split("_", 4)
                if len(found) < 4 or not re.fullmatch(r"\s*[+-]?\d+(\.\d*)?", found[1]) or found[1] not in participants:
                    continue
                if found[2] not in ("assignsubmission", "assignfeedback") or found[3] != "file":
                    continue
                rest = "/".join([*found[4:], *parts]).strip("/")
                files.setdefault(found[1], {})[rest] = archive.read(info)
                break
    return files


# Blackboard: "Upload and download grades" of help.blackboard.com. The key is Username; a column that ends with a bar
# and a number is that column, and any other a new one.


def blackboard_import(content):
    """{(name of account, title of a column): grade as text}, and {title: the number of the column or None}."""
    utf16 = content.startswith(b"\xff\xfe")
    text = content.decode("utf-16" if utf16 else "utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if utf16 else ",", strict=True)
    user, grades, numbers = head.index("Username"), {}, {}
    for k, heading in enumerate(head):
        match = re.fullmatch(r"(.*) \[Total Pts: [\d.]+ Score\](?: \|(\d+))?", heading)
        if match:
            numbers[match[1]] = match[2]
            grades |= {(row[user], match[1]): row[k] for row in rows}
    return grades, numbers


# Brightspace: community.d2l.com, "Importing grades": Username or OrgDefinedId or both, a # in front of them or not, the
# name of an item and Points Grade, and a last column that marks the end of the line.


def brightspace_import(content):
    """{(what Brightspace knows somebody by, title of an item): grade as text}."""
    head, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    keys = [k for k, heading in enumerate(head) if heading in ("OrgDefinedId", "Username")]
    assert keys and head[-1] == "End-of-Line Indicator" and all(row[-1] == "#" for row in rows)
    grades = {}
    for k, heading in enumerate(head):
        match = re.fullmatch(r"(.*) Points Grade( <.*>)?", heading)
        if match:
            for row in rows:
                person = next(row[key].removeprefix("#") for key in keys if row[key])
                grades[person, match[1]] = row[k]
    return grades
