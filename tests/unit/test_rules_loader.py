"""Rule files: read, checked whole, replaced by the user's, and told with the place of a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgtune_advisor.advise.recommend import check as check_changes
from pgtune_advisor.domain.custom import FactColumn
from pgtune_advisor.domain.errors import AdvisorError, ConfigError, RuleError
from pgtune_advisor.resources import rules_dir
from pgtune_advisor.rules.factbase import Catalogue
from pgtune_advisor.rules.loader import RuleBook, load_rules, read_rule
from unit import rule_files

PARAMS = """
[params]
min_age = { default = "30d", unit = "days", meaning = "how long" }
min_size = { default = "1MB", unit = "bytes", meaning = "how large" }
limit = { default = "1.5s", unit = "ms", meaning = "how slow" }
times = { default = 3, meaning = "how often" }
"""


def load(*folders: Path, **more: object) -> RuleBook:
    return load_rules(folders, Catalogue(), **more)  # type: ignore[arg-type]


def refusal(folder: Path, **more: object) -> AdvisorError:
    with pytest.raises(AdvisorError) as caught:
        load(folder, **more)
    assert caught.value.exit_code == 2
    return caught.value


def test_the_group_is_the_folder(tmp_path: Path) -> None:
    rule_files.write(tmp_path / "tables", "b-rule")
    rule_files.write(tmp_path / "indexes", "c-rule")
    book = load(tmp_path)
    assert [(r.rule.category, r.id) for r in book.rules] == [
        ("indexes", "c-rule"),
        ("tables", "b-rule"),
    ]
    assert not any(r.rule.is_custom for r in book.rules)
    assert book.notes == ()


def test_a_user_s_file_replaces_a_shipped_rule_and_says_so(tmp_path: Path) -> None:
    shipped = rule_files.write(tmp_path / "shipped/indexes", "a-rule")
    mine = rule_files.write(tmp_path / "mine", "a-rule", severity='"info"')
    rule_files.write(tmp_path / "mine/deeper", "own-rule")
    book = load(tmp_path / "shipped", tmp_path / "mine")
    assert book.get("a-rule").rule.spec.severity == "info"
    assert book.get("a-rule").rule.is_custom
    assert {r.rule.category for r in book.rules} == {"custom"}
    assert book.notes == (f"rule a-rule: {mine} replaces {shipped}",)


def test_a_user_s_directory_that_is_not_there_holds_no_rules(tmp_path: Path) -> None:
    rule_files.write(tmp_path / "indexes", "a-rule")
    assert len(load(tmp_path, tmp_path / "missing").rules) == 1


def test_parameters_in_the_rule_s_unit(tmp_path: Path) -> None:
    rule_files.write(tmp_path, "a-rule", PARAMS, when='"scans = 0 AND size_bytes > :min_size"')
    assert load(tmp_path).get("a-rule").params == {
        "min_age": 30.0,
        "min_size": 1048576.0,
        "limit": 1500.0,
        "times": 3.0,
    }
    given = {"a-rule": {"min_age": "12h", "min_size": 10, "limit": 0, "times": 4.5}}
    assert load(tmp_path, params=given).get("a-rule").params == {
        "min_age": 0.5,
        "min_size": 10.0,
        "limit": 0.0,
        "times": 4.5,
    }


def test_aliases_name_the_rule_everywhere(tmp_path: Path) -> None:
    rule_files.write(tmp_path, "a-rule", PARAMS, aliases='["old-name"]')
    rule_files.write(tmp_path, "b-rule", aliases='["older-name"]')
    book = load(tmp_path, disabled=["older-name"], params={"old-name": {"times": 9}})
    assert book.get("old-name") is book.get("a-rule")
    assert book.get("a-rule").params["times"] == 9
    assert book.disabled == ("b-rule",)
    assert [r.id for r in book.rules] == ["a-rule"]


def test_an_alias_belongs_to_one_rule(tmp_path: Path) -> None:
    rule_files.write(tmp_path, "a-rule", aliases='["b-rule"]')
    rule_files.write(tmp_path, "b-rule")
    error = refusal(tmp_path)
    assert 'the name "b-rule" is taken' in error.primary


def test_names_that_nobody_knows(tmp_path: Path) -> None:
    rule_files.write(tmp_path, "a-rule", PARAMS)
    error = refusal(tmp_path, disabled=["a-rul"])
    assert isinstance(error, ConfigError)
    assert (error.primary, error.hint) == (
        'rules.disabled: there is no rule "a-rul"',
        'Did you mean "a-rule"?',
    )
    error = refusal(tmp_path, params={"a-rul": {}})
    assert error.primary == 'rules.params: there is no rule "a-rul"'
    error = refusal(tmp_path, params={"a-rule": {"min_agee": 1}})
    assert error.primary == 'rules.params.a-rule: unknown parameter "min_agee"'
    assert error.hint == 'Did you mean "min_age"?'
    with pytest.raises(RuleError, match='there is no rule "a-rul"'):
        load(tmp_path).get("a-rul")


@pytest.mark.parametrize(
    ("name", "value"), [("min_age", "soon"), ("min_size", "much"), ("times", "a few")]
)
def test_a_parameter_that_is_none(tmp_path: Path, name: str, value: str) -> None:
    rule_files.write(tmp_path, "a-rule", PARAMS)
    error = refusal(tmp_path, params={"a-rule": {name: value}})
    assert error.primary.startswith(f"rules.params.a-rule.{name}: ")
    assert value in error.primary


@pytest.mark.parametrize(
    ("instead", "extra", "said"),
    [
        ({"serverity": '"info"'}, "", "serverity: Extra inputs are not permitted"),
        ({"severity": '"grave"'}, "", "severity: Input should be 'critical', 'warning' or 'info'"),
        ({"detector": '"redundant_index"'}, "", 'a rule has either "when" or "detector"'),
        ({"when": '""'}, "", 'a rule has either "when" or "detector"'),
        ({"evidence": "[]"}, "", "evidence: Tuple should have at least 1 item"),
        ({}, '[params]\nlimit = { default = "x", unit = "ms", meaning = "m" }', "params.limit"),
        ({}, '[params]\nlimit = { default = 1, unit = "furlongs", meaning = "m" }', "params.limit"),
        ({"id": '"other-name"'}, "", 'the id "other-name" must be the name of the file'),
        ({"id": '"Bad Name"'}, "", "id: String should match pattern"),
        ({"subject": '"indexes"'}, "", 'unknown subject "indexes"'),
        ({"evidence": '["scanss"]'}, "", 'evidence: unknown fact "scanss"'),
        ({"evidence": '["server.mayor"]'}, "", 'evidence: unknown fact "server.mayor"'),
        ({"when": '"scanss = 0"'}, "", 'when: unknown fact "scanss"'),
        ({"critical_when": '"scanss = 0"'}, "", 'critical_when: unknown fact "scanss"'),
        ({"primary": '"{{ name "'}, "", "message.primary: the template is not valid"),
        ({"hint": '"{{ name | shout }}"'}, "", "message.hint: the template is not valid"),
        ({"when": '"scans = :age"'}, "", 'when: unknown parameter "age"'),
        (
            {"primary": '"{{ nam }}"'},
            "",
            'message.primary: the template uses an unknown name "nam"',
        ),
        (
            {"hint": '"{{ server.mayor }}"'},
            "",
            'message.hint: the template uses an unknown name "mayor"',
        ),
        ({"detail": '"{{ params.age }}"'}, "", "message.detail: the template uses an unknown name"),
        (
            {"change": '{ kind = "script", steps = [{ up = "{{ scan }}" }] }'},
            "",
            'change.steps.up: the template uses an unknown name "scan"',
        ),
    ],
)
def test_a_wrong_file_is_named_with_the_place(
    tmp_path: Path, instead: dict[str, str], extra: str, said: str
) -> None:
    path = rule_files.write(tmp_path, "a-rule", extra, **instead)
    error = refusal(tmp_path)
    assert isinstance(error, RuleError)
    assert str(path) in error.primary
    assert said in f"{error.primary} {error.detail}"


def test_names_that_templates_may_use(tmp_path: Path) -> None:
    text = (
        '"{% set n = scans %}{% for i in [1, n] %}{{ i }}{% endfor %}{{ server.major }}'
        "{{ params.times }}{{ setting('work_mem') | bytes }}{{ max(scans, 1) }}\""
    )
    rule_files.write(tmp_path, "a-rule", PARAMS, detail=text)
    assert load(tmp_path).get("a-rule")


def test_an_unknown_detector(tmp_path: Path) -> None:
    path = rule_files.write(tmp_path, "a-rule", detector='"nose"')
    path.write_text(path.read_text().replace('when = "scans = 0"\n', ""))
    error = refusal(tmp_path)
    assert 'unknown detector "nose"' in error.primary
    assert "redundant_index" in error.hint


def test_files_that_are_no_toml_or_cannot_be_read(tmp_path: Path) -> None:
    broken = tmp_path / "a-rule.toml"
    broken.write_text('id = "a-rule"\nwhen = = 1\n')
    with pytest.raises(RuleError, match="not valid TOML") as caught:
        read_rule(broken)
    assert "line 2" in caught.value.detail
    broken.write_bytes(b'id = "\xff"')
    with pytest.raises(RuleError, match="not valid TOML"):
        read_rule(broken)
    with pytest.raises(RuleError, match="cannot be read"):
        read_rule(tmp_path / "missing.toml")


def test_a_change_that_nothing_builds(tmp_path: Path) -> None:
    rule_files.write(tmp_path, "a-rule", change='{ kind = "pray" }')
    with pytest.raises(RuleError, match='unknown change "pray"') as caught:
        check_changes(load(tmp_path))
    assert "drop-index" in caught.value.hint


def test_a_rule_over_the_user_s_own_facts(tmp_path: Path) -> None:
    columns = (FactColumn(name="waiting", type="integer", meaning="rows that wait"),)
    rule_files.write(
        tmp_path,
        "queue-long",
        subject='"queue"',
        when='"waiting > 5 AND server.major > 13"',
        evidence='["waiting", "server.major"]',
        primary='"{{ waiting }} wait"',
        detail='"-"',
    )
    book = load_rules([tmp_path], Catalogue(custom={"queue": columns}))
    assert book.get("queue-long").rule.spec.subject == "queue"
    with pytest.raises(RuleError, match='unknown subject "queue"'):
        load(tmp_path)


def test_the_shipped_rules_load() -> None:
    book = load(rules_dir())
    assert len(book.rules) > 10
    assert book.notes == ()
