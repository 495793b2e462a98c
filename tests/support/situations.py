"""Small made-up folders of documents, and the answers that a careful reader takes from them.

A situation is a few short files of one layout (an FAQ, a fault list, a chat export, ...) with
questions about them. `write` saves its files to a folder. All people, places and numbers are
invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# Patterns that only wrongly cut quotes match.
RUN_ON = r"\?|\n"  # includes a question of an FAQ or a chat, or runs over several rows or items
UNBALANCED = r"^[^(\[]*[)\]]|[(\[][^)\]]*$"  # has one half of a pair of brackets


@dataclass(frozen=True)
class Check:
    """A question to a situation, and what its answer must look like.

    Patterns are regular expressions for `re.search`. An empty pattern checks nothing.

    accept: must match the quote of the first citation.
    silent: the question has no answer in the documents, so none may be given.
    first_not: must not match the quote of the first citation; silence is allowed.
    any_quote: must match the quote of at least one citation.
    place: must match the place of the first citation.
    """

    question: str
    accept: str = ""
    silent: bool = False
    first_not: str = ""
    any_quote: str = ""
    place: str = ""


@dataclass(frozen=True, eq=False)
class Situation:
    """Documents that are indexed together, and the checks on them.

    Compared and hashed by identity, so that an index can be cached per situation.

    name: short, unique, and usable as the name of a folder.
    files: the text of each file by its name.
    checks: questions to the files.
    """

    name: str
    files: dict[str, str]
    checks: tuple[Check, ...]


def write(situation: Situation, folder: Path) -> None:
    """Save the files of `situation` to `folder` as UTF-8 with Unix line ends."""
    for name, text in situation.files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


FAQ_MARKDOWN = Situation(
    "faq-markdown",
    {
        "faq.md": """\
# Brackwell Pool: questions and answers

**Q: Can I bring my own float?**
A: Yes, as long as it is shorter than one metre.

**Q: How long does a swimming session last?**
A: Fifty minutes, including changing.

**Q: What do I do if my locker will not open?**
A: Ask the lifeguard on duty for the master key.

**Q: Is there a snack bar?**
A: No, only a vending machine in the foyer.

**Q: Do I have to shower before I swim?**
A: Yes.

**Q: Who teaches the evening class?**
A: Bronwen Tudge, on Tuesdays and Thursdays.

**Q: How much is a family ticket?**
A: £18.50 for two adults and up to three children.
""",
        "notice.md": """\
# Notice

The pool is closed for repairs from 4 to 15 August. The sauna stays open on weekdays.
""",
    },
    (
        Check("Can I bring my own float?", r"(?i)\byes\b|shorter than one metre", first_not=RUN_ON),
        Check("Is there a snack bar?", r"(?i)\bno\b|vending machine", first_not=RUN_ON),
        Check("Do I have to shower before I swim?", r"(?i)\byes\b", first_not=r"\?|\n|metre"),
        Check("What does a ticket for a family cost?", r"18\.50", first_not=RUN_ON),
        Check("Whom should I ask for the master key?", r"lifeguard", first_not=RUN_ON),
        Check("How much is a season ticket?", silent=True),
    ),
)

FAQ_LINES = Situation(
    "faq-lines",
    {
        "launderette.txt": """\
Launderette

Q. Which coins do the machines take?
A. One-pound and two-pound coins only.

Q. May I leave my washing overnight?
A. No, baskets left after closing are taken to the storeroom.

Q. Who empties the lint filters?
A. Gerald Moxon, every Friday morning.

Q. How hot is the delicate programme?
A. 30 °C.
""",
        "hall.txt": """\
Village hall: what people ask us

How do I book the hall?
Write your name in the diary by the kitchen door.

Are candles allowed on the stage?
Only in glass holders.

Who holds the spare key?
Mrs Pargeter at the post office.

How many chairs are there?
Ninety, and twelve benches.

