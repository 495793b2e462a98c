"""The place of a quote from a mail names the person who wrote the quoted words.

A mail contains older mails; each of its lines was written by one of several people.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoqa.parse.common.parsed import Parsed
from scoqa.parse.web import eml as room
from scoqa.parse.web.mail_authors import MailLine, label_lines, read_attribution, read_line
from scoqa.parse.web.mail_dates import find_day
from scoqa.places import Marks

HEAD = (
    "From: Nora Quist <nora@quist.example>\nTo: Office <office@quist.example>\n"
    "Subject: Re: The jetty\nDate: Fri, 17 May 2024 10:15:30 +0200\n"
)
NORA = "from Nora Quist, 17 May 2024"
QUOTED = f"quoted in a message {NORA}"
TOM = "from Tom Abara, 16 May 2024"
LIV = "from Liv Roos, 15 May 2024"


def read(body: str, kind: str = "plain") -> Parsed:
    head = f"{HEAD}Content-Type: text/{kind}; charset=utf-8\n\n"
    return room.read((head + body).encode("utf-8"), "a.eml")


def authors(parsed: Parsed, *words: str) -> list[str]:
    """Return the place of each of `words`, which occur once."""
    marks = Marks(parsed.marks)
    places = []
    for word in words:
        assert parsed.text.count(word) == 1, word
        start = parsed.text.index(word)
        places.append(marks.place(start, start + len(word)))
    return places


# -- attributions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "On 16 May 2024, Tom Abara wrote:",
        "On Thu, 16 May 2024 at 09:01, Tom Abara <tom@abara.example> wrote:",
        "On Thu, May 16, 2024 at 9:01 AM Tom Abara <tom@abara.example> wrote:",
        "On Thu, 16 May 2024, 09:01 Tom Abara, <tom@abara.example> wrote:",
        "On 16 May 2024, at 09:01, Tom Abara (tom@abara.example) wrote:",
        "On 16.05.24 09:01, Tom Abara wrote:",
        "On 5/16/2024 9:01 AM, Tom Abara wrote:",
        "On 2024-05-16 09:01:22 +0200, Tom Abara wrote:",
        '"Tom Abara" <tom@abara.example> wrote on 16 May 2024:',
        "Am 16.05.2024 um 09:01 schrieb Tom Abara:",
        "Am Do., 16. Mai 2024 um 09:01 Uhr schrieb Tom Abara <tom@abara.example>:",
        "Tom Abara <tom@abara.example> schrieb am Do., 16. Mai 2024, 09:01:",
        "Am 16. Mai 2024 hat Tom Abara geschrieben:",
        "Le jeu. 16 mai 2024 à 09:01, Tom Abara <tom@abara.example> a écrit :",
        "Le 16/05/2024 à 09:01, Tom Abara a écrit\xa0:",
        "Op do 16 mei 2024 om 09:01 schreef Tom Abara <tom@abara.example>:",
        "Op 16-05-2024 09:01 schreef Tom Abara:",
        "El jue, 16 may 2024 a las 09:01, Tom Abara (<tom@abara.example>) escribió:",
        "Il giorno gio 16 mag 2024 alle ore 09:01 Tom Abara <tom@abara.example> ha scritto:",
        "Em qui., 16 de mai. de 2024 às 09:01, Tom Abara <tom@abara.example> escreveu:",
        "Den tors 16 maj 2024 kl 09:01 skrev Tom Abara <tom@abara.example>:",
        "czw., 16 maj 2024 o 09:01 Tom Abara <tom@abara.example> napisał(a):",
        "2024-05-16 09:01 GMT+02:00 Tom Abara <tom@abara.example>:",
    ],
)
def test_an_attribution_names_author_and_day(line: str) -> None:
    assert TOM == read_attribution(line)[0]
    parsed = read(f"Agreed.\n\n{line}\n> The jetty is closed.\n\nThanks for it.\n")
    assert [NORA, TOM, NORA] == authors(parsed, "Agreed", "jetty is closed", "Thanks")


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("Tom Abara wrote:", "from Tom Abara"),
        ("Zitat von Tom Abara <tom@abara.example>:", "from Tom Abara"),
        ("Quoting tom@abara.example:", "from tom@abara.example"),
        ("On 3/5/2024 9:01 AM, Tom Abara wrote:", "from Tom Abara"),  # March or May
        ("Le Minh wrote:", "from Le Minh"),
        ("On 16 May 2024, Le Minh An wrote:", "from Le Minh An, 16 May 2024"),
        ("On 16 May 2024, Abara, Tom wrote:", "from Abara, Tom, 16 May 2024"),
        ("You wrote:", ""),
        ("On 16 May 2024 you wrote:", ""),
        ("As Tom Abara wrote in his offer of 16 May 2024:", ""),
        ("We close the jetty. Then Tom wrote:", ""),
        ("the board wrote:", ""),
        ("Our prices:", None),
        ("Tom Abara wrote to us.", None),
        ("Opening hours from 16 May 2024:", None),
        ("Tom wrote: " + "x" * 300 + ":", None),
    ],
)  # fmt: skip
def test_an_author_is_named_only_if_it_is_clear(line: str, author: str | None) -> None:
    assert author == read_attribution(line)[0]


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("Donnerstag, 16. Mai 2024 09:01", "16 May 2024"),
        ("1er août 2024", "1 August 2024"),
        ("Tuesday, June 4, 2024 10:12 AM", "4 June 2024"),
        ("12 martie 2024", None),
        ("31 June 2024", None),
        ("02/03/2024", None),
        ("02/02/2024", "2 February 2024"),
        ("no date", None),
    ],
)
def test_a_day_is_told_only_if_it_is_clear(words: str, day: str | None) -> None:
    assert day == find_day(words, day_first=None)[1]


def test_an_attribution_may_take_several_lines() -> None:
    parsed = read(
        "Agreed. We meet on 3 June 2024.\nOn Thu, 16 May 2024 at 09:01, Tom Abara\n"
        "<tom@abara.example> wrote:\n\n> The jetty is closed.\n"
    )
    assert [NORA, TOM] == authors(parsed, "Agreed", "jetty is closed")
    parsed = read("We meet on 3 June 2024.\nTom Abara wrote:\n> The jetty is closed.\n")
    assert ["from Tom Abara"] == authors(parsed, "jetty is closed")


# -- depths ----------------------------------------------------------------------------------------


def test_each_depth_has_its_own_author_and_replies_between_return_to_theirs() -> None:
    parsed = read(
        "On 16 May 2024, Tom Abara wrote:\n"
        "> On 15 May 2024, Liv Roos wrote:\n>\n"
        ">> The jetty is closed.\n> > Use the pier.\n>\n> Until when?\n\nUntil June.\n\n"
        "> And the crane?\n\nIt works.\n\n>> It is green.\n>>> Was it red?\n"
    )
    words = "closed", "pier", "Until when", "Until June", "crane", "It works", "green", "red"
    quoted = f"quoted in a message {LIV}"
    assert [LIV, LIV, TOM, NORA, TOM, NORA, LIV, quoted] == authors(parsed, *words)


def test_quotations_without_an_author_name_the_message_that_quotes_them() -> None:
    parsed = read("The rule:\n\n> Boats leave by noon.\n\nSo it is.\n\n>From now on we agree.\n")
    assert [NORA, QUOTED, NORA] == authors(parsed, "rule", "noon", "So it is")
    assert [NORA] == authors(parsed, "From now on")
    parsed = read("On 16 May 2024 you wrote:\n> Boats leave.\n\nYes.\n")
    assert [QUOTED, NORA] == authors(parsed, "Boats leave", "Yes")


def test_another_attribution_at_the_same_depth_names_another_author() -> None:
    parsed = read(
        "On 16 May 2024, Tom Abara wrote:\n> The jetty is closed.\n>> By whom?\n\nBoth.\n\n"
        "On 15 May 2024, Liv Roos wrote:\n> The pier is open.\n>> Since when?\n"
    )
    words = "jetty is", "By whom", "Both", "pier", "Since"
    quoted = [f"quoted in a message {label}" for label in (TOM, LIV)]
    assert [TOM, quoted[0], NORA, LIV, quoted[1]] == authors(parsed, *words)


def test_an_attribution_above_unmarked_words_must_have_date_and_address() -> None:
    line = "On Thu, 16 May 2024 at 09:01, Tom Abara\n<tom@abara.example> wrote:"
    parsed = read(f"Agreed.\n\n{line}\n\nThe jetty is closed.\n\nIt leaks.\n")
    assert [NORA, TOM, TOM] == authors(parsed, "Agreed", "jetty is closed", "leaks")
    parsed = read("On 16 May 2024 Tom Abara wrote:\n\nThe jetty is closed.\n")
    assert [NORA] == authors(parsed, "jetty is closed")


# -- head blocks -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        "From: Tom Abara <tom@abara.example>\nSent: Thursday, 16 May 2024 09:01\n"
        "To: Nora Quist\nSubject: The jetty",
        "Von: Tom Abara [mailto:tom@abara.example]\nGesendet: Donnerstag, 16. Mai 2024 09:01\n"
        "An: Nora Quist\nBetreff: Der Steg",
        "De : Tom Abara <tom@abara.example>\nEnvoyé : jeudi 16 mai 2024 09:01\nÀ : Nora Quist\n"
        "Objet : La jetée",
        "Van: Tom Abara\nVerzonden: donderdag 16 mei 2024 09:01\nAan: Nora Quist\n"
        "Onderwerp: De steiger",
        "*From:* Tom Abara <tom@abara.example>\n*Sent:* Thursday, May 16, 2024 9:01 AM\n"
        "*To:* Nora Quist\n*Subject:* The jetty",
        "Subject: The jetty\nDate: Thu, 16 May 2024 09:01:00 +0200\nFrom: Tom Abara\nTo: Nora",
        "From: Tom Abara\nSent: 16 May 2024\nTo: Nora Quist <nora@quist.example>;\n"
        "Liv Roos <liv@roos.example>\nSubject: The jetty",
        "-----Original Message-----\nFrom: Tom Abara\nSent: 16 May 2024 09:01",
        "-------- Weitergeleitete Nachricht --------\nBetreff: Der Steg\nDatum: 16. Mai 2024\n"
        "Von: Tom Abara",
        "---------- Forwarded message ---------\nFrom: Tom Abara <tom@abara.example>\n"
        "Date: Thu, 16 May 2024 at 09:01\nSubject: The jetty\nTo: Nora Quist",
        "Begin forwarded message:\n\nFrom: Tom Abara\nDate: 16 May 2024 at 09:01:22 CEST\n"
        "To: Nora Quist",
    ],
)
def test_a_head_block_names_the_author_of_all_that_follows(head: str) -> None:
    parsed = read(f"Please read it.\n\n{head}\n\nThe jetty is closed.\n\nIt leaks.\n")
    assert [NORA, TOM, TOM] == authors(parsed, "Please", "jetty is closed", "leaks")
    quoted = "\n".join(f"> {line}" for line in head.splitlines())
    parsed = read(f"Please read it.\n\n{quoted}\n>\n> The jetty is closed.\n\nIt leaks.\n")
    assert [NORA, TOM, NORA] == authors(parsed, "Please", "jetty is closed", "leaks")


def test_a_head_block_may_follow_another() -> None:
    parsed = read(
        "See below.\n\nFrom: Tom Abara\nSent: 16 May 2024\nTo: Nora Quist\nSubject: Jetty\n\n"
        "I ask Liv.\n\nFrom: Liv Roos\nSent: 15 May 2024\nTo: Tom Abara\nSubject: Jetty\n\nClosed."
        "\n\n---- End of Forwarded Message ----\n\nThat was all.\n"
    )
    assert [NORA, TOM, LIV, NORA] == authors(parsed, "below", "I ask", "Closed", "That was all")


def test_a_separator_without_a_head_block_names_nobody() -> None:
    parsed = read("See below.\n\n-----Original Message-----\nThe jetty is closed.\n")
    assert [NORA, QUOTED] == authors(parsed, "below", "jetty is closed")


@pytest.mark.parametrize(
    "words",
    [
        "From: the pier\nTo: the crane\nThe way is short.",
        "-- original recipe --\nThe way is short.",
        "Subject: boats\nTo: you\nThe way is short.",
        "From: 9:00\nThe way is short.",
    ],
)
def test_a_list_that_looks_like_a_head_is_not_another_message(words: str) -> None:
    parsed = read(words)
    assert 1 == sum(mark.kind == "message" for mark in parsed.marks)


# -- HTML ------------------------------------------------------------------------------------------


def test_quotations_in_html_have_the_author_named_above_them() -> None:
    parsed = read(
        '<div>Agreed.</div><div class="gmail_quote"><div class="gmail_attr">On Thu, 16 May 2024 at '
        '09:01, Tom Abara &lt;<a href="mailto:t@abara.example">t@abara.example</a>&gt; wrote:<br>'
        '</div><blockquote class="gmail_quote"><div>The jetty is closed.</div>'
        "<div>On 15 May 2024, Liv Roos wrote:</div>"
        '<blockquote type="cite"><p>Use the pier.</p></blockquote><div>No.</div></blockquote>'
        "</div><p>Until June.</p>",
        "html",
    )
    words = "Agreed", "jetty is closed", "pier", "No.", "Until June"
    assert [NORA, TOM, LIV, TOM, NORA] == authors(parsed, *words)


def test_a_quotation_below_a_head_block_is_the_message_itself() -> None:
    parsed = read(
        "<p>Too late.</p><div><b>From:</b> Tom Abara<br><b>Sent:</b> 16 May 2024<br><b>To:</b> Nora"
        "<br><b>Subject:</b> Jetty</div><blockquote><p>We ask 6,200 euros.</p></blockquote>"
        "<p>Another firm does it.</p><blockquote style='margin:0 0 0 40px;border:none'>Really."
        "</blockquote>",
        "html",
    )
    words = "Too late", "6,200", "Another firm", "Really"
    assert [NORA, TOM, NORA, NORA] == authors(parsed, *words)


# -- laws ------------------------------------------------------------------------------------------

_PIECES = st.sampled_from(
    "|> |>> |On 16 May 2024, Tom Abara wrote:|From: Tom|To: Nora|Subject: x|words|"
    "-----Original Message-----|>".split("|")
)


@given(st.lists(st.tuples(st.integers(0, 3), _PIECES), max_size=30))
def test_every_line_has_one_author_and_unquoted_text_without_heads_is_the_senders(
    pieces: list[tuple[int, str]],
) -> None:
    lines = [read_line(text, depth) for depth, text in pieces]
    labels = label_lines(lines, NORA)
    assert len(lines) == len(labels)
    assert all(label.startswith(("from ", "quoted in a message from ")) for label in labels)
    assert [NORA] * 3 == label_lines([MailLine(0, text) for text in ("a", "", "b")], NORA)
