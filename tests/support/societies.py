"""Many documents of one kind, each about another society, with questions about single ones.

Made from templates and numbers in a fixed order: the same every time. Every society leaves some
facts out, so that questions about those have no answer.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

_PLACES = (
    "Arlen Borth Cavran Dunmere Eskay Farrow Gilden Hollin Inver Jarrow Kestle Lorne Marrick Norby"
    " Ostley Penrith Quarne Rosslyn Selby Thirl Ulver Varley Wexcombe Yarrow Zelah"
).split()
_KINDS = ("Rowing Club", "Choir", "Bee Society", "Film Circle", "Chess Union", "Garden Trust")
_NAMES = (
    "Anna Barro,Ben Cleve,Clara Dorn,David Eames,Erin Foyle,Frank Garde,Greta Hale,Henry Ives"
    ",Ivy Jessop,Jack Kerr,Karen Lisle,Liam Mott,Maud Nairn,Noel Orme,Olga Pell,Peter Quill"
    ",Rosa Strand,Simon Tweed,Tessa Usher,Victor Wren"
).split(",")
_MONTHS = "January March April May June August September October November".split()
_THINGS = (
    "a boathouse,a set of bells,a projector,two greenhouses,an organ,a minibus,a stone bridge"
    ",a workshop,a weather station"
).split(",")
_FOODS = "pea soup,plum cake,smoked trout,cheese pies,rye bread,apple cider,ginger biscuits".split(
    ","
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence, a question that it answers, and the words that answer it."""

    sentence: str
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Society:
    """A document: its name, its text, the facts told in it and those left out."""

    name: str
    file: str
    text: str
    told: tuple[Fact, ...]
    left_out: tuple[Fact, ...]


def _facts(name: str, rng: random.Random) -> list[Fact]:
    year, month = str(rng.randrange(1860, 1990)), rng.choice(_MONTHS)
    founder, head, keeper = rng.sample(_NAMES, 3)
    members, fee = str(rng.randrange(31, 480)), f"{rng.randrange(6, 90)} crowns"
    thing, food = rng.choice(_THINGS), rng.choice(_FOODS)
    day = f"{rng.randrange(2, 29)} {month}"
    street = f"{rng.randrange(3, 90)} {rng.choice(['Mill Lane', 'Quay Street', 'Church Hill'])}"
    return [
        Fact(f"The {name} was founded in {year} by {founder}, a retired teacher.",
             f"When was the {name} founded?", year),
        Fact(f"Its present chair is {head}, who was elected without a vote against.",
             f"Who chairs the {name}?", head),
        Fact(f"The {name} has {members} members, most of them from the valley.",
             f"How many members does the {name} have?", members),
        Fact(f"The yearly subscription is {fee}; pupils pay half.",
             f"What is the yearly subscription of the {name}?", fee),
        Fact(f"With a legacy the society bought {thing}, which is in use to this day.",
             f"What did the {name} buy with a legacy?", thing),
        Fact(f"The feast is held on {day}, whatever the weather.",
             f"On which day does the {name} hold its feast?", day),
        Fact(f"At the feast {food} is served to all who come.",
             f"What is served at the feast of the {name}?", food),
        Fact(f"The archive is looked after by {keeper} and may be seen on request.",
             f"Who looks after the archive of the {name}?", keeper),
        Fact(f"The society meets at {street}, above the old bakery.",
             f"Where does the {name} meet?", street),
    ]  # fmt: skip


def societies(count: int) -> list[Society]:
    """Return `count` documents, at most 150, always the same."""
    found = []
    for number in range(count):
        rng = random.Random(number)
        name = f"{_PLACES[number % len(_PLACES)]} {_KINDS[number // len(_PLACES)]}"
        facts = _facts(name, rng)
        rng.shuffle(facts)
        told, left_out = facts[:6], facts[6:]
        paragraphs = [" ".join(fact.sentence for fact in told[i : i + 3]) for i in (0, 3)]
        text = f"{name}\n\n" + "\n\n".join(paragraphs) + "\n"
        file = f"{name.lower().replace(' ', '-')}.txt"
        found.append(Society(name, file, text, tuple(told), tuple(left_out)))
    return found
