"""The record: SQLAlchemy Core on PostgreSQL. The migrations beside this file define the tables."""
