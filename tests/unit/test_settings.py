"""The configuration: where a value comes from, and what is said of a wrong one."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pgtune_advisor.domain.errors import ConfigError
from pgtune_advisor.settings import Settings, load

TARGET = '[[targets]]\nname = "shop"\ndsn = "service=shop"\n'


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("PGTUNE_ADVISOR__"):
            monkeypatch.delenv(name)


def read(folder: Path, text: str, **overrides: object) -> Settings:
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return load(file, **overrides)


def refused(folder: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    assert caught.value.exit_code == 2
    assert caught.value.detail
    assert caught.value.hint
    return caught.value


def test_defaults() -> None:
    settings = load()
    assert settings.daemon.interval == timedelta(seconds=60)
    assert settings.daemon.slow_interval == timedelta(minutes=10)
    assert settings.daemon.index_interval == timedelta(hours=1)
    assert settings.metrics.listen == "127.0.0.1:9877"
    assert settings.targets == ()
    assert settings.store.url == "sqlite"
    assert settings.store.retention == timedelta(days=30)
    assert settings.store.max_size == 2 * 1024**3
    assert not settings.privacy.keep_literals


def test_precedence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file, then the environment, then the arguments; a section's other keys stay."""
    text = '[daemon]\ninterval = "1m"\nslow_interval = "1h"\nstate_dir = "/file"\n'
    assert read(tmp_path, text).daemon.interval == timedelta(minutes=1)
    monkeypatch.setenv("PGTUNE_ADVISOR__DAEMON__INTERVAL", "2m")
    monkeypatch.setenv("PGTUNE_ADVISOR__DAEMON__SLOW_INTERVAL", "2h")
    settings = read(tmp_path, text, daemon={"interval": "3m"})
    assert settings.daemon.interval == timedelta(minutes=3)
    assert settings.daemon.slow_interval == timedelta(hours=2)
    assert settings.daemon.state_dir == Path("/file")


def test_lists_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGTUNE_ADVISOR__RULES__DISABLED", '["index-unused"]')
    monkeypatch.setenv("PGTUNE_ADVISOR__TARGETS", '[{"name": "a", "dsn": "service=a"}]')
    settings = load()
    assert settings.rules.disabled == ("index-unused",)
    assert settings.targets[0].name == "a"


def test_everything_of_a_target(tmp_path: Path) -> None:
    text = TARGET + (
        'databases = ["shop", "crm"]\nmax_connections = 5\n'
        'replicas = { one = "service=one" }\n'
        'planner = "hypopg"\nindex_budget = "2GB"\nindex_deadline = "30s"\n'
        '[targets.host]\nmemory = "16GB"\ncpus = 4\nstorage = "nvme"\nmanaged = "patroni"\n'
        "[rules.params.index-unused]\nmin_age = 60\n"
        '[[suppress]]\nkey = "index-redundant:*"\nreason = "kept"\nuntil = 2027-03-01\n'
    )
    settings = read(tmp_path, text)
    (target,) = settings.targets
    assert target.databases == ("shop", "crm")
    assert target.replicas == {"one": "service=one"}
    assert (target.planner, target.index_budget) == ("hypopg", 2 * 1024**3)
    assert target.index_deadline == timedelta(seconds=30)
    assert target.host.memory == 16 * 1024**3
    assert (target.host.cpus, target.host.storage, target.host.managed) == (4, "nvme", "patroni")
    assert settings.rules.params == {"index-unused": {"min_age": 60}}
    (suppress,) = settings.suppress
    assert suppress.until == date(2027, 3, 1)
    end = suppress.suppression().until
    assert end is not None
    assert datetime(2027, 3, 1, 23, 59, tzinfo=UTC) < end < datetime(2027, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "place", "near"),
    [
        ("[deamon]\n", "deamon", "daemon"),
        ('[daemon]\nintervall = "1s"\n', "daemon.intervall", "interval"),
        (TARGET + 'databses = ["a"]\n', "targets.0.databses", "databases"),
        (TARGET + 'index_budgte = "1GB"\n', "targets.0.index_budgte", "index_budget"),
        (TARGET + 'index_dedline = "1s"\n', "targets.0.index_dedline", "index_deadline"),
        (TARGET + 'planer = "auto"\n', "targets.0.planer", "planner"),
        ('[daemon]\nindex_intervall = "1h"\n', "daemon.index_intervall", "index_interval"),
        (TARGET + '[targets.host]\nmemroy = "1GB"\n', "targets.0.host.memroy", "memory"),
        ('[[suppress]]\nkey = "a"\nraeson = "b"\nreason = "c"\n', "suppress.0.raeson", "reason"),
        ('[store]\nretension = "1d"\n', "store.retension", "retention"),
    ],
)
def test_an_unknown_key_names_the_nearest(tmp_path: Path, text: str, place: str, near: str) -> None:
    error = refused(tmp_path, text)
    assert error.detail == f"{place}: unknown key"
    assert error.hint == f'did you mean "{near}"?'
    assert str(tmp_path / "config.toml") in error.primary