When must the music stop?
At 23:15, half an hour before the hall closes.
""",
    },
    (
        Check(
            "May I leave my washing overnight?",
            r"(?i)\bno\b|taken to the storeroom",
            first_not=RUN_ON,
        ),
        Check("Who empties the lint filters?", r"Gerald Moxon", first_not=RUN_ON),
        Check(
            "At what temperature does the delicate programme run?",
            r"\b30 °C|^30$",
            first_not=RUN_ON,
        ),
        Check("Are candles allowed on the stage?", r"glass holders", first_not=RUN_ON),
        Check("How many chairs are there?", r"Ninety", first_not=RUN_ON),
        Check("From whom can I get the extra key of the hall?", r"Pargeter", first_not=RUN_ON),
        Check("Who holds the spare key of the launderette?", silent=True),
    ),
)

FAQ_HEADINGS = Situation(
    "faq-headings",
    {
        "bike-hire.md": """\
# Towpath Cycle Hire

## Can I return the bicycle at another station?

Yes, at Lockgate and at Mill Bridge, for an extra £4.

## What happens if I get a puncture?

Ring us and wait; a mechanic brings a new wheel free of charge.

## How old must I be to hire a tandem?

Sixteen, or fourteen with a parent.

## Are dogs allowed in the trailer?

No. Trailers are for children only.
""",
        "routes.md": """\
# Routes

The river route is 14 km long and flat. The ridge route is 22 km long and needs a bicycle with
gears.
""",
    },
    (
        Check(
            "Can I return the bicycle at another station?",
            r"(?i)\byes\b|Lockgate",
            first_not=RUN_ON,
        ),
        Check(
            "What happens if I get a puncture?",
            r"(?i)ring us|mechanic|new wheel",
            first_not=RUN_ON,
        ),
        Check("How old must I be to hire a tandem?", r"(?i)sixteen", first_not=RUN_ON),
        Check("Are dogs allowed in the trailer?", r"(?i)\bno\b|children only", first_not=RUN_ON),
        Check("What is the minimum age for a tandem?", r"(?i)sixteen", first_not=RUN_ON),
        Check("How old must I be to hire a canoe?", silent=True),
    ),
)

FAULT_CODES = Situation(
    "fault-codes",
    {
        "dishwasher.md": """\
# Fault codes of the Selwick D40 dishwasher

| Code | Fault | Remedy |
|------|-------|--------|
| H-203 | Door not latched | Push the door until it clicks |
| H-230 | Water inlet closed | Open the tap under the sink |
| H-302 | Drain hose kinked | Straighten the hose |
| H-320 | Heater too hot | Switch off for one hour |
""",
        "goods-lift.txt": """\
Messages on the display of the goods lift

W12 means the load is too heavy. Take some crates out.
W21 means the light curtain is dirty. Wipe both strips with a dry cloth.
W112 means the pit is wet. Call the caretaker.
W121 means the key switch is off. Turn the key to the right.
""",
    },
    (
        Check(
            "What should I do on fault H-230?",
            r"(?i)open the tap",
            first_not=RUN_ON,
        ),
        Check(
            "What should I do when the lift shows W21?",
            r"(?i)wipe both strips",
            first_not=RUN_ON,
        ),
        Check(
            "What does W121 mean?",
            r"(?i)key switch is off|^(the )?key switch$",
            first_not=RUN_ON,
        ),
        Check("What does H-323 mean?", silent=True),
        Check("What should I do when the lift shows W211?", silent=True),
    ),
)

PARTS_AND_ROOMS = Situation(
    "parts-and-rooms",
    {
        "spares.txt": """\
Spare parts for the lawn tractor

BX-40-19 is the drive belt. Price £27.
BX-40-91 is the mower blade. Price £64.
BX-44-19 is the fuel cap. Price £6.
BX-40-19/S is the drive belt for slopes. Price £35.
""",
        "clinic.txt": """\
Room 1.07 is the plaster room. It has 3 couches.
Room 1.17 is the waiting room. It has 24 chairs.
Room 1.71 is the staff kitchen. It has 10 chairs.
Room 11.7 is the plant room. It has no chairs.
""",
    },
    (
        Check("How much is BX-44-19?", r"£6\b|^6$", first_not=RUN_ON),
        Check("What is the price of BX-40-19/S?", r"£35|^35$", first_not=RUN_ON),
        Check("How many chairs does room 1.71 have?", r"\b10\b", first_not=RUN_ON),
        Check("How much is BX-49-19?", silent=True),
        Check("What is room 7.11?", silent=True),
    ),
)

TIMETABLE_AND_VERSIONS = Situation(
    "timetable-and-versions",
    {
        "coaches.txt": """\
