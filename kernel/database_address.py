"""Where a database is, and as whom: told by a URL, or by a file with one, and a password file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from kernel.rereading import NOW, rereading_one

if TYPE_CHECKING:
    from sqlalchemy import URL

T = TypeVar("T")
DRIVER = "postgresql+psycopg"
POSTGRESQL = (DRIVER, "postgresql", "postgres")  # as CloudNativePG and others write it


class NoAddress(Exception):
    """Settings don't say where a database is; the text names the setting, and no value."""


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """`current` is asked at each connection: what stands in files changes, as passwords do."""

    current: "Callable[[], URL]"


def database_address(
    setting: str, url: str | None, url_file: Path | None, password_file: Path | None
) -> DatabaseAddress | None:
    """As `<setting>_URL`, `<setting>_URL_FILE` and `<setting>_PASSWORD_FILE` tell it.

    None: they don't. Refuses (NoAddress) what is told twice or by halves, and what can't be read;
    later a broken file changes nothing until it is whole again.
    """
    if url is not None and url_file is not None:
        raise NoAddress(f"{setting}_URL_FILE: {setting}_URL is set too, and one of them says where")
    if url_file is not None:
        told = _standing_in(f"{setting}_URL_FILE", url_file, _url)
    elif url is not None:
        told = _always(_url(f"{setting}_URL", url))
    elif password_file is not None:
        raise NoAddress(f"{setting}_URL: missing, though {setting}_PASSWORD_FILE is set")
    else:
        return None
    if password_file is None:
        return DatabaseAddress(told)
    if told().password is not None:
        raise NoAddress(
            f"{setting}_PASSWORD_FILE: the URL has a password too, and one of them holds"
        )
    password = _standing_in(f"{setting}_PASSWORD_FILE", password_file, lambda _, line: line)
    return DatabaseAddress(lambda: told().set(password=password()))


def place_of(url: "URL") -> tuple[str | None, int, str | None]:
    """The database that a URL names, whoever asks it and however."""
    return url.host, url.port or 5432, url.database


def _always(value: T) -> Callable[[], T]:
    return lambda: value


def _standing_in(setting: str, path: Path, read: Callable[[str, str], T]) -> Callable[[], T]:
    def whole(_: Path, content: bytes) -> T:
        try:
            line = content.decode().strip("\r\n")
        except UnicodeDecodeError:
            raise NoAddress(f"{setting}: the file isn't text") from None
        if not line or "\n" in line:
            raise NoAddress(f"{setting}: the file isn't one line")
        return read(setting, line)

    try:
        file = rereading_one(path, whole)
    except OSError as error:
        raise NoAddress(f"{setting}: {path}: {error.strerror}") from None
    return lambda: file.current(NOW)


def _url(setting: str, told: str) -> "URL":
    from sqlalchemy import make_url  # noqa: PLC0415 - whoever has no database does without
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        url = make_url(told)
    except (ArgumentError, ValueError):
        raise NoAddress(f"{setting}: is not a database's URL") from None
    if url.drivername not in POSTGRESQL or not url.database:
        raise NoAddress(f"{setting}: names no database of PostgreSQL")
    return url.set(drivername=DRIVER)
