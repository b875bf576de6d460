"""The tables of the corpus as Django, SQLAlchemy, Peewee and Pony see them."""
# mypy: ignore-errors

from __future__ import annotations

import os

import django
import peewee
from django.conf import settings
from pony import orm as pony
from sqlalchemy import Column, ForeignKey, Integer, String, Table, create_engine
from sqlalchemy.orm import declarative_base, relationship

HOST, PORT = os.environ["NPLUS_HOST"], int(os.environ["NPLUS_PORT"])
USER, DATABASE = os.environ["NPLUS_USER"], os.environ["NPLUS_DATABASE"]

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": DATABASE,
            "USER": USER,
            "HOST": HOST,
            "PORT": PORT,
        }
    },
    INSTALLED_APPS=[],
)
django.setup()
from django.db import models as dj  # noqa: E402


class DjAuthor(dj.Model):
    name, email = dj.TextField(), dj.TextField()

    class Meta:
        app_label, db_table, managed = "blog", "authors", False


class DjPost(dj.Model):
    author = dj.ForeignKey(DjAuthor, dj.CASCADE)
    title, score = dj.TextField(), dj.IntegerField()

    class Meta:
        app_label, db_table, managed = "blog", "posts", False


class DjComment(dj.Model):
    post = dj.ForeignKey(DjPost, dj.CASCADE, related_name="comments")
    author = dj.ForeignKey(DjAuthor, dj.CASCADE)
    body = dj.TextField()

    class Meta:
        app_label, db_table, managed = "blog", "comments", False


Base = declarative_base()
engine = create_engine(
    f"postgresql+psycopg://{USER}@/{DATABASE}?host={HOST}&port={PORT}", pool_size=6
)
sa_tags = Table(
    "posts_tags",
    Base.metadata,
    Column("post_id", ForeignKey("posts.id")),
    Column("tag_id", ForeignKey("tags.id")),
)


class SaAuthor(Base):
    __tablename__ = "authors"
    id = Column(Integer, primary_key=True)
    name, email = Column(String), Column(String)


class SaTag(Base):
    __tablename__ = "tags"
    id = Column(Integer, primary_key=True)
    name = Column(String)


class SaPost(Base):
    __tablename__ = "posts"
    id = Column(Integer, primary_key=True)
    author_id = Column(ForeignKey("authors.id"))
    title, score = Column(String), Column(Integer)
    author = relationship(SaAuthor)
    comments = relationship("SaComment")
    tags = relationship(SaTag, secondary=sa_tags)


class SaComment(Base):
    __tablename__ = "comments"
    id = Column(Integer, primary_key=True)
    post_id, author_id = Column(ForeignKey("posts.id")), Column(ForeignKey("authors.id"))
    body = Column(String)
    author = relationship(SaAuthor)


class SaCustomer(Base):
    __tablename__ = "customers"
    id = Column(Integer, primary_key=True)
    name = Column(String)


class SaOrder(Base):
    __tablename__ = "orders"
    id = Column(Integer, primary_key=True)
    customer_id, status = Column(ForeignKey("customers.id")), Column(String)
    customer = relationship(SaCustomer)
    lines = relationship("SaLine")


class SaLine(Base):
    __tablename__ = "lines"
    id = Column(Integer, primary_key=True)
    order_id, product_id = Column(ForeignKey("orders.id")), Column(Integer)
    quantity = Column(Integer)


pw = peewee.PostgresqlDatabase(DATABASE, user=USER, host=HOST, port=PORT)


class PwCustomer(peewee.Model):
    name = peewee.TextField()

    class Meta:
        database, table_name = pw, "customers"


class PwOrder(peewee.Model):
    customer = peewee.ForeignKeyField(PwCustomer, column_name="customer_id")
    status = peewee.TextField()

    class Meta:
        database, table_name = pw, "orders"


class PwLine(peewee.Model):
    order = peewee.ForeignKeyField(PwOrder, column_name="order_id", backref="lines")
    quantity = peewee.IntegerField()

    class Meta:
        database, table_name = pw, "lines"


po = pony.Database()


class PoAuthor(po.Entity):
    _table_ = "authors"
    name, email = pony.Required(str), pony.Required(str)
    posts = pony.Set("PoPost")


class PoPost(po.Entity):
    _table_ = "posts"
    author = pony.Required(PoAuthor, column="author_id")
    title, score = pony.Required(str), pony.Required(int)


po.bind(provider="postgres", user=USER, host=HOST, port=PORT, database=DATABASE)
po.generate_mapping(check_tables=False)
