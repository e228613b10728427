"""Components escape what people typed, keep their state in the URL, and name what they show."""

from datetime import UTC, datetime

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.template import engines
from django.test import RequestFactory

from rapport.ui import navigation
from rapport.ui.components import (
    Choice,
    Column,
    Figure,
    Filter,
    PaletteGroup,
    PaletteResult,
    Row,
    Tab,
    Table,
    TimelineItem,
    chosen_values,
    filter_bar,
    sort_state,
)
from rapport.ui.data_css import TARGET, data_css, width_class
from rapport.ui.forms import Renderer
from rapport.ui.palette import answer_palette
from rapport.ui.shell import shell_for

HOSTILE = "<b onclick=x>&\"'"
SAFE = "&lt;b onclick=x&gt;&amp;&quot;&#x27;"


def request(path: str = "/list/") -> HttpRequest:
    made = RequestFactory().get(path)
    made.user = AnonymousUser()
    return made


def drawn(source: str, path: str = "/list/", **context: object) -> str:
    return engines["django"].from_string("{% load rapport_ui %}" + source).render(context, request(path))


@pytest.mark.parametrize(
    "source",
    [
        "{% icon 'home' x %}",
        "{% mood 'det' x %}",
        "{% avatar x %}",
        "{% who x role='buyer' note=x quote=x end=x score=x %}",
        "{% tag x %}",
        "{% chip x '/a' %}",
        "{% tabs tabs %}",
        "{% figures figures %}",
        "{% table table %}",
        "{% sort_header 'x' x %}",
        "{% section x base=x %}{{ x }}{% endsection %}",
        "{% notice 'det' url='/a' action=x %}{{ x }}{% endnotice %}",
        "{% empty x url='/a' action=x %}{{ x }}{% endempty %}",
        "{% quote footer=x %}{{ x }}{% endquote %}",
        "{% timeline items %}",
        "{% confirm_dialog 'a' x x x '/a' %}",
        "{% filters bar %}",
    ],
)
def test_what_people_typed_is_escaped(source: str) -> None:
    html = drawn(
        source,
        x=HOSTILE,
        tabs=[Tab(HOSTILE, "/a", 3)],
        figures=[Figure(HOSTILE, HOSTILE, HOSTILE, url="/a", mood="det", mood_text=HOSTILE)],
        table=Table(HOSTILE, [Column(HOSTILE, sort="a")], [Row([HOSTILE], "/a")], [HOSTILE]),
        items=[TimelineItem(datetime(2026, 9, 17, tzinfo=UTC), HOSTILE, HOSTILE, voice=HOSTILE, tag=HOSTILE)],
        bar=filter_bar(request("/list/?role=a"), HOSTILE, [Filter("role", HOSTILE, [Choice("a", HOSTILE)])]),
    )
    assert "<b onclick" not in html
    assert SAFE in html
    assert "style=" not in html


def test_sentiment_is_shape_then_word_then_colour() -> None:
    html = drawn("{% mood 'det' 3 %}")
    assert html.index("#m-det") < html.index("Detractor")
    assert 'class="sr">Detractor' in html
    assert drawn("{% for s in scores %}{{ s|mood_of }} {% endfor %}", scores=[0, 6, 7, 8, 9, 10, None]) == (
        "det det pas pas pro pro silent "
    )


def test_a_silent_person_is_hollow_and_named_so() -> None:
    html = drawn("{% node 'approver' 'silent' True %}")
    assert 'data-mood="silent" data-veto' in html
    assert 'aria-label="Approver, silent, can veto"' in html


def test_sorting_lives_in_the_url_and_turns_round() -> None:
    html = drawn("{% sort_header 'risk' 'At risk' numeric=True %}", "/list/?role=buyer&sort=-risk&page=4")
    assert 'aria-sort="descending"' in html
    assert 'href="/list/?role=buyer&amp;sort=risk"' in html
    assert 'href="/list/?sort=-risk"' in drawn("{% sort_header 'risk' 'At risk' numeric=True %}")
    assert sort_state(request("/list/?sort=-risk")) == ("risk", True)


