"""Files made to do harm: refused with a message that says why, or made harmless."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.connectors.surveys import opening
from rapport.connectors.surveys.drafting import Imported
from rapport.connectors.surveys.opening import SurveyRefused
from rapport.connectors.surveys.reading import read_survey_bytes
from rapport.connectors.surveys.responses.opening import open_responses
from rapport.connectors.surveys.words import Cleaner, stripped

LSS = """<?xml version="1.0" encoding="UTF-8"?>{doctype}
<document><LimeSurveyDocType>Survey</LimeSurveyDocType><languages><language>en</language></languages>
<groups><rows><row><gid>1</gid><group_name>G</group_name><language>en</language></row></rows></groups>
<questions><rows><row><qid>1</qid><sid>9</sid><gid>1</gid><type>T</type><title>Q1</title>
<question>{text}</question><language>en</language><relevance>{relevance}</relevance></row></rows></questions></document>"""


def lss(*, doctype: str = "", text: str = "Why?", relevance: str = "1") -> bytes:
    return LSS.format(doctype=doctype, text=text, relevance=relevance).encode()


def surveyjs(*elements: dict[str, Any]) -> bytes:
    return json.dumps({"pages": [{"name": "p", "elements": list(elements)}]}).encode()


def qsf(text: str) -> bytes:
    question = {
        "QuestionID": "QID1",
        "QuestionText": text,
        "DataExportTag": "Q1",
        "QuestionType": "TE",
        "Selector": "SL",
    }
    block = {"Type": "Default", "ID": "BL_1", "BlockElements": [{"Type": "Question", "QuestionID": "QID1"}]}
    return json.dumps(
        {
            "SurveyEntry": {"SurveyName": "S", "SurveyLanguage": "EN"},
            "SurveyElements": [{"Element": "BL", "Payload": [block]}, {"Element": "SQ", "Payload": question}],
        }
    ).encode()


def refusal(data: bytes, name: str = "survey") -> str:
    with pytest.raises(SurveyRefused) as refused:
        read_survey_bytes(data, name)
    return str(refused.value)


def test_a_plain_file_comes_in() -> None:
    assert read_survey_bytes(lss(), "a.lss").definition.questions()[0].text == {"en": "Why?"}


def test_an_entity_that_reads_a_file_is_refused_and_reads_nothing() -> None:
    bad = lss(doctype='<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>', text="&amp;x;").replace(
        b"&amp;x;", b"&x;"
    )
    assert "outside of it" in refusal(bad, "bad.lss")


def test_entities_that_grow_without_end_are_refused() -> None:
    lines = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "boom"}">' for n in range(10))
    bad = lss(doctype=f"<!DOCTYPE d [{lines}]>", text="X").replace(b">X<", b">&e9;<")
    assert "entities" in refusal(bad, "bomb.lss")


def test_a_named_document_type_alone_is_no_harm() -> None:
    sss = b"""<?xml version="1.0"?><!DOCTYPE sss PUBLIC "-//Triple-S//DTD Survey Interchange v1.2//EN"
    "http://triple-s.invalid/sss.dtd"><sss version="1.2"><survey><title>T</title><record ident="V">
    <variable ident="1" type="character"><name>Q</name><label>L</label>
    <position start="1" finish="5"/></variable>
    </record></survey></sss>"""
    assert read_survey_bytes(sss, "a.sss").report.questions == 1


@pytest.mark.parametrize("depth", [200, 100_000])
def test_nesting_without_end_is_refused(depth: int) -> None:
    assert "deeper" in refusal(b'{"pages":' + b"[" * depth + b"]" * depth + b"}", "deep.json")
    assert "deeper" in refusal(b"<a>" * depth + b"</a>" * depth, "deep.lss")


def test_panels_within_panels_are_refused_beyond_reason() -> None:
    panel: dict[str, Any] = {"type": "text", "name": "q"}
    for _level in range(40):
        panel = {"type": "panel", "elements": [panel]}
    assert "deeper" in refusal(surveyjs(panel))


def archive(**members: bytes) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name.replace("__", "."), content)
    return whole.getvalue()


def test_an_archive_that_unpacks_to_a_flood_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MOST_UNPACKED", 1024**2)
    bomb = archive(survey__lss=lss(), survey__lsr=b" " * 5 * 1024**2)
    assert len(bomb) < 20_000
    assert "unpacks to more" in refusal(bomb, "bomb.lsa")
    with pytest.raises(SurveyRefused, match="unpacks to more"):
        open_responses(bomb, "bomb.lsa")


def test_an_archive_of_endless_files_or_none_of_ours_is_refused() -> None:
    assert "handful" in refusal(archive(**{f"f{n}": b"x" for n in range(300)}), "many.lsa")
    assert "without a survey" in refusal(archive(a__txt=b"x"), "other.lsa")
    assert "not a readable archive" in refusal(b"PK\x03\x04" + b"x" * 50, "broken.lsa")


def test_a_file_beyond_all_measure_is_refused(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MOST_BYTES", 1000)
    path = tmp_path / "huge.json"
    path.write_bytes(b" " * 1001)
    with pytest.raises(SurveyRefused, match="larger than"):
        opening.read_file(path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[1, 2]",
        b'{"a": 1}',
        b"<html><body>x</body></html>",
        b"$FL2 is not this",
        b"\x00\x01\x02",
        b"a,b\n1,2\n",
        b'{"SurveyElements": []}',
        b'{"pages": []}',
        b"<sss/>",
        '{"pages": "\ud800"}'.encode("utf-8", "surrogatepass"),
        b"<document><LimeSurveyDocType>Survey</LimeSurveyDocType></document>",
        b'{"pages": [{"elements": []}]}',
    ],
)
def test_what_is_no_survey_is_refused_with_a_reason(data: bytes) -> None:
    assert len(refusal(data, "file.bin")) > 20


HARM = [
    "<script>alert(1)</script>Why?",
    "Why?<style>body{display:none}</style>",
    "<img src=x onerror=alert(1)>Why?",
    "<a href='javascript:alert(1)'>Why?</a>",
    "<svg><script>alert(1)</script></svg>Why?",
    "<scr<script>x</script>ipt>Why?",
    "<iframe src='//a.example'></iframe>Why?",
    "Wh\x00y?".replace("\x00", "\u202e"),
]


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("make", [qsf, lambda text: surveyjs({"type": "text", "name": "q1", "title": text})])
def test_scripts_in_texts_leave_only_words(harm: str, make: Callable[[str], bytes]) -> None:
    (question,) = read_survey_bytes(make(harm), "a").definition.questions()
    words = question.text["en"]
    assert "Why?" in words
    for sign in ("script>", "alert", "onerror", "javascript", "style", "iframe", "\u202e"):
        assert sign not in words


@given(st.text(max_size=300))
@settings(max_examples=50, deadline=None)
def test_no_text_whatever_keeps_a_tag_or_an_unknown_pipe(text: str) -> None:
    cleaner = Cleaner(r"\{[^{}\s][^{}]*\}", lambda pipe: None)
    for harm in (text, f"<script>{text}</script>", f"<p onclick='{text}'>{text}</p>"):
        words = cleaner.clean(harm)
        assert "\ue000" not in words
        assert "\0" not in words
        # Every brace is inert: it stands twice.
        assert "{" not in words.replace("{{", "")
    assert "<b>" not in stripped(f"<b>{text}</b>")


def test_pipes_become_ours_where_there_is_one_and_inert_words_elsewhere() -> None:
    imported = read_survey_bytes(
        qsf("Hello ${m://FirstName}, ${q://QID1/ChoiceGroup/SelectedChoices} ${rand://int/1:5} {x}"), "a"
    )
    assert (
        imported.definition.questions()[0].text["en"]
        == "Hello {contact.first_name}, {Q1} ${{rand://int/1:5} {{x}"
    )
    assert any("${rand://int/1:5}" in reason for line in imported.report.changed for reason in line.reasons)
    lime = read_survey_bytes(lss(text="Dear {TOKEN:FIRSTNAME}, {Q1} {if(Q1==1,'a','b')}"), "a.lss")
    assert lime.definition.questions()[0].text["en"] == "Dear {contact.first_name}, {Q1} {{if(Q1==1,'a','b')}"


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('x')",
        "Q1 == " + "(" * 500 + "1" + ")" * 500,
        "Q1" + " and Q1" * 10_000,
        "regexMatch('/x/', Q1)",
        "Q1 == Q1",
        "a" * 30_000,
        "\x00",
        "Q1.NAOK ==",
        "((((",
        "1 + 1",
    ],
)
def test_an_expression_is_read_or_reported_and_never_run(expression: str) -> None:
    escaped = expression.replace("\x00", "?")
    imported = read_survey_bytes(lss(relevance=escaped), "a.lss")
    assert imported.definition.questions()[0].show_if is None
    (line,) = imported.report.unsupported
    assert "It was:" in line.reasons[0]


def _bent(value: Any) -> st.SearchStrategy[Any]:
    wrong = (
        st.none()
        | st.integers()
        | st.text(max_size=5)
        | st.lists(st.integers(), max_size=2)
        | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2)
    )
    if isinstance(value, dict):
        return st.fixed_dictionaries({key: _bent(one) for key, one in value.items()}) | wrong
    if isinstance(value, list):
        return st.tuples(*[_bent(one) for one in value]).map(list) | wrong
    return st.just(value) | wrong


WHOLE = {
    "qsf": json.loads(qsf("Why?")),
    "surveyjs": {
        "title": "T",
        "pages": [{"elements": [
            {"type": "checkbox", "name": "a", "choices": [1, {"value": "x"}], "visibleIf": "{b} = 1"},
            {"type": "matrix", "name": "b", "columns": [1], "rows": ["r"]},
            {"type": "rating", "name": "c", "rateMax": 7, "validators": [{"type": "numeric"}]},
        ]}],
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", WHOLE)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_survey_bent_anywhere_is_read_or_refused_but_never_a_crash(kind: str, data: st.DataObject) -> None:
    bent = data.draw(_bent(WHOLE[kind]))
    try:
        made: object = read_survey_bytes(json.dumps(bent).encode(), "bent.json")
    except SurveyRefused as refused:
        made = refused
    assert isinstance(made, Imported) or len(str(made)) > 10


def _one_choice(sign: str) -> bytes:
    return surveyjs(
        {
            "type": "radiogroup",
            "name": f"q{sign}",
            "title": f"Why{sign}?",
            "visibleIf": f"{{other}} = '{sign}'",
            "choices": [{"value": f"a{sign}", "text": f"A{sign}"}],
        }
    )


@pytest.mark.parametrize("sign", ["\0", "\ud800"])
def test_signs_no_database_can_keep_are_left_out(sign: str) -> None:
    for data in (_one_choice(sign), qsf(f"Why{sign}?")):
        imported = read_survey_bytes(data, "a.json")
        told = json.dumps([imported.definition.model_dump(mode="json"), imported.report.as_json()])
        told += json.dumps(
            [list(imported.columns), [slot.model_dump() for slot in imported.columns.values()]]
        )
        assert "\\u0000" not in told
        assert "\\ud800" not in told
    results = json.dumps([{"id": f"7{sign}", f"q{sign}": f"a{sign}"}]).encode()
    (row,) = open_responses(results, "results.json").rows
    assert row.reference.isprintable()
    assert list(row.values) == ["q" if sign == "\0" else "q?"]


def test_a_scale_of_a_thousand_million_points_becomes_a_number() -> None:
    rated = surveyjs({"type": "rating", "name": "q", "rateMin": 0, "rateMax": 10**9})
    (question,) = read_survey_bytes(rated, "a.json").definition.questions()
    assert question.type == "number"


def test_more_choices_than_any_survey_has_are_refused_before_they_are_all_read() -> None:
    many = surveyjs({"type": "radiogroup", "name": "q", "choices": list(range(60_000))})
    assert "more than 20,000" in refusal(many)


def test_three_thousand_questions_of_one_name_are_told_apart_without_looking_at_each_pair() -> None:
    elements = [{"type": "text", "name": "again"}] * 3_000
    keys = [one.key for one in read_survey_bytes(surveyjs(*elements), "a.json").definition.questions()]
    assert len(set(keys)) == 3_000
    assert keys[:3] == ["again", "again_2", "again_3"]


@pytest.mark.parametrize("piece", ["<a ", "<a href='", "<!--", "{a", "<b x=<"])
def test_a_text_of_tags_that_never_close_is_read_in_time_that_grows_with_it(piece: str) -> None:
    from time import process_time

    def seconds(count: int) -> float:
        begun = process_time()
        stripped(piece * count)
        return process_time() - begun

    seconds(10)
    # A text ten times as long must not take a hundred times as long.
    assert seconds(20_000) < 40 * max(seconds(2_000), 0.005)


def test_a_whole_number_beyond_all_measure_is_no_answer_and_no_crash() -> None:
    results = b'[{"id": 1, "nps": 1' + b"0" * 400 + b"}]"
    (row,) = open_responses(results, "results.json").rows
    assert isinstance(row.values["nps"], str)
