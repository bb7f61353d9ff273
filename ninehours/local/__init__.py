"""The one-machine start: PostgreSQL, Kafka and all processes of the services, no containers."""
