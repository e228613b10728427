"""Halden Flow itself: its catalogue, its teams and the colleagues who may sign in."""

from dataclasses import dataclass

from rapport.demo.names import REGIONS
from rapport.demo.story import Calendar
from rapport.kernel.models import Grant, Team, User
from rapport.rooms.catalog.models import (
    Division,
    Function,
    Holiday,
    Metric,
    Partner,
    Product,
    Region,
    Stage,
    Touchpoint,
)

STAGES = (
    ("explore", "Explore"),
    ("buy", "Buy"),
    ("install", "Install"),
    ("use", "Use"),
    ("maintain", "Maintain"),
    ("renew", "Renew"),
)
TOUCHPOINTS = (
    ("start-up", "Start-up", "install"),
    ("product-use", "Pump in daily use", "use"),
    ("delivery", "Parts delivery", "maintain"),
    ("service-visit", "Service visit", "maintain"),
    ("documentation", "Documentation", "use"),
    ("invoice", "Invoice", "buy"),
)
PRODUCTS = (
    ("centrifugal", "Centrifugal pump HF-100", "pumps"),
    ("hygienic", "Hygienic pump HF-200", "pumps"),
    ("dosing", "Dosing pump HF-300", "pumps"),
    ("seal-kit", "Seal kit", "parts"),
    ("service-plan", "Service plan", "service"),
)
FUNCTIONS = (
    ("operations", "Operations"),
    ("maintenance", "Maintenance"),
    ("engineering", "Engineering"),
    ("purchasing", "Purchasing"),
    ("finance", "Finance"),
    ("quality", "Quality"),
    ("administration", "Administration"),
)
PARTNERS = (
    ("kolding-pumpeservice", "Kolding Pumpeservice", "nordics"),
    ("alpenpumpen", "Alpenpumpen Service", "dach"),
)
METRICS = (
    ("nps", "Likely to recommend", "nps", 0, 10, True),
    ("csat", "Satisfaction", "csat", 1, 5, True),
    ("ces", "Effort", "ces", 1, 7, False),
    ("delivery-reliability", "Delivery reliability", "index", 0, 10, True),
    ("documentation-quality", "Documentation", "index", 0, 10, True),
    ("service-response", "Service response", "index", 0, 10, True),
    ("product-reliability", "Product reliability", "index", 0, 10, True),
    ("price-for-value", "Value for the price", "index", 0, 10, True),
)


@dataclass(frozen=True)
class Colleague:
    """Somebody at Halden Flow who may sign in."""

    key: str
    name: str
    role: str
    reach: str = "everything"
    grants: tuple[tuple[str, str], ...] = ()
    zone: str = "Europe/Amsterdam"

    @property
    def email(self) -> str:
        return f"{self.key}@halden.example"


COLLEAGUES = (
    Colleague("admin", "Robin Vale", "administrator"),
    Colleague("priya", "Priya Raman", "cx_manager"),
    Colleague("amir", "Amir Haddad", "analyst"),
    Colleague("karin", "Karin Solberg", "executive"),
    Colleague("nadia", "Nadia Okafor", "account_manager", "granted", (("team", "benelux-west"),)),
    Colleague("willem", "Willem Roos", "account_manager", "granted", (("team", "benelux-east"),)),
    Colleague(
        "greta", "Greta Hahn", "account_manager", "granted", (("team", "dach-north"),), "Europe/Berlin"
    ),
    Colleague(
        "emil", "Emil Tanner", "account_manager", "granted", (("team", "dach-south"),), "Europe/Zurich"
    ),
    Colleague(
        "signe", "Signe Holt", "account_manager", "granted", (("team", "nordics-one"),), "Europe/Copenhagen"
    ),
    Colleague("jonas", "Jonas Rieck", "service_lead", "granted", (("region", "benelux"),)),
    Colleague("mira", "Mira Novak", "marketer"),
    Colleague("tess", "Tess Bloem", "champion", "granted", (("region", "benelux"),)),
    Colleague("dana", "Dana Ilves", "employee", "capture"),
    Colleague(
        "kolding",
        "Jens Kolding",
        "partner_administrator",
        "granted",
        (("partner", "kolding-pumpeservice"),),
        "Europe/Copenhagen",
    ),
    Colleague(
        "pia",
        "Pia Thorup",
        "partner_user",
        "granted",
        (("partner", "kolding-pumpeservice"),),
        "Europe/Copenhagen",
    ),
)
TEAMS = (
    ("benelux-west", "Benelux west", "benelux", "nadia"),
    ("benelux-east", "Benelux east", "benelux", "willem"),
    ("dach-north", "DACH north", "dach", "greta"),
    ("dach-south", "DACH south", "dach", "emil"),
    ("nordics-one", "Nordics", "nordics", "signe"),
)


def found_company(calendar: Calendar) -> None:
    """Fill the catalogue."""
    for position, (key, region) in enumerate(REGIONS.items()):
        Region.objects.create(key=key, name=region.name, time_zone=region.zone, position=position)
    for year in (
        calendar.begins.year,
        calendar.begins.year + 1,
        calendar.today.year,
        calendar.today.year + 1,
    ):
        for key in REGIONS:
            day = calendar.today.replace(year=year, month=1, day=1)
            Holiday.objects.get_or_create(region_id=key, on=day, defaults={"name": "New Year"})
    Division.objects.bulk_create(
        Division(key=key, name=key.capitalize()) for key in ("pumps", "parts", "service")
    )
    Function.objects.bulk_create(Function(key=key, name=name) for key, name in FUNCTIONS)
    Stage.objects.bulk_create(Stage(key=key, name=name, position=at) for at, (key, name) in enumerate(STAGES))
    Touchpoint.objects.bulk_create(
        Touchpoint(key=key, name=name, stage_id=stage, position=at)
        for at, (key, name, stage) in enumerate(TOUCHPOINTS)
    )
    Product.objects.bulk_create(
        Product(key=key, name=name, division_id=division) for key, name, division in PRODUCTS
    )
    Partner.objects.bulk_create(
        Partner(key=key, name=name, region_id=region) for key, name, region in PARTNERS
    )
    for key, name, kind, low, high, rising in METRICS:
        Metric.objects.update_or_create(
            key=key,
            defaults={
                "name": name,
                "kind": kind,
                "scale_low": low,
                "scale_high": high,
                "higher_is_better": rising,
            },
        )
    Team.objects.bulk_create(Team(key=key, name=name) for key, name, _region, _owner in TEAMS)


def hire_colleagues(password: str) -> dict[str, User]:
    """Create the people who may sign in, all with the password this demo generated."""
    people: dict[str, User] = {}
    for one in COLLEAGUES:
        user = User.objects.create_user(
            one.email, None, name=one.name, role=one.role, reach=one.reach, time_zone=one.zone
        )
        if people:
            user.password = people["admin"].password
        else:
            user.set_password(password)
        user.save(update_fields=["password"])
        Grant.objects.bulk_create(Grant(user=user, kind=kind, key=key) for kind, key in one.grants)
        people[one.key] = user
    return people