Coaches from Aldermoor bus station

NL 208 goes to Pendrick and leaves at 06:50 from bay 4.
NL 280 goes to Staithe and leaves at 07:35 from bay 2.
NL 820 goes to Corrie and leaves at 09:10 from bay 7.
""",
        "firmware.md": """\
# Changes to the weather station firmware

## 3.1.4

The rain gauge counts hail. Released on 2 May 2023.

## 3.4.1

The clock follows summer time. Released on 19 January 2024.

## 3.14

The wind vane can be calibrated. Released on 8 November 2024.
""",
    },
    (
        Check("Where does coach NL 280 go?", r"Staithe", first_not=RUN_ON),
        Check("When was firmware 3.4.1 released?", r"19 January 2024", first_not=RUN_ON),
        Check("What is new in firmware 3.14?", r"(?i)wind vane", first_not=RUN_ON),
        Check("When does coach NL 802 leave?", silent=True),
    ),
)

BYE_LAWS = Situation(
    "bye-laws",
    {
        "bye-laws.txt": """\
BYE-LAWS OF THE SEDGEMERE ANGLING CLUB

Article 5. Boats. A member may keep one boat at 22 Weir Lane, at the landing stage.
Article 6. Catch. A member may take home two trout a day.
Article 15. Guests. A guest may fish on three days a year.
Article 16. Fees. The annual fee is £85. It is due on 1 February.
Article 51. Fire. Camp fires shall be put out before midnight.
Article 61. Resignation. Members resign by letter to the secretary.
""",
        "history.txt": """\
The club was founded in 1926 by five millers. The landing stage was rebuilt in 1988 after the
great flood.
""",
    },
    (
        Check("What is Article 15 about?", r"(?i)guest", first_not=RUN_ON),
        Check("How much is the annual fee?", r"£85", first_not=RUN_ON),
        # The bye-laws do not say who, so the rule itself or silence is right.
        Check("Who must put out camp fires?", first_not=r"(?i)guest|members?|secretary|club"),
        Check("What is Article 56 about?", silent=True),
    ),
)

CONTACTS = Situation(
    "contacts",
    {
        "beekeepers.md": """\
# Wexcombe Beekeepers: whom to call

- Secretary: Nia Prosser, secretary@bees.example, phone 01632 960 144
- Swarm line: Hamish Dunmore, swarms@bees.example, phone 01632 960 441
- Treasurer: Oonagh Teague, o.teague@hive-accounts.example, mobile 07700 900-414
- Shop: https://bees.example/shop?page=2

The club's account number is ZZ41 0072 5500 1839 06. Post goes to 7a Chapel Row, Wexcombe.
""",
        "handbook.txt": """\
The Hive in Winter, second edition

Publisher: Chapel Row Books, PO Box 16, Wexcombe
Translator: Ilse Marten (ilse.marten@chapelrow.example)
ISBN 978-1-00-230417-8
Orders by telephone: 020 7946 0733
""",
    },
    (
        Check(
            "What is the e-mail address of Hamish Dunmore?",
            r"(^|[\s,])swarms@bees\.example",
            first_not=RUN_ON,
        ),
        Check(
            "What is the treasurer's e-mail address?",
            r"(^|\s)o\.teague@hive-accounts\.example",
            first_not=RUN_ON,
        ),
        Check(
            "What is the phone number of the secretary?",
            r"\b01632 960 144\b",
            first_not=RUN_ON,
        ),
        Check(
            "What is Oonagh Teague's mobile number?",
            r"\b07700 900-414\b",
            first_not=RUN_ON,
        ),
        Check(
            "Who has the number 01632 960 441?",
            r"Hamish Dunmore|(?i:swarm line)",
            first_not=RUN_ON,
        ),
        Check(
            "What is the address of the online shop?",
            r"https://bees\.example/shop\?page=2",
            first_not=r"\n",
        ),
        Check(
            "What is the account number of the club?", r"ZZ41 0072 5500 1839 06", first_not=RUN_ON
        ),
        Check("What is the ISBN of the book?", r"978-1-00-230417-8", first_not=RUN_ON),
        Check(
            "How can I reach the translator by e-mail?",
            r"(^|[\s(])ilse\.marten@chapelrow\.example",
            first_not=RUN_ON,
        ),
        Check("Who has the number 01632 960 414?", silent=True),
    ),
)

LISTS = Situation(
    "lists",
    {
        "school-play.md": """\
