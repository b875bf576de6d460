"""One request of each application, labelled with parts of the texts of what is N+1 in it."""
# mypy: ignore-errors

from __future__ import annotations

import os
from random import Random

import psycopg
from django.db import connection as dj_connection
from psycopg_pool import ConnectionPool
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from bench.nplus import mappings as m
from bench.nplus.mappings import pony

DSN = (
    f"host={os.environ['NPLUS_HOST']} port={os.environ['NPLUS_PORT']}"
    f" user={os.environ['NPLUS_USER']} dbname={os.environ['NPLUS_DATABASE']}"
)
pool = ConnectionPool(DSN, min_size=4, max_size=6, kwargs={"autocommit": True}, open=True)
LABELS: dict[str, tuple[str, ...]] = {}
APPLICATIONS = {}
CACHE: dict[tuple[str, int], int] = {}


def application(*labels: str):
    def register(function):
        APPLICATIONS[function.__name__], LABELS[function.__name__] = function, labels
        return function

    return register


def size(rng: Random) -> int:
    return rng.randint(4, 40)


def dj_posts(rng: Random, n: int):
    return m.DjPost.objects.filter(score__gte=rng.randint(0, 900)).order_by("score")[:n]


@application('FROM "authors" WHERE "authors"."id" =')
def django_foreign_key(rng: Random) -> None:
    for post in dj_posts(rng, size(rng)):
        assert post.author.name


@application('FROM "comments" WHERE "comments"."post_id" =')
def django_reverse(rng: Random) -> None:
    for post in dj_posts(rng, size(rng)):
        assert len(post.comments.all()) >= 0


@application('COUNT(*) AS "__count" FROM "comments"')
def django_count(rng: Random) -> None:
    for post in dj_posts(rng, size(rng)):
        assert post.comments.count() >= 0


@application("FROM tags, posts_tags")
def sqlalchemy_many_to_many(rng: Random) -> None:
    with Session(m.engine) as session:
        query = select(m.SaPost).where(m.SaPost.score >= rng.randint(0, 900))
        for post in session.scalars(query.order_by(m.SaPost.score).limit(size(rng))):
            assert len(post.tags) >= 0


@application("FROM lines")
def sqlalchemy_lazy_collection(rng: Random) -> None:
    with Session(m.engine) as session:
        first = rng.randint(1, 3900)
        query = select(m.SaOrder).where(m.SaOrder.id >= first).order_by(m.SaOrder.id)
        for order in session.scalars(query.limit(size(rng))):
            assert len(order.lines) >= 0


@application("FROM authors")
def sqlalchemy_lazy_one(rng: Random) -> None:
    """The identity map asks once for each different author."""
    with Session(m.engine) as session:
        authors = [rng.randint(1, 400) for _ in range(rng.randint(4, 16))]
        query = select(m.SaPost).where(m.SaPost.author_id.in_(authors)).limit(rng.randint(10, 60))
        for post in session.scalars(query):
            assert post.author.name


@application("FROM lines")
def sqlalchemy_pages_of_twenty(rng: Random) -> None:
    """All pages have one size."""
    with Session(m.engine) as session:
        first = rng.randint(1, 3900)
        query = select(m.SaOrder.id, m.SaOrder.status).where(m.SaOrder.id >= first)
        for order, _ in session.execute(query.order_by(m.SaOrder.id).limit(20)).all():
            assert session.scalars(select(m.SaLine).where(m.SaLine.order_id == order)).all()


@application("FROM comments", "FROM authors")
def sqlalchemy_nested(rng: Random) -> None:
    with Session(m.engine) as session:
        query = select(m.SaPost).where(m.SaPost.score >= rng.randint(0, 900))
        for post in session.scalars(query.order_by(m.SaPost.score).limit(rng.randint(3, 20))):
            for comment in post.comments:
                assert comment.author.name


@application('FROM "customers" AS "t1"')
def peewee_foreign_key(rng: Random) -> None:
    with m.pw.connection_context():
        query = m.PwOrder.select().where(m.PwOrder.id >= rng.randint(1, 3900))
        for order in query.order_by(m.PwOrder.id).limit(size(rng)):
            assert order.customer.name


