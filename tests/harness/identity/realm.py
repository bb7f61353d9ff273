"""A network's realm at Keycloak, as docs/operations.md has it, and the clients of it."""

import json
from collections.abc import Mapping
from typing import Any

from tests.harness.identity.small_issuer import LAKESIDE

REALM, AUDIENCE = "lakeside", "ninehours"
FRONT_END, CONSOLE = "front-end", "ninehours-console"
CONSOLE_ITSELF = "0c0ffee0-0000-4000-8000-000000000001"  # the client's own id
PURPOSES: Mapping[str, str] = {
    "treatment": "TREATMENT",
    "payment": "PAYMENT",
    "operations": "OPERATIONS",
}


def realm(password: str, secret: str) -> dict[str, Any]:
    """Of Ada's password, and the console's secret."""
    return {
        "realm": REALM,
        "enabled": True,
        "sslRequired": "all",
        "accessTokenLifespan": 300,
        "roles": {
            "realm": [{"name": name} for name in ("clinician", "front_desk", "service:billing")]
        },
        "clientScopes": _scopes(),
        "clients": [_front_end(), console_at("https://console.example.org", secret)],
        "components": {"org.keycloak.userprofile.UserProfileProvider": [_profile()]},
        "users": [
            {
                "username": "ada",
                "email": "ada@example.org",
                "emailVerified": True,
                "enabled": True,
                "credentials": [{"type": "password", "value": password, "temporary": False}],
                "realmRoles": ["clinician", "service:billing", "offline_access"],
                "attributes": {"sites": [LAKESIDE]},
            }
        ],
    }


def console_at(address: str, secret: str) -> dict[str, Any]:
    """The console as a client: code flow with PKCE, and nothing else."""
    return {
        "id": CONSOLE_ITSELF,
        "clientId": CONSOLE,
        "secret": secret,
        "publicClient": False,
        "standardFlowEnabled": True,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": False,
        "fullScopeAllowed": True,
        "redirectUris": [f"{address}/sign-in/callback"],
        "attributes": {
            "pkce.code.challenge.method": "S256",
            "post.logout.redirect.uris": f"{address}/sign-out",
        },
        "defaultClientScopes": ["basic", "ninehours", "api"],
        "optionalClientScopes": [*PURPOSES],
    }


def _front_end() -> dict[str, Any]:
    """Asks for what it needs by itself, the audience too."""
    return {
        "clientId": FRONT_END,
        "publicClient": True,
        "directAccessGrantsEnabled": True,
        "fullScopeAllowed": True,
        "defaultClientScopes": ["basic", "ninehours"],
        "optionalClientScopes": ["api", *PURPOSES],
    }


def _scopes() -> list[dict[str, Any]]:
    """Audience, sites and roles, and one of each purpose; `basic` is Keycloak's own."""
    several = {"jsonType.label": "String", "multivalued": "true"}
    when = {
        "user.session.note": "AUTH_TIME",
        "claim.name": "auth_time",
        "jsonType.label": "long",
        "id.token.claim": "true",
    }
    return [
        _scope(
            "basic",
            _mapper("oidc-sub-mapper"),
            _mapper("oidc-usersessionmodel-note-mapper", **when),
        ),
        _scope("api", _mapper("oidc-audience-mapper", **{"included.custom.audience": AUDIENCE})),
        _scope(
            "ninehours",
            _mapper(
                "oidc-usermodel-attribute-mapper",
                **{"user.attribute": "sites", "claim.name": "sites", **several},
            ),
            _mapper(
                "oidc-usermodel-realm-role-mapper",
                **{"claim.name": "realm_access.roles", **several},
            ),
        ),
        *(_scope(name) for name in PURPOSES),
    ]


def _scope(name: str, *mappers: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "protocol": "openid-connect",
        "attributes": {"include.in.token.scope": "true"},
        "protocolMappers": [*mappers],
    }


def _mapper(kind: str, **config: str) -> dict[str, Any]:
    return {
        "name": kind,
        "protocol": "openid-connect",
        "protocolMapper": kind,
        "config": {"access.token.claim": "true", **config},
    }


def _profile() -> dict[str, Any]:
    """Sites are an attribute that administrators alone may edit."""
    attributes = [
        {"name": "username"},
        {"name": "email"},
        {
            "name": "sites",
            "multivalued": True,
            "permissions": {"view": ["admin"], "edit": ["admin"]},
        },
    ]
    return {
        "providerId": "declarative-user-profile",
        "config": {"kc.user.profile.config": [json.dumps({"attributes": attributes})]},
    }