def test_filters_live_in_the_url_and_can_be_dropped_one_by_one() -> None:
    role = Filter("role", "Role", [Choice("buyer", "Buyers"), Choice("user", "Users")], multiple=True)
    region = Filter("region", "Region", [Choice("north", "Nordics")])
    asked = request("/list/?role=buyer&role=nonsense&region=north&sort=name&page=3")
    bar = filter_bar(asked, "412 answers", [role, region])
    assert [chosen.value for chosen in bar.active] == ["Buyers", "Nordics"]
    assert bar.active[0].remove_url == "/list/?role=nonsense&region=north&sort=name"
    assert [offered.label for offered in bar.open] == ["Role"]
    assert bar.clear_url == "/list/?sort=name"
    assert chosen_values(asked, role) == ["buyer"]


def test_pages_keep_filters_and_say_where_one_is() -> None:
    page = Paginator(range(420), 20).page(3)
    html = drawn("{% pagination page %}", "/list/?role=buyer&page=3", page=page)
    assert "41–60 of 420" in html
    assert 'href="/list/?role=buyer&amp;page=4"' in html
    assert 'aria-current="page">3<' in html


def test_a_list_of_one_page_has_no_page_links() -> None:
    assert "nav" not in drawn("{% pagination page %}", page=Paginator(range(3), 20).page(1))


class RuleForm(forms.Form):
    name = forms.CharField(help_text="In words")
    note = forms.CharField(widget=forms.Textarea, required=False)
    tier = forms.MultipleChoiceField(choices=[("A", "A"), ("B", "B")], widget=forms.CheckboxSelectMultiple)
    on = forms.BooleanField(required=False)
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


def test_a_form_ties_hints_and_errors_to_its_fields() -> None:
    html = str(RuleForm({"name": ""}, renderer=Renderer()))
    assert 'aria-invalid="true" aria-describedby="id_name_helptext id_name_error"' in html
    assert 'class="hint" id="id_name_helptext"' in html
    assert 'class="error" id="id_name_error"' in html
    assert '<fieldset class="field" data-error aria-describedby="id_tier_error"><legend>Tier' in html
    assert html.count('class="input"') == 2
    assert '<input type="checkbox" name="on" id="id_on">' in html
    assert '<label for="id_secret"' not in html


@pytest.fixture
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigation, "registry", navigation.Registry())
    monkeypatch.setattr("rapport.ui.shell.registry", navigation.registry)


class Nadia:
    is_authenticated = True
    is_administrator = False

    def __str__(self) -> str:
        return "Nadia Okafor"


def test_the_rail_shows_what_a_person_may_see_in_order(own_registry: None) -> None:
    navigation.register(navigation.Entry("Second", "ui:guide", order=20))
    navigation.register(navigation.Entry("First", "account_logout", order=10))
    navigation.register(
        navigation.Entry("Closed", "account_login", allowed=lambda user: user.is_administrator)
    )
    navigation.register(navigation.Entry("Nowhere", "not-there:yet"))
    asked = request("/ui/guide/")
    assert shell_for(asked).rail == []
    asked.user = Nadia()  # type: ignore[assignment]
    assert [str(link.label) for link in shell_for(asked).rail] == ["First", "Second"]


def test_the_theme_and_the_keys_come_from_cookies_and_nonsense_is_ignored() -> None:
    asked = request()
    assert (shell_for(asked).theme, shell_for(asked).keys_on) == ("", True)
    asked.COOKIES = {"rapport_theme": "dark", "rapport_keys": "off"}
    assert (shell_for(asked).theme, shell_for(asked).keys_on) == ("dark", False)
    asked.COOKIES = {"rapport_theme": '"><script>'}
    assert shell_for(asked).theme == ""


def test_the_palette_gets_options_and_a_browser_without_scripts_a_page() -> None:
    groups = [PaletteGroup("Accounts", [PaletteResult(HOSTILE, "/customers/1/", "customers", "Account")])]
    groups.append(PaletteGroup("People", []))
    asked = request("/search/?q=x")
    whole = answer_palette(asked, "x", groups).content.decode()
    asked.META["HTTP_X_PALETTE"] = "1"
    del asked.headers
    part = answer_palette(asked, "x", groups).content.decode()
    assert "<!doctype html>" in whole
    assert 'href="/customers/1/"' in whole
    assert 'role="option"' in part
    assert "People" not in part
    assert "<b onclick" not in part + whole


def test_the_data_classes_are_what_their_module_makes() -> None:
    assert TARGET.read_text(encoding="utf-8") == data_css()
    css = data_css()
    assert all(f".{width_class(width)} {{" in css for width in [0, 14, 30, 62.4, 131, 386, 692, 794, 5000])
