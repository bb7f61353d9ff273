"""The demo's story: three weeks of an intensive outpatient program, played through the gRPC API."""