@application("FROM rooms WHERE id")
def plain_sql_without_foreign_keys(rng: Random) -> None:
    with pool.connection() as connection:
        query = "SELECT id, room_id FROM bookings WHERE day = %s LIMIT %s"
        for _, room in connection.execute(query, (rng.randint(0, 364), size(rng))).fetchall():
            connection.execute("SELECT name FROM rooms WHERE id = %s", (room,)).fetchone()


@application()
def django_session_and_pages(rng: Random) -> None:
    """Middleware looks the user up on every request; the page itself joins."""
    m.DjAuthor.objects.get(pk=rng.randint(1, 400))
    list(dj_posts(rng, size(rng)).select_related("author"))


@application()
def django_prefetch(rng: Random) -> None:
    m.DjAuthor.objects.get(pk=rng.randint(1, 400))
    for post in dj_posts(rng, size(rng)).prefetch_related("comments"):
        assert len(post.comments.all()) >= 0


@application()
def queue_worker(rng: Random) -> None:
    """Claims jobs and works them off one by one."""
    with psycopg.connect(DSN, autocommit=True) as connection, connection.transaction():
        claim = (
            "SELECT id, customer_id FROM jobs WHERE state = 'new' ORDER BY id LIMIT %s"
            " FOR UPDATE SKIP LOCKED"
        )
        for job, customer in connection.execute(claim, (rng.randint(2, 30),)).fetchall():
            connection.execute("SELECT name FROM customers WHERE id = %s", (customer,))
            connection.execute("UPDATE jobs SET state = 'done' WHERE id = %s", (job,))


@application()
def cache_misses(rng: Random) -> None:
    """A list, and each of its products from a cache that has most of them."""
    with pool.connection() as connection:
        query = "SELECT product_id FROM lines WHERE order_id BETWEEN %s AND %s"
        first = rng.randint(1, 3900)
        found = connection.execute(query, (first, first + rng.randint(1, 8))).fetchall()
        for (product,) in found:
            if rng.random() < 0.12:
                connection.execute("SELECT name, price FROM products WHERE id = %s", (product,))


@application()
def batch_job(rng: Random) -> None:
    with Session(m.engine) as session:
        query = select(m.SaOrder).where(m.SaOrder.id > rng.randint(1, 3900))
        loads = (selectinload(m.SaOrder.lines), joinedload(m.SaOrder.customer))
        for order in session.scalars(query.options(*loads).limit(rng.randint(50, 200))):
            assert order.customer.name


@application()
def bulk_import(rng: Random) -> None:
    """Looks up each line of a file and inserts it: the keys come from the file."""
    with psycopg.connect(DSN) as connection:
        connection.execute("SELECT id, name FROM tags").fetchall()
        for _ in range(rng.randint(5, 30)):
            sku = f"sku{rng.randint(1, 2000)}"
            query = "SELECT id FROM products WHERE sku = %s"
            (product,) = connection.execute(query, (sku,)).fetchone()
            row = (rng.randint(1, 4000), product)
            connection.execute(
                "INSERT INTO lines (order_id, product_id, quantity) VALUES (%s, %s, 1)", row
            )


@application()
def poller(rng: Random) -> None:
    """Waits for one job, asking again and again; a dashboard lists the jobs."""
    with pool.connection() as connection:
        if rng.random() < 0.2:
            query = "SELECT id, state FROM jobs WHERE id > %s LIMIT %s"
            connection.execute(query, (rng.randint(1, 20000), size(rng))).fetchall()
        job = rng.randint(1, 30000)
        for _ in range(rng.randint(1, 9)):
            connection.execute("SELECT state FROM jobs WHERE id = %s", (job,)).fetchone()


@application()
def list_and_detail(rng: Random) -> None:
    """A list of posts, and the pages of those that someone opens."""
    with Session(m.engine) as session:
        if rng.random() < 0.5:
            query = select(m.SaPost.id, m.SaPost.title).where(m.SaPost.score >= rng.randint(0, 900))
            session.execute(query.order_by(m.SaPost.score).limit(size(rng))).all()
        else:
            post = session.get(
                m.SaPost, rng.randint(1, 3000), options=[joinedload(m.SaPost.author)]
            )
            session.scalars(select(m.SaComment).where(m.SaComment.post_id == post.id)).all()


