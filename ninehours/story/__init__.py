"""The demo's story: twelve weeks of a network of three sites, played through the gRPC API."""
