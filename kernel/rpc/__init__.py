"""Answering and asking over gRPC: who asks, what they may, how a refusal travels."""
