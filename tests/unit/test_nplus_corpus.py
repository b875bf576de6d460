"""The rule n-plus-one on recorded applications: alone, together, and those it was not tuned on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random

import pytest

from unit.nplus_corpus import FOLDER, Server, Signal, recording

# Recorded after the rule was done: nothing was tuned on them.
HELD_OUT = frozenset(
    {
        "django_two_parents",
        "peewee_backref",
        "profile_by_unique_key",
        "hot_keys",
        "checkout",
        "graphql_loader",
    }
)
ALL = sorted(path.stem for path in FOLDER.glob("*.json"))
TUNED = [name for name in ALL if name not in HELD_OUT]
SIGNALS: tuple[Signal, ...] = ("windows", "log", "either")


def counted(servers: Iterable[Server]) -> tuple[Counter[str], list[str]]:
    """The confusion table over all SELECTs, and what was found or missed wrongly."""
    table: Counter[str] = Counter()
    wrong = []
    for server in servers:
        found, labelled = server.found(), server.labelled()
        table["tp"] += len(found.keys() & labelled.keys())
        table["fp"] += len(found.keys() - labelled.keys())
        table["fn"] += len(labelled.keys() - found.keys())
        table["tn"] += server.queries() - len(found.keys() | labelled.keys())
        place = "+".join(server.applications)
        wrong += [f"{place}: missed {labelled[one]}" for one in labelled.keys() - found.keys()]
        wrong += [f"{place}: wrong {found[one]}" for one in found.keys() - labelled.keys()]
    return table, wrong


def told(title: str, table: Counter[str]) -> tuple[float, float]:
    """Precision and recall, printed with the confusion table."""
    named = table["tp"] + table["fp"]
    precision = table["tp"] / named if named else 1.0
    recall = table["tp"] / max(table["tp"] + table["fn"], 1)
    print(  # noqa: T201 - `pytest -s` shows the figures
        f"\n{title}: precision {precision:.2f}, recall {recall:.2f}\n"
        f"             named  silent\n"
        f"  N+1        {table['tp']:5}  {table['fn']:6}\n"
        f"  not N+1    {table['fp']:5}  {table['tn']:6}"
    )
    return precision, recall


def mixtures(names: Sequence[str], number: int, signal: Signal) -> list[Server]:
    """Three to six applications on one server, their windows shuffled and with rests."""
    rng = Random(7)
    return [Server.of(rng.sample(names, rng.randint(3, 6)), signal, seed) for seed in range(number)]


def test_the_corpus_is_as_wide_as_promised() -> None:
    labelled = [name for name in TUNED if recording(name).labels]
    assert len(TUNED) >= 12
    assert len(TUNED) / 3 <= len(labelled) <= len(TUNED) / 2
    assert set(ALL) >= HELD_OUT


@pytest.mark.parametrize("signal", SIGNALS)
def test_each_application_alone(signal: Signal) -> None:
    table, wrong = counted(Server.of([name], signal) for name in TUNED)
    precision, recall = told(f"alone, {signal}", table)
    assert precision == 1.0, wrong
    least = {"windows": 0.9, "log": 0.4, "either": 0.9}[signal]
    assert recall >= least, wrong


@pytest.mark.parametrize("signal", SIGNALS)
def test_applications_together_on_one_server(signal: Signal) -> None:
    """Some share the text of a list that only one of them goes through row by row: the windows
    alone cannot tell whose rows they are.
    """
    table, wrong = counted(mixtures(TUNED, 30, signal))
    precision, recall = told(f"mixtures, {signal}", table)
    assert precision == 1.0, wrong
    least = {"windows": 0.6, "log": 0.4, "either": 0.9}[signal]
    assert recall >= least, wrong


@pytest.mark.parametrize("amount", [0.1, 0.5, 2.0])
def test_other_pages_that_run_the_same_statements(amount: float) -> None:
    """Noise hides some from the windows; it never makes up one."""
    servers = [Server.of([name], "windows") for name in TUNED] + mixtures(TUNED, 10, "windows")
    table, wrong = counted(one.noisy(Random(3), amount) for one in servers)
    precision, recall = told(f"noise {amount}, windows", table)
    assert precision == 1.0, wrong
    assert amount > 0.1 or recall >= 0.6, wrong


@pytest.mark.parametrize("signal", SIGNALS)
def test_applications_that_nothing_was_tuned_on(signal: Signal) -> None:
    table, wrong = counted(Server.of([name], signal) for name in sorted(HELD_OUT))
    precision, recall = told(f"held out, {signal}", table)
    assert precision == 1.0, wrong
    assert signal != "either" or recall >= 0.9, wrong


def test_the_same_windows_without_order_in_them_say_nothing() -> None:
    """Calls of one window with rows of another: what the rule goes by is gone."""
    for name in (one for one in TUNED if recording(one).labels):
        server = Server.of([name], "windows")
        rng = Random(name)
        assert server.found().keys() >= server.torn(rng).found().keys()
        assert not server.torn(rng).found(), name