# School play

## Props to bring

- copper kettle
- walking stick
- blanket
- two lanterns

## Crew

1. Desmond Platt, lighting
2. Farah Qureshi, sound
3. Winifred Askew, costumes
4. Callum Reith, scenery

## Order of closing

1. Switch off the dimmers.
2. Lock the wardrobe.
3. Give the key to the porter.
""",
        "interval.txt": """\
Interval refreshments

* ginger cake (contains nuts)
* cheese scones
* elderflower cordial

Prices
- tea: £1.20
- coffee: £1.80
- hot chocolate: £2.10
""",
    },
    (
        Check(
            "Who is responsible for the sound?",
            r"Farah Qureshi",
            first_not=RUN_ON,
        ),
        Check(
            "Who looks after the costumes?",
            r"Winifred Askew",
            first_not=RUN_ON,
        ),
        Check("Which props have to be brought?", any_quote=r"copper kettle", first_not=r"Platt"),
        Check("Who is on the crew?", any_quote=r"Desmond Platt", first_not=r"kettle|dimmers"),
        Check(
            "What is the second step of closing?",
            r"(?i)lock the wardrobe",
            first_not=RUN_ON,
        ),
        Check("Who is given the key?", r"porter", first_not=RUN_ON),
        Check("How much is a coffee?", r"£?1\.80", first_not=RUN_ON),
        Check("What contains nuts?", r"ginger cake", first_not=RUN_ON),
    ),
)

BOUNDS_AND_SIGNS = Situation(
    "bounds-and-signs",
    {
        "narrowboat.md": """\
# Conditions of hire for the narrowboat

At most nine people may sleep on board. The speed must not exceed 4 mph.
The deposit is up to £350. A crew of no fewer than two is required.
The water tank lasts less than five days. The roof carries not more than 120 kg.
Almost 70 per cent of hirers come back. Only damage above £200 is reported to the insurer.
""",
        "brass-band.md": """\
# Accounts of the brass band

The result for April was (615) pounds and for July 290 pounds.
The jumble sale closed with (1,042.75) pounds after the hall fee.
Subscriptions changed by -6.2 % against last year, donations by +1.9 %.
The spare mouthpieces are in cupboard [B-12]. The band room is open until 22:30 (midnight before
concerts).
""",
    },
    (
        Check("How many people may sleep on board?", r"(?i)at most nine"),
        Check("How fast may the boat go?", r"exceed 4 mph"),
        Check("How high is the deposit?", r"up to £350"),
        Check("How large a crew is required?", r"no fewer than two"),
        Check("How long does the water tank last?", r"less than five days"),
        Check("What weight does the roof carry?", r"not more than 120 kg"),
        Check("What was the result for April?", r"\(615\)", first_not=UNBALANCED),
        Check("With what did the jumble sale close?", r"\(1,042\.75\)", first_not=UNBALANCED),
        Check("By how much did subscriptions change?", r"-6\.2"),
        Check("In which cupboard are the spare mouthpieces?", r"\bB-12\b", first_not=UNBALANCED),
        Check("Until when is the band room open?", r"22:30", first_not=UNBALANCED),
    ),
)

CHAT_AND_INTERVIEW = Situation(
    "chat-and-interview",
    {
        "orchard-chat.txt": """\
