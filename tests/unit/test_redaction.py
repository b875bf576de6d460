"""No secret leaves: every place where one was seen in text, and text that must stay as it is."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgtune_advisor import logs
from pgtune_advisor.domain.redaction import MASK, redact, redact_sql

SECRET = "hunter2"

LEAKS = [
    "postgresql://app:hunter2@db/shop",
    "postgres://app:hunter2@db:5432,other:5433/shop?sslmode=require",
    "postgresql+psycopg://app:hunter2@db/shop",
    "postgresql://:hunter2@db/shop",
    "postgresql://app:hun@ter2:hunter2@db/shop",
    "postgresql://app:1/hunter2?x@db/shop",
    "postgresql://app:it's hunter2@db/shop",
    'postgresql://app:"hunter2"@db/shop',
    "https://user:hunter2@example.com/path",
    "postgresql://db/shop?user=app&password=hunter2",
    "postgresql://db/shop?password=hunter2&sslmode=require",
    "postgresql://db/shop?sslpassword=hunter2",
    "host=db password=hunter2 user=app",
    "host=db password = hunter2",
    "host=db password='my hunter2' user=app",
    r"host=db password='it\'s hunter2' user=app",
    r"host=db password=my\ hunter2 user=app",
    "host=db password=a,hunter2",
    "host=db password=a;hunter2",
    "host=db password=a&hunter2",
    "host=db password=a'hunter2",
    'host=db password=a"hunter2',
    "host=db PassWord=hunter2",
    "host=db password='cut off hunter2",
    "connection to 'host=db password=hunter2' failed",
    "PGPASSWORD=hunter2 psql",
    "--password=hunter2",
    '{"user": "app", "password": "hunter2"}',
    "{'password': 'hunter2'}",
    "password: hunter2",
    "api_key=hunter2",
    "aws_secret_access_key = hunter2",
    "token: hunter2",
    "oauth_client_secret=hunter2",
    "sslpassword=hunter2",
    "scram_client_key=hunter2",
    'invalid connection string: missing "=" after "hunter2" in connection info string',
]

STATEMENTS_THAT_LEAK = [
    "ALTER ROLE app PASSWORD 'hunter2'",
    "ALTER ROLE app ENCRYPTED PASSWORD 'hunter2' VALID UNTIL 'infinity'",
    "alter role app password'hunter2'",
    "ALTER ROLE app PASSWORD /* new */ 'hunter2'",
    "ALTER ROLE app PASSWORD -- new\n 'hunter2'",
    "ALTER ROLE app PASSWORD E'a\\'hunter2'",
    "ALTER ROLE app PASSWORD U&'hunter2'",
    "ALTER ROLE app PASSWORD 'a''hunter2'",
    "ALTER ROLE app PASSWORD $$hunter2$$",
    "ALTER ROLE app PASSWORD $x$hunter2$x$",
    "ALTER ROLE app PASSWORD 'cut off hunter2",
    "ALTER ROLE app PASSWORD $$cut off hunter2",
    "ALTER ROLE app PASSWORD\n'SCRAM-SHA-256$4096:hunter2'",
    "CREATE USER MAPPING FOR app SERVER s OPTIONS (user 'x', password 'hunter2')",
    "CREATE SUBSCRIPTION s CONNECTION 'host=db password=hunter2' PUBLICATION p",
    "SELECT * FROM dblink('postgresql://app:hunter2@db/shop', 'SELECT 1')",
    "SELECT * FROM dblink($$host=db password=hunter2$$, 'SELECT 1')",
    "SELECT set_config('app.token', 'x', true), 'password=hunter2'",
    "UPDATE users SET password = 'hunter2' WHERE id = 1",
    "SELECT 1 WHERE token='hunter2'",
]

HARMLESS = [
    "",
    "service=shop",
    "host=db port=5432 user=app dbname=shop passfile=/etc/pgpass",
    "postgresql://app@db:5432/shop?application_name=me@home",
    "postgresql://db:5432/shop",
    "postgresql://app@db,other/shop",
    "see https://example.com:8080/a@b",
    "mail to someone@example.com: thanks",
    "password_encryption = scram-sha-256",
    "the password is refused",
    "tokens are counted",
    "SELECT a FROM t WHERE password = $1 AND token=$2",
]

STATEMENTS_THAT_STAY = [
    "SELECT * FROM users WHERE password = $1",
    "INSERT INTO s (token) VALUES ($1) ON CONFLICT (id) DO UPDATE SET token = excluded.token",
    "SELECT * FROM a JOIN b ON a.api_key = b.api_key",
    "SELECT 'it''s', E'a\\'b', $$x$$, $1 FROM t",
    "SELECT password FROM users",
    'SELECT "password" = lower(secret) FROM users',
    "SHOW password_encryption",
    "SELECT $1 || $2",
]


@pytest.mark.parametrize("text", LEAKS + STATEMENTS_THAT_LEAK)
def test_secrets_go(text: str) -> None:
    clean = redact(text)
    assert SECRET not in clean
    assert MASK in clean
    assert redact(clean) == clean


@pytest.mark.parametrize("text", STATEMENTS_THAT_LEAK)
def test_secrets_of_statements_go(text: str) -> None:
    clean = redact_sql(text)
    assert SECRET not in clean
    assert redact_sql(clean) == clean


@pytest.mark.parametrize("text", HARMLESS)
def test_the_rest_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("statement", STATEMENTS_THAT_STAY)
def test_statements_stay_whole(statement: str) -> None:
    assert redact_sql(statement) == statement


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("postgresql://app:hunter2@db/shop", f"postgresql://app:{MASK}@db/shop"),
        (
            "postgresql://db/shop?password=hunter2&sslmode=require",
            f"postgresql://db/shop?password={MASK}&sslmode=require",
        ),
        ("host=db password='a b' user=app", f"host=db password='{MASK}' user=app"),
        ('{"password": "hunter2"}', f'{{"password": "{MASK}"}}'),
        ("failed: 'host=db password=hunter2'", f"failed: 'host=db password={MASK}'"),
        ("ALTER ROLE app PASSWORD 'x' LOGIN", f"ALTER ROLE app PASSWORD '{MASK}' LOGIN"),
    ],
)
def test_what_is_around_stays(text: str, clean: str) -> None:
    assert redact(text) == clean


PASSWORDS = st.text(
    st.characters(
        codec="utf-8", exclude_characters="@'\"\\& \n\r\t", exclude_categories=["Z", "C"]
    ),
    min_size=4,
).filter(lambda p: not p[0].isdigit() and p not in MASK and not p.startswith("$"))


@given(PASSWORDS)
def test_any_password(password: str) -> None:
    """Wherever it stands in a connection string, nothing of it is left."""
    for template in (
        "postgresql://QQ:{}@ZZ/VV",
        "host=ZZ password={} user=QQ",
        "host=ZZ user=QQ password='{}'",
        "ALTER ROLE QQ PASSWORD '{}'",
    ):
        text = template.format(password)
        clean = redact(text)
        assert clean == template.format(MASK)


@given(st.text())
def test_any_text(text: str) -> None:
    clean = redact(text)
    assert redact(clean) == clean


@pytest.mark.parametrize(
    "text",
    ["a-" * 50_000, "a." * 50_000, "password" * 10_000, "password $" * 5_000, "'" * 50_000],
)
def test_long_texts_take_no_age(text: str) -> None:
    """Statement texts may have megabytes: no pattern may go back and forth over them."""
    assert len(redact(text)) <= 20 * len(text)
    assert redact_sql(text)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    out = io.StringIO()
    logs.configure(logging.DEBUG, out)
    try:
        yield out
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.getLogger(logs.LOGGER).setLevel(logging.NOTSET)
        logging.captureWarnings(False)


def test_the_log_is_redacted(stream: io.StringIO) -> None:
    logger = logging.getLogger(logs.LOGGER)
    logs.log(
        logger,
        logging.WARNING,
        "refused: password=hunter2",
        action="target_down",
        detail="postgresql://a:hunter2@b/c",
        parts=["password=hunter2"],
        nested={"dsn": "password=hunter2"},
        count=3,
    )
    try:
        raise ValueError("password=hunter2")
    except ValueError:
        logger.exception("it failed")
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["action"], first["level"], first["count"]) == ("target_down", "warning", 3)
    assert "ValueError" in second["traceback"]
    assert SECRET not in stream.getvalue()


def test_what_libraries_say_has_an_action_too(stream: io.StringIO) -> None:
    logging.getLogger("some.library").warning("something with password=hunter2")
    logging.getLogger("some.library").info("nothing")
    (record,) = (json.loads(line) for line in stream.getvalue().splitlines())
    assert record["action"] == "library"
    assert record["logger"] == "some.library"
    assert SECRET not in record["message"]
