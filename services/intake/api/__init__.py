"""The gRPC servicer and translation, nothing else."""
