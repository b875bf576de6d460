"""A PostgreSQL tuning advisor whose advice is proven, safe and explained."""

__version__ = "0.1.0"
