"""Opens the console: its database, the services' channels, the port that browsers ask."""

import socket
import ssl
from collections.abc import Mapping
from datetime import timedelta
from functools import partial

import uvicorn
from sqlalchemy import Engine

from kernel import logs
from kernel.config import WrongSetting
from kernel.rpc.channel import channel_to
from kernel.rpc.provider_keys import ProviderKeys
from kernel.rpc.tokens import service_tokens
from kernel.services import CONSOLE as CONSOLE_ITSELF
from kernel.store.database import open_database, when_possible
from kernel.store.roles import RoledDatabase, act_as_owner, grant
from kernel.store.statements import text
from kernel.sweeping import sweeping
from kernel.tls.context import server_context_of
from kernel.tls.identity import Identity
from kernel.watching.health import Health
from kernel.watching.port import HealthPort
from ninehours.console.assets import Asset, AssetMissing, assets
from ninehours.console.live import Live
from ninehours.console.people import People, PeopleOfOneMachine
from ninehours.console.provider.client import ProviderClient
from ninehours.console.provider.people import PeopleOfProvider
from ninehours.console.services import AskedServices
from ninehours.console.sessions.figures import SessionsUp
from ninehours.console.sessions.privileges import CONSOLE
from ninehours.console.sessions.sign_ins import SignIns
from ninehours.console.sessions.store import Sessions, migrate_sessions
from ninehours.console.settings import ConsoleSettings
from ninehours.console.signing_in import SigningIn
from ninehours.console.web import Console

log = logs.get("console.serving")

WAY_IN = "way-in"  # a file of the secrets
CONNECTIONS = 8  # to the database: a session is a moment's matter
WATCHING_CONNECTIONS = 2  # ready or not, and its figures
ENDS_WITHIN = 5  # seconds


def serve(settings: ConsoleSettings) -> None:
    """Answer browsers until told to end."""
    engine = _engine(settings, CONNECTIONS)
    services = AskedServices(lambda service: channel_to(service, settings))
    sessions = Sessions(
        engine,
        idle=timedelta(seconds=settings.idle_after),
        longest=timedelta(seconds=settings.signed_in_for),
    )
    live = Live(services, service_tokens(settings.secrets_dir, CONSOLE_ITSELF))
    console = Console(
        signing_in=SigningIn(_people(settings), sessions, SignIns(engine)),
        services=services,
        live=live,
        assets=_assets(),
        secure=settings.rpc_identity is not None,
    )
    answers = partial(_answers, _engine(settings, WATCHING_CONNECTIONS))
    health = Health(
        answers,
        labels={"service": settings.service, "process": "web"},
        collectors=[SessionsUp(answers)],
    )
    with HealthPort(settings.health_listen, health, settings.rpc_identity):
        when_possible(partial(_answers, engine))
        with sweeping(sessions.sweep):
            _run(console, settings, health)
    live.close()
    services.close()


def migrate(settings: ConsoleSettings) -> None:
    """Bring the database up to date, then end."""
    database = RoledDatabase(_engine(settings, 1), "NINEHOURS_DATABASE_URL", CONSOLE)
    act_as_owner(database)
    migrate_sessions(database.engine)
    grant(database)
    log.info("migrated")


def _run(console: Console, settings: ConsoleSettings, health: Health) -> None:
    host, _, port = settings.listen.rpartition(":")
    config = uvicorn.Config(
        console.app(),
        host=host.strip("[]"),
        port=int(port),
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,  # addresses have ids in them, and who asked is the services' to tell
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=ENDS_WITHIN,
    )
    config.load()
    if settings.rpc_identity is not None:
        config.ssl = _reloading(settings.rpc_identity)
    log.info("serving", listen=settings.listen)
    health.serves()
    _Server(config, console.live).run()
    health.stops()


class _Server(uvicorn.Server):
    """Ends the streams that would go on before it waits for what is under way."""

    def __init__(self, config: uvicorn.Config, live: Live) -> None:
        super().__init__(config)
        self._live = live

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._live.close()
        await super().shutdown(sockets)


def _reloading(identity: Identity) -> ssl.SSLContext:
    """A server's context, whose every handshake takes what the identity holds at that moment."""
    material = identity.current()
    context = server_context_of(material)
    held = (material, context)

    def as_it_is_now(wire: ssl.SSLObject, *_: object) -> None:
        nonlocal held
        if (now := identity.current()) is not held[0]:
            held = (now, server_context_of(now))
        wire.context = held[1]

    context.sni_callback = as_it_is_now
    return context


def _people(settings: ConsoleSettings) -> People:
    if settings.people_dir is None:
        registration = settings.registration
        keys = ProviderKeys(registration.provider)
        keys.start()
        return PeopleOfProvider(ProviderClient(registration), keys, idle=settings.idle_after)
    try:
        way_in = (settings.secrets_dir / WAY_IN).read_text(encoding="ascii").strip()
    except OSError as error:
        raise WrongSetting(f"NINEHOURS_SECRETS_DIR: {WAY_IN}: {error.strerror}") from None
    if not way_in:
        raise WrongSetting(f"NINEHOURS_SECRETS_DIR: {WAY_IN} is empty")
    return PeopleOfOneMachine(settings.people_dir, way_in)


def _assets() -> Mapping[str, Asset]:
    try:
        return assets()
    except AssetMissing as error:
        raise WrongSetting(str(error)) from None


def _answers(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.execute(text("SELECT count(*) >= 0 FROM session")).scalar_one())


def _engine(settings: ConsoleSettings, pool: int) -> Engine:
    return open_database(settings.database, pool=pool, identity=settings.database_identity)
