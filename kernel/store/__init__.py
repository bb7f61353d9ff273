"""The record: SQLAlchemy Core on PostgreSQL. The tables are defined once, by the migrations beside this file."""