[09/06/2025, 19:02] Priya: Who can lend us a ladder for Sunday?
[09/06/2025, 19:05] Tobias: I have a ladder, 4 metres
[09/06/2025, 19:09] Priya: great, thanks!
[09/06/2025, 19:30] Greer: I bring the cherry baskets
[09/06/2025, 19:41] Priya: Picking starts at 8:30 by the pond
[10/06/2025, 07:55] Tobias: Make it 9:15, my van is at the garage
[10/06/2025, 08:01] Priya: fine, 9:15 then
[10/06/2025, 08:04] Greer: thanks!
[11/06/2025, 22:10] Tobias: Who is driving the cherries home?
[11/06/2025, 22:16] Greer: My sister Maud drives them
""",
        "clockmaker.txt": """\
Transcript, recorded in the clock workshop

SPEAKER 1: How did you come to clocks?
SPEAKER 2: Through my grandfather, who mended them on a barge.

SPEAKER 1: Which clock took you longest?
SPEAKER 2: The one from Thornby church. Fourteen months.

SPEAKER 1: Who winds the town clock?
SPEAKER 2: My neighbour, Lionel Crabbe, every Monday.

SPEAKER 1: Do you own a watch?
SPEAKER 2: No, never.
""",
    },
    (
        Check("Who can lend a ladder?", r"Tobias(?!: [MW])", first_not=RUN_ON),
        Check("Who brings the baskets?", r"Greer(?!: M)", first_not=RUN_ON),
        Check("When does the picking start?", r"9:15", first_not=RUN_ON),
        Check("Who is driving the cherries home?", r"Maud|sister", first_not=RUN_ON),
        Check("Who winds the town clock?", r"Lionel Crabbe|neighbour", first_not=RUN_ON),
        Check("Do you own a watch?", r"(?i)\bno\b|never", first_not=RUN_ON),
        Check("thanks!", silent=True),
        Check("Who brings the sandwiches?", silent=True),
    ),
)

EXCEPT_AND_NOT = Situation(
    "except-and-not",
    {
        "allotments.md": """\
# Rules of the Fernhill allotments

All but three plots have running water; plots 4, 9 and 31 are dry.
Bonfires are allowed in November but not in summer.
Every plot holder joins the spring clean-up, except those over eighty.
The gate is locked every night with the exception of Midsummer Eve.
Hedges are cut by the council, not by the tenants.
Rosalind Fenn is not the chair; she is the treasurer. The chair is Piers Holloway.
Unlike the upper site, the lower site has a toilet.
""",
        "sheds.md": """\
# Sheds

Sheds are forbidden apart from tool boxes under one metre. Greenhouses need a permit, but cold
frames do not.
""",
    },
    (
        Check("Who is the chair?", r"Piers Holloway"),
        Check("Who cuts the hedges?", r"council"),
        Check("When are bonfires allowed?", r"November"),
        Check("How many plots have running water?", r"(?i)all but three"),
        Check("On which night is the gate not locked?", r"Midsummer Eve"),
        Check("Who does not have to join the spring clean-up?", r"over eighty"),
    ),
)

FILE_NAMES = Situation(
    "file-names",
    {
        "visitors-pelham-may-2021.txt": """\
VISITOR COUNT

Counted by Edwin Sallow. There were 3,120 visitors, and 410 guidebooks were sold.
""",
        "visitors-pelham-june-2021.txt": """\
VISITOR COUNT

Counted by Marta Quill. There were 2,870 visitors, and 395 guidebooks were sold.
""",
        "visitors-ludbrook-may-2021.txt": """\
VISITOR COUNT

Counted by Joan Petty. There were 5,460 visitors, and 702 guidebooks were sold.
""",
        "visitors-ludbrook-june-2021.txt": """\
VISITOR COUNT

Counted by Amir Shand. There were 5,915 visitors, and 688 guidebooks were sold.
""",
    },
    (
        Check("Who counted the visitors at Pelham in June 2021?", r"Marta Quill"),
        Check("Who counted the visitors at Ludbrook in May?", r"Joan Petty"),
        Check("How many visitors came to Ludbrook in June 2021?", r"5,915"),
        Check("How many visitors came to Pelham in July 2021?", silent=True),
    ),
)

CSV_ROWS = Situation(
    "csv-rows",
    {
        "loans.csv": """\