@application()
def busy_pool(rng: Random) -> None:
    """Hot look-ups by key on few connections without a pause, and now and then a list."""
    with pool.connection() as connection:
        for _ in range(rng.randint(10, 30)):
            if rng.random() < 0.06:
                query = "SELECT order_id, product_id FROM lines WHERE order_id BETWEEN %s AND %s"
                first = rng.randint(1, 3900)
                connection.execute(query, (first, first + rng.randint(1, 12))).fetchall()
            else:
                query = "SELECT name, price FROM products WHERE id = %s"
                connection.execute(query, (rng.randint(1, 2000),)).fetchone()


@application()
def pony_batches(rng: Random) -> None:
    """Pony asks for what is missing of all objects at once."""
    with pony.db_session:
        low, n = rng.randint(0, 900), size(rng)
        for post in pony.select(p for p in m.PoPost if p.score >= low).order_by(m.PoPost.score)[:n]:
            assert post.author.name


# What follows was recorded after the rule was done, and nothing was tuned on it.


@application('FROM "authors" WHERE "authors"."id" =')
def django_two_parents(rng: Random) -> None:
    """Two pages lead to the same look-up."""
    if rng.random() < 0.5:
        found = dj_posts(rng, size(rng))
    else:
        found = m.DjComment.objects.filter(post_id__gte=rng.randint(1, 2900)).order_by("id")
        found = found[: rng.randint(2, 25)]
    for one in found:
        assert one.author.name


@application('FROM "lines" AS "t1"')
def peewee_backref(rng: Random) -> None:
    with m.pw.connection_context():
        query = m.PwOrder.select().where(m.PwOrder.id >= rng.randint(1, 3900))
        for order in query.order_by(m.PwOrder.id).limit(size(rng)):
            assert len(list(order.lines)) >= 0


@application("FROM authors WHERE email")
def profile_by_unique_key(rng: Random) -> None:
    """The key is not the primary one, and the parent joins for it."""
    with pool.connection() as connection:
        query = (
            "SELECT p.title, a.email FROM posts p JOIN authors a ON a.id = p.author_id"
            " WHERE p.score >= %s ORDER BY p.score LIMIT %s"
        )
        for _, email in connection.execute(query, (rng.randint(0, 900), size(rng))).fetchall():
            connection.execute("SELECT name FROM authors WHERE email = %s", (email,)).fetchone()


@application()
def hot_keys(rng: Random) -> None:
    """Each page needs a few products that are not on the list, and half of them show a list."""
    with pool.connection() as connection:
        for _ in range(rng.randint(1, 3)):
            query = "SELECT name, price FROM products WHERE id = %s"
            connection.execute(query, (rng.randint(1, 2000),)).fetchone()
        if rng.random() < 0.5:
            query = "SELECT product_id, quantity FROM lines WHERE order_id BETWEEN %s AND %s"
            first = rng.randint(1, 3900)
            connection.execute(query, (first, first + rng.randint(1, 10))).fetchall()


@application()
def checkout(rng: Random) -> None:
    """Each product of a cart is locked, one after another in the order of their keys."""
    with psycopg.connect(DSN) as connection:
        query = "SELECT product_id FROM lines WHERE order_id BETWEEN %s AND %s ORDER BY product_id"
        first = rng.randint(1, 3900)
        found = connection.execute(query, (first, first + rng.randint(0, 7))).fetchall()
        for (product,) in found:
            query = "SELECT price FROM products WHERE id = %s FOR UPDATE"
            connection.execute(query, (product,)).fetchone()


@application()
def graphql_loader(rng: Random) -> None:
    """A loader collects the keys of a level; who asks is looked up alone."""
    with pool.connection() as connection:
        connection.execute("SELECT name FROM authors WHERE id = %s", (rng.randint(1, 400),))
        query = "SELECT id, author_id FROM posts WHERE score >= %s ORDER BY score LIMIT %s"
        found = connection.execute(query, (rng.randint(0, 900), size(rng))).fetchall()
        authors = [author for _, author in found]
        connection.execute("SELECT id, name FROM authors WHERE id = ANY (%s)", (authors,))


def close() -> None:
    pool.close()
    m.engine.dispose()
    dj_connection.close()
