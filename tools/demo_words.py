"""What do the demo's invented people say, and who are they? `demo_data.py` puts these words about real orders."""

COLLEAGUES = (
    ("alma", "Alma Ortiz", "administrator", ["Head office"]),
    ("sven", "Sven Lund", "supervisor", ["Workshop", "Shop floor"]),
    ("anna", "Anna Keller", "agent", ["Shop floor"]),
    ("bela", "Béla Szabó", "agent", ["Workshop"]),
    ("chidi", "Chidi Okafor", "agent", ["Shop floor"]),
    ("dara", "Dara Lim", "agent", ["Workshop"]),
)
CAMPAIGNS = (
    ("Spring tune-up", "2022-03-01", "2022-05-31"),
    ("Summer rides", "2022-06-01", "2022-08-31"),
    ("Winter clearance", "2022-12-01", "2023-01-31"),
)
LABELS = (
    ("VIP", "#c9a227", 100, "Spent 5,000 or more."),
    ("Loyal", "#2a9d8f", 50, "Ordered three times or more."),
    ("New", "#457b9d", 10, "One order so far."),
)

# A shop's subcategory -> the place in the IAB Audience Taxonomy 1.1 that its buyers lean to.
LEANINGS = {
    "Mountain Bikes": ("631", "625"),
    "Road Bikes": ("625", "651"),
    "Touring Bikes": ("625", "408"),
    "Helmets": ("625",),
    "Hydration Packs": ("410",),
    "Jerseys": ("409",),
    "Shorts": ("408",),
    "Socks": ("410",),
    "Gloves": ("409",),
    "Tires and Tubes": ("625",),
    "Bike Racks": ("243",),
    "Caps": ("607",),
    "Vests": ("408",),
}
TALKS = (
    (
        "Hi, my {product} from order {number} has not arrived yet.",
        "Good morning {name}, let me look that up. It left us on {day} and should be with you tomorrow.",
        "Great, thank you!",
    ),
    (
        "Hello, is the {product} also there in another size?",
        "Hello {name}! Yes, two sizes are left. Shall I put one aside?",
        "Yes please, I will come by on Saturday.",
        "Done. See you on Saturday.",
    ),
    (
        "The {product} I bought makes a strange noise.",
        "I am sorry to hear that, {name}. Since when?",
        "Since the first ride.",
        "Bring it to the workshop, we will look at it at once. I have opened a ticket for you.",
    ),
    (
        "Can I still return the {product}? Order {number}.",
        "Of course, within 30 days and unused. Do you need the form?",
        "Yes, please send it.",
    ),
)
SUBJECTS = (
    "{product} arrived damaged",
    "Where is order {number}?",
    "{product}: wrong size",
    "Refund for order {number}",
    "Noise from the {product}",
    "Invoice for order {number} missing",
)
REMARKS = (
    "Prefers to be called in the evening.",
    "Rides with the Sunday group; tell about the club discount.",
    "Asked for a bike fitting before the next purchase.",
    "Was very patient about the late delivery. Be generous next time.",
    "Pays by invoice only.",
)
VISITS = (
    ("Do you ship to Canada?", "Yes, in five to seven days."),
    ("Is the workshop open on Sundays?", "On Saturdays until four; Sundays we ride ourselves."),
    ("Which helmet fits a child of six?", "The Sport-100 in the smallest size. Come and try it on.", "Thanks!"),
    ("hello?",),
)
STATUSES = ("NEW", "OPEN", "PENDING", "ON_HOLD", "SOLVED", "SOLVED", "CLOSED", "CLOSED", "CLOSED")
DOUBLES = (
    # Two records of each of these people: whoever wrote the second one did not find the first.
    ("till-1", "Katherine", "Castellane", "1979-03-14", "+14135550111", "katherine@castellane.example", None, None),
    ("till-2", "Kate", "Castellane", "1979-03-14", "+14135550111", None, "12 Mill Lane", "Amherst"),
    ("till-3", "Ruaridh", "Pennefather", "1988-11-02", "+14135550112", None, "7 Old Quarry Road", "Holyoke"),
    (
        "till-4",
        "Ruairidh",
        "Pennefather",
        "1988-11-02",
        None,
        "ruaridh@mail.example",
        "7 Old Quarry Rd",
        "Holyoke",
    ),
    ("till-5", "Zsofia", "Halmagyi", "1993-08-30", "+14135550113", "zsofia.halmagyi@mail.example", None, None),
    ("till-6", "Zsófia", "Halmágyi", None, "+14135550113", "zsofia.halmagyi@mail.example", None, None),
    # Of these nobody can be sure who has not asked them.
    ("till-7", "Wilhelmina", "Oosterhuis", "1985-04-07", None, None, "31 Harbor Street", "Salem"),
    ("till-8", "Mina", "Oosterhuis", None, None, None, "31 Harbour Street", "Salem"),
    ("till-9", "Anselm", "Quarrington", "1990-05-16", "+14135550114", None, None, None),
    ("till-10", "Anselm", "Quarington", "1990-06-15", None, "a.quarington@mail.example", None, None),
    # A mother and her daughter, who share a home and a number, and are two.
    ("till-11", "Marguerite", "Delacourt", "1961-01-25", "+14135550115", None, "4 Chapel Hill", "Lenox"),
    ("till-12", "Josephine", "Delacourt", "1994-10-09", "+14135550115", None, "4 Chapel Hill", "Lenox"),
)