Loan;Borrower;Instrument;Weeks;Returned
7107;Neil Oakes;flute;10;yes
7110;Tess Ashdown;cello;12;no
7111;Colin Bray;viola;6;yes
7101;Tess Marlow;oboe;20;no
7011;Ruth Bray;cello;8;no
7117;Neil Ashdown;horn;11;no
7171;Ruth Oakes;flute;7;yes
7001;Colin Marlow;tuba;71;no
""",
        "platforms.csv": """\
Platform,Service,To,Departs
2,RB 61,Hexley,10:04
12,RB 16,Norwold,10:12
1,RB 116,Stapleford Cross,10:31
""",
        "guides.csv": """\
Name,Town,Languages,Phone,Since
Alda Finch,Great Ottering,"Welsh, French",01632 960 210,2019-07-03
Pim Garrow,Little Ottering,Danish,01632 960 120,2021-11-14
Vera Sands,Ottering Bridge,"Polish, Welsh",01632 960 201,2018-04-22
""",
    },
    (
        Check("Was loan 7111 returned?", r"^(Returned: )?yes$"),
        Check("Where does service RB 16 go?", r"^(To: )?Norwold$"),
        Check("Which languages does Alda Finch speak?", r"^(Languages: )?Welsh, French$"),
        Check("Since when has Pim Garrow been a guide?", r"^(Since: )?2021-11-14$"),
        Check("Who is the borrower of loan 7177?", silent=True),
    ),
)

MAIL_AND_CIRCULARS = Situation(
    "mail-and-circulars",
    {
        "re-stove.eml": """\
From: Owen Fairlie <owen@fairlie.example>
To: Muriel Tansley <muriel@tansley.example>
Subject: Re: Kitchen stove
Date: Wed, 12 Feb 2025 09:30:00 +0000
Message-ID: <2@fairlie.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Dear Muriel,

I take the cast-iron stove, not the enamelled one. Please ring before you come.

Owen

On Mon, 10 Feb 2025 at 17:20, Muriel Tansley <muriel@tansley.example> wrote:
> Dear Owen,
>
> either stove costs £1,150 with the flue. We can deliver on 3 March.
>
> Muriel
""",
        "fwd-chimney.eml": """\
From: Leona Birch <leona@birch.example>
To: Caretakers <caretakers@birch.example>
Subject: Fwd: Chimney sweeping
Date: Fri, 14 Feb 2025 15:05:00 +0000
Message-ID: <7@birch.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

For your files.

---------- Forwarded message ---------
From: Sweep Service <office@sweeps.example>
Date: Thu, 13 Feb 2025 at 10:41
Subject: Chimney sweeping
To: Leona Birch <leona@birch.example>

Your chimney will be swept on 27 February. Please let the fire go out the evening before.
""",
        "circular-3-april.md": """\
# Circular, 3 April 2023

The sponsored walk takes place on 13 May. The starting fee is £7. Dilys Carne marks the route.
""",
        "circular-24-april.md": """\
# Circular, 24 April 2023

The sponsored walk is put off from 13 May to 20 May because of lambing.
Dilys Carne has moved away; Bryn Howell now marks the route.
Correction to the circular of 3 April: the starting fee is £9, not £7.
""",
    },
    (
        Check("How much does the stove cost?", r"£1,150", place=r"^(?!from Owen)"),
        Check("Which stove does Owen Fairlie take?", r"cast-iron"),
        Check("When will the chimney be swept?", r"27 February", place=r"^(?!from Leona)"),
        Check("When does the sponsored walk take place?", any_quote=r"20 May"),
    ),
)

BROCHURE = Situation(
    "brochure",
    {
        "windmill.md": """\
# Sallow Hill windmill

The mill was built in 1794 by Jonas Pike. Today it belongs to the parish.
The sails are made of ~~pine~~ ash.
The shop sells flour, bran and honey cake. Tours begin at 10:45 and at 15:20.

<!-- The repair fund holds £23,900. Do not print. -->
""",
        "watermill.md": """\
# Gannel watermill

