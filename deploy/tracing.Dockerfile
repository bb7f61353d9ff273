# The image of ./Dockerfile, and what traces take: docker build --file deploy/tracing.Dockerfile
# --build-arg IMAGE=ninehours@sha256:... --tag ... .
ARG PYTHON=python:3.13-slim-trixie
ARG IMAGE=ninehours

FROM ${PYTHON} AS libraries
WORKDIR /build
COPY requirements-tracing.lock ./
# What it goes on top of is in the image already, at the versions that it was locked with.
RUN python -m pip install --disable-pip-version-check --require-hashes --only-binary=:all: --no-deps --target lib -r requirements-tracing.lock

FROM ${IMAGE}
WORKDIR /opt/ninehours
COPY --from=libraries /build/lib/ lib/
