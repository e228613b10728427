"""Invented names: nobody here exists."""

from dataclasses import dataclass

HALDEN = "Halden Flow (fictional)"


@dataclass(frozen=True)
class Land:
    """What the customers of one region are drawn from; languages with the share that speaks them."""

    name: str
    zone: str
    languages: tuple[tuple[str, float], ...]
    places: tuple[tuple[str, str], ...]
    houses: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]


REGIONS: dict[str, Land] = {
    "benelux": Land(
        name="Benelux",
        zone="Europe/Amsterdam",
        languages=(("nl", 0.6), ("fr", 0.25), ("en", 0.15)),
        places=(
            ("Zwolle", "Netherlands"), ("Meppel", "Netherlands"), ("Gent", "Belgium"),
            ("Breda", "Netherlands"),
            ("Luik", "Belgium"), ("Namen", "Belgium"), ("Arnhem", "Netherlands"), ("Venlo", "Netherlands"),
            ("Kortrijk", "Belgium"), ("Esch", "Luxembourg"), ("Delft", "Netherlands"), ("Hasselt", "Belgium"),
        ),
        houses=(
             "Delacroix", "Aurelia", "Brouwer", "Vandaele", "Hoogland", "Lemaire", "Oosterveld",
            "Dumont",
            "Waterschoot", "Kanters", "Beaumont", "Zandstra", "Moreels", "Rietveld", "Claessens",
            "Duchamp", "Polderman",
        ),
        given=(
            "Joost", "Marijke", "Pieter", "Annelies", "Bram", "Ilse", "Lotte", "Tom", "Hanne", "Koen",
            "Sanne", "Ruben",
            "Luc", "Camille", "Noor", "Thijs", "Elise", "Wouter", "Amélie", "Jeroen",
        ),
        family=(
            "Brandsma", "Dekker", "van Dam", "Peeters", "De Smet", "Claes", "Maes", "Wouters", "Smeets",
            "Janssens",
            "Visser", "Leroy", "Lambert", "Bakker", "Dupont", "Hermans", "de Wit", "Mertens", "Kuipers",
            "Fontaine",
        ),
    ),
    "dach": Land(
        name="Germany, Austria, Switzerland",
        zone="Europe/Berlin",
        languages=(("de", 0.85), ("en", 0.15)),
        places=(
            ("Kassel", "Germany"), ("Linz", "Austria"), ("Ulm", "Germany"), ("Chemnitz", "Germany"),
            ("Winterthur", "Switzerland"), ("Graz", "Austria"), ("Bremen", "Germany"), ("Siegen", "Germany"),
            ("Steyr", "Austria"), ("Aarau", "Switzerland"), ("Jena", "Germany"), ("Passau", "Germany"),
        ),
        houses=(
             "Kestrel", "Eichstätt", "Bergner", "Rothmoor", "Falkental", "Hirschauer",
            "Lindenthal",
            "Oberwald", "Steinach", "Wiesengrund", "Adlershof", "Gruber", "Kaltenbach", "Morgenthal",
            "Silberbach",
            "Auerbach", "Donaufeld",
        ),
        given=(
            "Jürgen", "Renate", "Stefan", "Katrin", "Lukas", "Heike", "Matthias", "Sabine", "Andreas",
            "Ulrike",
            "Florian", "Petra", "Markus", "Claudia", "Tobias", "Birgit", "Moritz", "Anja", "Dieter", "Nina",
        ),
        family=(
            "Falk", "Adler", "Hartmann", "Krämer", "Böhm", "Lorenz", "Seidel", "Vogt", "Brandt", "Kuhn",
            "Pohl", "Huber",
            "Engel", "Haas", "Maurer", "Arnold", "Reiter", "Busch", "Zimmer", "Ott",
        ),
    ),
    "nordics": Land(
        name="Nordics",
        zone="Europe/Copenhagen",
        languages=(("en", 1.0),),
        places=(
            ("Kolding", "Denmark"), ("Sandvig", "Denmark"), ("Kallvik", "Sweden"), ("Gävle", "Sweden"),
            ("Drammen", "Norway"), ("Horsens", "Denmark"), ("Örebro", "Sweden"), ("Tampere", "Finland"),
            ("Larvik", "Norway"), ("Vejle", "Denmark"), ("Lahti", "Finland"), ("Skien", "Norway"),
        ),
        houses=(
            "Lindqvist", "Torvald", "Northmoor", "Ashgrove", "Sandvig", "Marisol", "Bjerke", "Hallgren",
            "Fjellvik",
            "Østergaard", "Nyström", "Solheim", "Granlund", "Holmberg", "Kivelä", "Stenberg", "Aaltonen",
            "Ravnsborg",
        ),
        given=(
            "Søren", "Hanne", "Mikkel", "Elin", "Lars", "Ingrid", "Anders", "Freja", "Erik", "Astrid",
            "Nils", "Maja",
            "Jonas", "Sigrid", "Oskar", "Karin", "Henrik", "Liv", "Pekka", "Aino",
        ),
        family=(
            "Bach", "Lund", "Friis", "Berg", "Holm", "Dahl", "Strand", "Vik", "Nygaard", "Sand", "Krogh",
            "Moe", "Ek",
            "Lindgren", "Hauge", "Virtanen", "Sund", "Bakke", "Ahlgren", "Rask",
        ),
    ),
}  # fmt: skip

SECTORS = (
    ("Dairy", "Dairy processing"),
    ("Chemicals", "Chemicals"),
    ("Foods", "Food processing"),
    ("Pulp & Paper", "Pulp and paper"),
    ("Breweries", "Brewing"),
    ("Water", "Water utility"),
    ("Mining", "Mining"),
    ("Sugar", "Sugar"),
    ("Pharma", "Pharmaceuticals"),
    ("Energy", "Power and heat"),
    ("Shipyard", "Marine"),
    ("Steel", "Metals"),
)

# Job title, seniority, function and the buying role that goes with it.
POSTS = (
    ("Plant manager", "head", "operations", "decision_maker"),
    ("Maintenance lead", "lead", "maintenance", "user"),
    ("Process engineer", "specialist", "engineering", "influencer"),
    ("Reliability engineer", "specialist", "engineering", "initiator"),
    ("Buyer", "specialist", "purchasing", "buyer"),
    ("Head of procurement", "head", "purchasing", "decision_maker"),
    ("Chief financial officer", "top", "finance", "approver"),
    ("Quality manager", "head", "quality", "influencer"),
    ("Operator", "other", "operations", "user"),
    ("Assistant to the management", "other", "administration", "gatekeeper"),
    ("Project engineer", "specialist", "engineering", "user"),
    ("Operations director", "top", "operations", "approver"),
)

# The customers the stories are about, in the sites they have.
VELDHUIS = "Veldhuis Dairy"
TARNHELM = "Tarnhelm Chemicals"