def test_an_unknown_key_like_no_other(tmp_path: Path) -> None:
    assert "config.example.toml" in refused(tmp_path, "[zzz]\n").hint


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ('[daemon]\ninterval = "soon"\n', "daemon.interval: not a duration: 'soon'"),
        ('[daemon]\ninterval = "500ms"\n', "daemon.interval: must be at least 1s"),
        ('[daemon]\ninterval = "31d"\n', "daemon.interval: must be at least 1s and at most 30d"),
        ('[daemon]\ninterval = "99999999999999d"\n', "daemon.interval: too long"),
        ('[store]\nretention = "0"\n', "store.retention: must be at least 1h"),
        ("[store]\nretention = -5\n", "store.retention: must be at least 1h"),
        ('[store]\nretention = "40000d"\n', "store.retention: must be at least 1h and at most"),
        ('[store]\nmax_size = "much"\n', "store.max_size: not a size: 'much'"),
        ('[store]\nmax_size = "1kB"\n', "store.max_size: must be at least 1MB"),
        ('[store]\nurl = "mysql://h/d"\n', "store.url: must be sqlite"),
        ('[metrics]\nlisten = "localhost"\n', "metrics.listen: must be host:port"),
        ('[metrics]\nlisten = "localhost:99999"\n', "metrics.listen: must be host:port"),
        ('[metrics]\nlisten = "localhost:²"\n', "metrics.listen: must be host:port"),
        (TARGET + TARGET, 'targets: two targets are named "shop"'),
        ('[targets]\nname = "a"\n', "targets: must be a list: write [[targets]]"),
        ('[suppress]\nkey = "a"\n', "suppress: must be a list: write [[suppress]]"),
        ('[rules]\ndisabled = "a"\n', "rules.disabled: must be a list"),
        ('[[targets]]\nname = "a b"\ndsn = ""\n', "targets.0.name: String should match"),
        ('[[targets]]\nname = "../x"\ndsn = ""\n', "targets.0.name: String should match"),
        ('[[targets]]\nname = "a"\n', "targets.0.dsn: Field required"),
        (TARGET + "[targets.host]\nmemory = -1\n", "targets.0.host.memory: Input should be"),
        ('[daemon]\nindex_interval = "0"\n', "daemon.index_interval: must be at least 1s"),
        (TARGET + 'planner = "oracle"\n', "targets.0.planner: Input should be 'auto', 'hypopg'"),
        (TARGET + 'index_budget = "big"\n', "targets.0.index_budget: not a size: 'big'"),
        (TARGET + 'index_budget = "0"\n', "targets.0.index_budget: must be at least 1MB"),
        (TARGET + 'index_deadline = "2h"\n', "targets.0.index_deadline: must be at least 1s"),
        (TARGET + "max_connections = 0\n", "targets.0.max_connections: Input should be"),
        ('[privacy]\nkeep_literals = "perhaps"\n', "privacy.keep_literals: Input should be"),
    ],
)
def test_wrong_values(tmp_path: Path, text: str, detail: str) -> None:
    assert refused(tmp_path, text).detail.startswith(detail)


def test_an_empty_budget_is_none(tmp_path: Path) -> None:
    (target,) = read(tmp_path, TARGET + 'index_budget = ""\n').targets
    assert target.index_budget is None


def test_every_mistake_at_once(tmp_path: Path) -> None:
    error = refused(tmp_path, '[daemon]\nintervall = 1\n[store]\nretention = "x"\n')
    assert "daemon.intervall: unknown key; store.retention: not a duration" in error.detail


@pytest.mark.parametrize(
    "text",
    [
        '[[targets]]\nname = "a"\ndsn = "host=db password=hunter2"\n',
        '[[targets]]\nname = "a"\ndsn = "postgresql://app:hunter2@db/shop"\n',
        '[[targets]]\nname = "a"\ndsn = "postgresql://db/shop?password=hunter2"\n',
        '[[targets]]\nname = "a"\ndsn = "host=db sslpassword=hunter2"\n',
        TARGET + 'replicas = { one = "postgresql://app:hunter2@db/shop" }\n',
        '[store]\nurl = "postgresql://app:hunter2@db/shop"\n',
    ],
)
def test_passwords_are_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    error = refused(tmp_path, text)
    assert "holds a password" in error.detail
    assert "LoadCredential" in error.detail
    assert "hunter2" not in "".join(error.lines())


@pytest.mark.parametrize(
    "dsn", ["service=shop", "postgresql://app@db:5432/shop?application_name=me@home", ""]
)
def test_a_dsn_without_a_password_is_taken(tmp_path: Path, dsn: str) -> None:
    read(tmp_path, f'[[targets]]\nname = "a"\ndsn = "{dsn}"\n')


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PGTUNE_ADVISOR__DEAMON__INTERVAL", "1s", "Did you mean PGTUNE_ADVISOR__DAEMON__…?"),
        ("PGTUNE_ADVISOR__ZZZ", "1", "There is no section zzz."),
        ("PGTUNE_ADVISOR__DAEMON__INTERVALL", "1s", 'did you mean "interval"?'),
        ("PGTUNE_ADVISOR__DAEMON__INTERVAL", "x", "counts too: PGTUNE_ADVISOR__DAEMON__INTERVAL"),
        ("PGTUNE_ADVISOR__RULES__DISABLED", "a,b", "as JSON"),
        ("PGTUNE_ADVISOR__TARGETS", "[{", "as JSON"),
        ("PGTUNE_ADVISOR__DAEMON", "x", "as JSON"),
        ("PGTUNE_ADVISOR__STORE__URL", "postgresql://a:hunter2@b/c", "holds a password"),
    ],
)
def test_wrong_variables(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        load()
    lines = "\n".join(caught.value.lines())
    assert said in lines
    assert "hunter2" not in lines
    assert lines.count("\n") == 2


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        load(tmp_path / "none.toml")
    assert caught.value.detail == "No such file or directory"
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)
    file = tmp_path / "config.toml"
    file.write_text("[daemon\n")
    with pytest.raises(ConfigError, match="not valid TOML") as caught:
        load(file)
    assert "line 1" in caught.value.detail
    assert caught.value.hint
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(file)


def test_settings_do_not_change(tmp_path: Path) -> None:
    settings = read(tmp_path, TARGET)
    with pytest.raises(ValueError, match="frozen"):
        settings.targets[0].name = "other"