The wheel turns on Sundays between noon and 16:00. Entry is free, but gifts are welcome.
""",
    },
    (
        # Each of the two is about the half that an answer to the first question alone leaves out.
        Check(
            "What does the windmill shop sell and when do tours begin?",
            any_quote=r"10:45 and at 15:20",
        ),
        Check("Of what are the sails made?", r"\bash\b", first_not=r"pine"),
        # Markdown viewers do not show comments.
        Check("How much does the repair fund hold?", silent=True),
    ),
)

LOOK_ALIKES = Situation(
    "look-alikes",
    {
        "forest-office.md": """\
# Forest office

Henrietta Lowe is the head of planting. She lives in Cold Ashby.
Bernard Lowe is the head of machinery. He joined in 2016 and can be reached at extension 217.
In 2021 the office planted 48,000 trees, in 2023 it planted 61,500.
The works committee consists of Bernard Lowe, Sital Rao and Gwen Thirkell.
""",
        "nursery.md": """\
# Tree nursery

The nursery raises oak, beech and wild cherry. Seedlings leave it when they are three years old.
""",
    },
    (
        Check("Does Bernard Lowe work in planting?", r"machinery", first_not=r"Henrietta"),
        Check("How many trees did the office plant in 2023?", r"61,500"),
        Check("How many trees did the office plant in 2022?", silent=True),
        Check("When did Henrietta Lowe join the forest office?", silent=True),
    ),
)

MEMO = Situation(
    "memo",
    {
        "memo.txt": """\
MEMO

To: all drivers
From: Leopold Vance, transport office
Date: 6 October 2025

From Monday the yard in Dock Street is closed for resurfacing. Lorries park at the old dairy until
31 October. Fuel cards are handed out by Imelda Roche. The password of the fuel pump is renewed
every 60 days.
""",
    },
    (
        Check("Where do lorries park?", r"old dairy"),
        Check("Who hands out the fuel cards?", r"Imelda Roche"),
        Check('"at the old dairy"', r"at the old dairy"),
        Check("What is the password of the fuel pump?", silent=True),
    ),
)

GLOSSARY = Situation(
    "glossary",
    {
        "abbreviations.md": """\
# Abbreviations used in the tram depot

- OHL: overhead line
- TPH: trams per hour
- MDBF: mean distance between failures
- SPAD: signal passed at danger
""",
    },
    (
        Check("What does MDBF stand for?", r"mean distance between failures", first_not=RUN_ON),
        Check("What does MTBF stand for?", silent=True),
    ),
)

RECIPE = Situation(
    "recipe",
    {
        "crumble.txt": """\
Oat and pear crumble (serves six)

Ingredients
4 ripe pears
150 g rolled oats
90 g butter
60 g brown sugar
1 tsp ground ginger

Method
Heat the oven to 190 °C. Rub the butter into the oats and stir in the sugar. Lay the pears in a
dish, cover them with the crumble and bake for 35 minutes. Serve with custard.
""",
    },
    (
        Check("How much butter do I need?", r"\b90 g\b", first_not=RUN_ON),
        Check("How long is the crumble baked?", r"\b35 minutes"),
    ),
)

OPENING_HOURS = Situation(
    "opening-hours",
    {
        "repair-shop.md": """\
# Toy repair shop

Open on Wednesdays from 15:00 to 18:30 and on Saturdays from 9:30 to 12:00.
Closed in August. The workshop is run by Sunniva Gale.
""",
    },
    (
        Check("When does the shop open on Saturdays?", r"\b9:30"),
        Check("Who runs the workshop?", r"Sunniva Gale"),
    ),
)

SITUATIONS = (
    FAQ_MARKDOWN,
    FAQ_LINES,
    FAQ_HEADINGS,
    FAULT_CODES,
    PARTS_AND_ROOMS,
    TIMETABLE_AND_VERSIONS,
    BYE_LAWS,
    CONTACTS,
    LISTS,
    BOUNDS_AND_SIGNS,
    CHAT_AND_INTERVIEW,
    EXCEPT_AND_NOT,
    FILE_NAMES,
    CSV_ROWS,
    MAIL_AND_CIRCULARS,
    BROCHURE,
    LOOK_ALIKES,
    MEMO,
    GLOSSARY,
    RECIPE,
    OPENING_HOURS,
)
