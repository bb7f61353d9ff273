"""Verifying: one service's database in one snapshot, against its owners, itself and Kafka."""
