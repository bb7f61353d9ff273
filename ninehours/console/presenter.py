"""Makes pages of templates: whatever they are told stands there as text, and all of it is there."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ninehours.console.assets import Asset
from ninehours.console.texts import words

TEMPLATES = Path(__file__).parent / "templates"


class Presenter:
    """Of these assets; templates are read once."""

    def __init__(self, assets: Mapping[str, Asset]) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals.update(
            words=words(),
            asset={asset.name: asset.path for asset in assets.values()},
            new_command_id=lambda: str(uuid4()),
        )

    def html(self, template: str, told: Mapping[str, Any]) -> str:
        """The page. UndefinedError where the template wasn't told what it shows."""
        return self._environment.get_template(template).render(told)
