"""What goes into the configuration of a private cluster."""

from __future__ import annotations

import pytest

from pgtune_advisor.cluster.configuration import merge_settings, quote_value
from pgtune_advisor.domain.errors import ClusterError


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("8MB", "'8MB'"),
        ("it's", "'it''s'"),
        ("a\\b", "'a\\\\b'"),
        ("two\nlines", "'two\\nlines'"),
        ("", "''"),
    ],
)
def test_values_are_quoted(value: str, written: str) -> None:
    assert quote_value(value) == written


def test_settings_go_over_the_defaults() -> None:
    merged = merge_settings({"Work_Mem": "8MB", "listen_addresses": ""}, [])
    assert merged["work_mem"] == "8MB"
    assert merged["listen_addresses"] == ""
    assert "shared_preload_libraries" not in merged


def test_libraries_to_preload_are_a_setting() -> None:
    merged = merge_settings({}, ["pg_stat_statements", "auto_explain"])
    assert merged["shared_preload_libraries"] == "pg_stat_statements, auto_explain"


@pytest.mark.parametrize("name", ["port", "PORT", "data_directory", "hba_file"])
def test_what_the_cluster_decides_is_refused(name: str) -> None:
    with pytest.raises(ClusterError, match="cannot be given this way"):
        merge_settings({name: "1"}, [])


def test_preloaded_libraries_are_given_once() -> None:
    merge_settings({"shared_preload_libraries": "auto_explain"}, [])
    with pytest.raises(ClusterError, match="cannot be given this way"):
        merge_settings({"shared_preload_libraries": "auto_explain"}, ["pg_stat_statements"])


@pytest.mark.parametrize("name", ["work mem", "x\nport", "", "1x", "a.", "include 'x'"])
def test_a_name_cannot_carry_more_than_a_name(name: str) -> None:
    with pytest.raises(ClusterError, match="is not the name of a setting"):
        merge_settings({name: "1"}, [])


def test_a_zero_byte_is_refused() -> None:
    with pytest.raises(ClusterError, match="zero byte"):
        merge_settings({"work_mem": "8\0MB"}, [])
