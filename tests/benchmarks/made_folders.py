"""Make small documents as offices have them, with questions, to fit and measure the reader on.

    python tests/benchmarks/made_folders.py OUT [SEED]

Writes OUT/docs and OUT/questions.jsonl: question-answer lists, codes with neighbours, contacts,
records of years, short biographies and monthly lists, all invented and drawn at random. About a
third of the questions have no answer: another code, another year, another attribute, a question
of another list. The id of a question begins with the folder that it is asked of.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

FIRST = "Alma Boris Celia Dario Edda Felix Gwen Hugo Iris Jonas Katya Leon Mira Nils Olive".split()
LAST = "Arden Brask Corvo Dahlin Erlov Fenn Galt Hask Ilves Jarl Kest Lunde Marr Noor Oster".split()
TOWNS = "Varnby Kelsund Ostrava Millow Harwick Tarn Solvik Brenna Aldermoor Quillan".split()
PARTS = (
    "fuel pump,drive belt,oil seal,control board,air valve,pressure gauge,float switch,filter bag"
).split(",")
FAULTS = (
    "the tank is empty,the lid is open,the motor is too hot,the belt is torn,no water flows"
    ",the sensor is dirty,the battery is low,the drum is blocked"
).split(",")
REMEDIES = (
    "Fill the tank,Close the lid,Wait ten minutes,Replace the belt,Open the tap,Wipe the sensor"
    ",Charge it overnight,Remove the cloth"
).split(",")
ROOMS = "archive,workshop,nursery,library,studio,canteen,reading room,laboratory".split(",")
MONTHS = (
    "January February March April May June July August September October November December"
).split()
# Question, answer; another way to ask it.
PAIRS = [
    ("How do I cancel my membership?", "Write to the office by the end of the month.",
     "What must I do to leave the club?"),
    ("Can I bring my dog?", "Yes, on a lead.", "Are dogs allowed?"),
    ("Is breakfast included?", "No, it costs 9 euros.", "Does the price cover breakfast?"),
    ("Where can I leave my luggage?", "In the locker room behind the stairs.",
     "Where is luggage stored?"),
    ("When does the gym close?", "At 22:30, on Sundays at 20:00.", "Until when is the gym open?"),
    ("How many guests can I invite?", "Two at a time.", "What is the limit for guests?"),
    ("Who repairs the bicycles?", "The caretaker, on Mondays.",
     "Who looks after broken bicycles?"),
    ("Do I have to book a table?", "Only for groups of more than six.",
     "Is a reservation necessary?"),
    ("What does a locker cost?", "3 euros a week.", "How much is a locker?"),
    ("How long is the card valid?", "Twelve months from the first visit.",
     "When does the card expire?"),
    ("Can I pay in cash?", "No, only by card.", "Is cash accepted?"),
    ("Which floor is the clinic on?", "The third floor, next to the lift.",
     "On what floor do I find the clinic?"),
    ("Who may use the kiln?", "Members who have passed the safety test.",
     "Who is allowed to fire pots?"),
    ("What should I do if I lose my key?", "Call the porter; a new key costs 15 euros.",
     "What happens when a key is lost?"),
    ("Are children admitted?", "Yes, from the age of eight.", "From what age may children come?"),
    ("How often are the towels changed?", "Every second day.",
     "At what interval do we get new towels?"),
    ("What is the deposit for a boat?", "80 euros, in advance.", "How high is the boat deposit?"),
    ("Why was the pool closed?", "Because the heating failed.",
     "What is the reason for closing the pool?"),
    ("Where do I return the skates?", "At the counter in the hall.",
     "Where are skates handed back?"),
    ("May I take photographs?", "Yes, without a flash.", "Is photography permitted?"),
    ("How do I reach the night nurse?", "Dial 41 on any phone.",
     "What number has the night nurse?"),
    ("Does the shuttle run at weekends?", "On Saturdays only.", "Is there a shuttle on Saturday?"),
    ("What is served on Fridays?", "Fish soup and rye bread.", "What do we eat on Fridays?"),
    ("How large may a parcel be?", "Up to 60 cm on each side.", "What is the greatest parcel?"),
]  # fmt: skip


@dataclass
class Folders:
    """Documents and questions, as they are made."""

    rng: random.Random
    documents: dict[str, str] = field(default_factory=dict)
    rows: list[dict[str, object]] = field(default_factory=list)

    def ask(
        self,
        folder: str,
        question: str,
        kind: str,
        path: str = "",
        answer: str = "",
        near: str = "",
    ) -> None:
        """Add a question; without an answer, one that nothing answers. near: what stands before
        the answer in its document.
        """
        answers = []
        if answer:
            text = self.documents[path]
            after = text.index(near) + len(near) if near else 0
            start = text.index(answer, after)
            answers = [
                {"text": answer, "document": path, "start": start, "end": start + len(answer)}
            ]
        self.rows.append({
            "id": f"{folder}#{len(self.rows)}", "question": question, "answers": answers,
            "answerable": bool(answers), "kind": kind, "evidence": [],
        })  # fmt: skip

    def person(self) -> str:
        return f"{self.rng.choice(FIRST)} {self.rng.choice(LAST)}"


def make_questions_and_answers(made: Folders, folder: str) -> None:
    rng = made.rng
    chosen = rng.sample(PAIRS, 9)
    told, left_out = chosen[:6], chosen[6:]
    style: Callable[[str, str], str] = rng.choice([
        lambda q, a: f"**Q: {q}**\nA: {a}\n\n",
        lambda q, a: f"Q. {q}\nA. {a}\n\n",
        lambda q, a: f"## {q}\n\n{a}\n\n",
        lambda q, a: f"{q}\n{a}\n\n",
        lambda q, a: f"VISITOR: {q}\nHOST: {a}\n\n",
        lambda q, a: f"- {q}\n  {a}\n",
        lambda q, a: f"{q} {a}\n\n",
    ])  # fmt: skip
    path = f"{folder}/questions.{rng.choice(['md', 'txt'])}"
    made.documents[path] = "# Frequent questions\n\n" + "".join(style(q, a) for q, a, _ in told)
    for question, answer, other in rng.sample(told, 4):
        made.ask(folder, question, "pair", path, answer.rstrip("."), question)
        made.ask(folder, other, "pair, other words", path, answer.rstrip("."), question)
    for question, _, other in left_out[:2]:
        made.ask(folder, rng.choice([question, other]), "pair left out")


def make_codes(made: Folders, folder: str) -> None:
    rng = made.rng
    letters = "".join(rng.sample("ABCDEFGHKLMNPRST", rng.choice([1, 2])))
    pattern = rng.choice(["{l}-{n}", "{l}{n}", "{l} {n}", "{n}-{l}", "{l}-{n}-{m}", "{l}{n}.{m}"])
    number = rng.randrange(10, 90) * 10 ** rng.choice([0, 1, 2])
    codes: list[str] = []
    while len(codes) < 7:
        n = number + rng.choice([0, 1, 2, 3, 7, 9, 10, 20, 27])
        code = pattern.format(l=letters, n=n, m=rng.randrange(10, 40))
        if code not in codes:
            codes.append(code)
    path = f"{folder}/list.{rng.choice(['md', 'txt'])}"
    kept, missing = codes[:5], codes[5:]
    prices = [str(each) for each in rng.sample(range(12, 900), 5)]
    if rng.random() < 0.5:
        parts = rng.sample(PARTS, 5)
        style = rng.choice([
            lambda c, p, e: f"{c} is the {p}. It costs {e} euros.\n",
            lambda c, p, e: f"{c}: {p}, {e} euros\n",
            lambda c, p, e: f"- {c}: {p} ({e} euros)\n",
            lambda c, p, e: f"| {c} | {p} | {e} euros |\n",
            lambda c, p, e: f"The {p} has the number {c}. Its price is {e} euros.\n",
        ])  # fmt: skip
        head = "| Number | Part | Price |\n|---|---|---|\n"
        rows = [style(c, p, e) for c, p, e in zip(kept, parts, prices, strict=True)]
        made.documents[path] = f"Spare parts\n\n{head if rows[0][0] == '|' else ''}{''.join(rows)}"
        for i in rng.sample(range(5), 3):
            question = rng.choice(["How much is {}?", "What is the price of {}?"])
            made.ask(folder, question.format(kept[i]), "code", path, f"{prices[i]} euros", kept[i])
            made.ask(folder, f"What is {kept[i]}?", "code", path, parts[i],
                     "" if rows[0].startswith("The") else kept[i])  # fmt: skip
        for code in missing:
            made.ask(folder, question.format(code), "code that does not exist")
    else:
        faults, remedies = rng.sample(FAULTS, 5), rng.sample(REMEDIES, 5)
        style2 = rng.choice([
            lambda c, f, r: f"{c} means that {f}. {r}.\n",
            lambda c, f, r: f"{c}: {f}. {r}.\n",
            lambda c, f, r: f"| {c} | {f} | {r} |\n",
            lambda c, f, r: f"Error {c}\n{f[0].upper()}{f[1:]}. {r}.\n\n",
        ])  # fmt: skip
        head = "| Code | Meaning | Remedy |\n|---|---|---|\n"
        rows = [style2(c, f, r) for c, f, r in zip(kept, faults, remedies, strict=True)]
        made.documents[path] = f"# Errors\n\n{head if rows[0][0] == '|' else ''}{''.join(rows)}"
        for i in rng.sample(range(5), 3):
            made.ask(folder, f"What does {kept[i]} mean?", "code", path, faults[i][1:], kept[i])
            question = rng.choice(["What should I do on error {}?", "How do I get rid of {}?"])
            made.ask(folder, question.format(kept[i]), "code", path, remedies[i], kept[i])
        for code in missing:
            made.ask(folder, f"What does {code} mean?", "code that does not exist")


def make_contacts(made: Folders, folder: str) -> None:
    rng = made.rng
    path = f"{folder}/contacts.{rng.choice(['md', 'txt'])}"
    people = []
    while len(people) < 6:
        person = made.person()
        if person not in people:
            people.append(person)
    style = rng.choice([
        lambda n, m, t: f"- {n}, {m}, {t}\n",
        lambda n, m, t: f"{n}\nE-mail: {m}\nPhone: {t}\n\n",
        lambda n, m, t: f"{n} can be reached at {m} or by phone at {t}.\n",
        lambda n, m, t: f"| {n} | {m} | {t} |\n",
    ])  # fmt: skip
    phone = rng.choice(["+00 {} {:04d}", "0{} {:04d}", "+00-{}-{:04d}", "{} {:04d} 20"])
    kept = [
        (each, f"{each.split()[0].lower()}.{each.split()[1].lower()}@{folder}.example",
         phone.format(rng.randrange(200, 990), rng.randrange(10_000)))
        for each in people[:4]
    ]  # fmt: skip
    made.documents[path] = "# Whom to ask\n\n" + "".join(style(*each) for each in kept)
    for name, mail, number in kept[:3]:
        made.ask(folder, f"What is the phone number of {name}?", "contact", path, number, name)
        made.ask(folder, f"What is {name}'s e-mail address?", "contact", path, mail, name)
    made.ask(folder, f"Who has the number {kept[3][2]}?", "contact", path, kept[3][0])
    made.ask(folder, f"What is the phone number of {people[4]}?", "contact of nobody")
    made.ask(folder, f"What is the birthday of {people[0]}?", "attribute left out")


def make_years(made: Folders, folder: str) -> None:
    rng = made.rng
    first = rng.randrange(1985, 2015)
    years = list(range(first, first + 6))
    towns = rng.sample(TOWNS, 6)
    counts = [f"{rng.randrange(2, 90)},{rng.randrange(100, 999)}" for _ in years]
    style = rng.choice([
        lambda y, t, c: f"In {y} the fair was held in {t}. {c} visitors came.\n",
        lambda y, t, c: f"{y}: {t}, {c} visitors\n",
        lambda y, t, c: f"The {y} fair took place in {t} and drew {c} visitors.\n",
    ])  # fmt: skip
    if rng.random() < 0.4:
        paths = [f"{folder}/{year}.txt" for year in years]
        for path, year, town, count in zip(paths, years, towns, counts, strict=True):
            if year == years[4]:
                continue
            made.documents[path] = (
                f"Report on the fair of {year}\n\nThe fair was held in {town}. "
                f"{count} visitors came, more than expected.\n"
            )
    else:
        paths = [f"{folder}/history.txt"] * 6
        made.documents[paths[0]] = "History of the fair\n\n" + "".join(
            style(y, t, c) for y, t, c in zip(years, towns, counts, strict=True) if y != years[4]
        )
    for i in rng.sample([0, 1, 2, 3, 5], 3):
        near = str(years[i])
        made.ask(
            folder, f"Where was the fair held in {years[i]}?", "year", paths[i], towns[i], near
        )
        made.ask(
            folder, f"How many visitors came in {years[i]}?", "year", paths[i], counts[i], near
        )
    made.ask(folder, f"Where was the fair held in {years[4]}?", "year left out")
    made.ask(folder, f"How many visitors came to the fair of {years[4]}?", "year left out")
    made.ask(folder, f"Who opened the fair in {years[0]}?", "attribute left out")


def make_people(made: Folders, folder: str) -> None:
    rng = made.rng
    lines, facts = [], []
    for _ in range(4):
        name, town, year = made.person(), rng.choice(TOWNS), rng.randrange(1930, 1990)
        work, room = rng.choice(PARTS), rng.choice(ROOMS)
        lines.append(
            f"{name} was born in {town} in {year}. After a training as a clerk, "
            f"{name.split()[0]} designed the {work} of the mill and later ran the {room}."
        )
        facts.append((name, town, str(year), work, room))
    path = f"{folder}/people.txt"
    made.documents[path] = "People of the mill\n\n" + "\n\n".join(lines) + "\n"
    name, town, year, work, room = facts[rng.randrange(4)]
    made.ask(folder, f"Where was {name} born?", "person", path, town, f"{name} was born")
    made.ask(folder, f"When was {name} born?", "person", path, year, f"{name} was born in {town}")
    made.ask(folder, f"What did {name} design?", "person", path, work, f"{name} was born")
    made.ask(folder, f"Which department did {name} run?", "person", path, room, f"{name} was born")
    for asked in ("When did {} die?", "Whom did {} marry?", "What did {} study?",
                  "Which prize did {} win?"):  # fmt: skip
        made.ask(folder, asked.format(name), "attribute left out")


def make_months(made: Folders, folder: str) -> None:
    rng = made.rng
    months = rng.sample(MONTHS, 4)
    facts = []
    for month in months[:3]:
        path = f"{folder}/stock {month.lower()} 2024.txt"
        name, boxes = made.person(), rng.randrange(12, 90)
        made.documents[path] = f"STOCK\n\nCounted by {name}. Paper: {boxes} boxes. Ink: none.\n"
        facts.append((month, path, name, f"{boxes}"))
    for month, path, name, boxes in facts:
        made.ask(folder, f"Who counted the stock in {month}?", "month", path, name)
        made.ask(
            folder, f"How many boxes of paper were there in {month} 2024?", "month", path, boxes
        )
    made.ask(folder, f"Who counted the stock in {months[3]}?", "month left out")


def make_rules(made: Folders, folder: str) -> None:
    rng = made.rng
    path = f"{folder}/rules.{rng.choice(['md', 'txt'])}"
    one, other, third = rng.sample(ROOMS, 3)
    wood, not_wood = rng.sample("oak ash elm beech maple walnut".split(), 2)
    head, not_head = made.person(), made.person()
    day, limit, fee = (
        rng.choice(["Mondays", "Thursdays"]),
        rng.randrange(3, 40),
        rng.randrange(4, 90),
    )
    made.documents[path] = (
        f"# House rules\n\nPhones may be used in the {one} but not in the {other}.\n"
        f"{head.split()[0]} recommends {wood}, not {not_wood}.\n"
        f"{not_head} is not the steward; the steward is {head}.\n"
        f"The {third} is open every day except {day}.\n"
        f"No more than {limit} visitors are let in at once. Lost cards cost at least {fee} euros.\n"
    )
    made.ask(folder, "Where may phones be used?", "rule", path, one)
    made.ask(folder, f"Which wood does {head.split()[0]} recommend?", "rule", path, wood)
    made.ask(folder, "Who is the steward?", "rule", path, head, "the steward is ")
    made.ask(folder, f"When is the {third} closed?", "rule", path, day)
    made.ask(folder, "How many visitors are let in at once?", "rule", path, f"No more than {limit}")
    made.ask(folder, "What does a lost card cost?", "rule", path, f"at least {fee} euros")
    made.ask(folder, "Who cleans the house?", "attribute left out")


MAKERS = (make_questions_and_answers, make_codes, make_contacts, make_years, make_people,
          make_months, make_rules)  # fmt: skip


def make(seed: int, *, each: int = 8) -> Folders:
    """Return documents and questions of `each` folders of every kind."""
    made = Folders(random.Random(seed))
    for maker in MAKERS:
        name = maker.__name__.removeprefix("make_").replace("_", "-")
        for number in range(each):
            made.rng.seed(f"{seed} {name} {number}")  # so that a new kind changes no other
            maker(made, f"{name}-{number}")
    return made


def main(out: str, seed: str = "1") -> None:
    made = make(int(seed))
    for path, text in made.documents.items():
        file = Path(out, "docs", path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    lines = "".join(json.dumps(row) + "\n" for row in made.rows)
    Path(out, "questions.jsonl").write_text(lines, encoding="utf-8")
    able = sum(bool(row["answerable"]) for row in made.rows)
    print(f"{len(made.documents)} documents, {able} questions with an answer, "
          f"{len(made.rows) - able} without")  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
