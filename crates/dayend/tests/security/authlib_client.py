"""Authlib goes through discovery, code with PKCE, ID token, userinfo, refresh, introspection and revocation.

Arguments: base URL, CA file, client id, client secret, user, password. Prints what it saw as one JSON object.
"""

import json
import sys
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, jwt
from authlib.oidc.core import CodeIDToken

base, ca, client_id, client_secret, user, password = sys.argv[1:]
callback = "https://app.example/cb"


class Form(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.action, self.fields = None, {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.action = attributes["action"]
        if tag == "input" and attributes.get("type") == "hidden":
            self.fields[attributes["name"]] = attributes["value"]


def in_browser(address):
    """The address to which the browser is sent back after the log-in."""
    browser = requests.Session()
    browser.verify = ca
    page = browser.get(address)
    form = Form(page.text)
    filled = {**form.fields, "username": user, "password": password}
    answer = browser.post(urljoin(page.url, form.action), data=filled, allow_redirects=False)
    return answer.headers["location"]


known = requests.get(f"{base}/.well-known/openid-configuration", verify=ca, timeout=20).json()
session = OAuth2Session(
    client_id,
    client_secret,
    scope="openid offline_access urn:opc:idm:__myscopes__",
    redirect_uri=callback,
    code_challenge_method="S256",
)
session.verify = ca
verifier, nonce = generate_token(48), generate_token(16)
address, state = session.create_authorization_url(
    known["authorization_endpoint"], code_verifier=verifier, nonce=nonce
)
back = in_browser(address)
first = session.fetch_token(
    known["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
)

keys = JsonWebKey.import_key_set(requests.get(known["jwks_uri"], verify=ca, timeout=20).json())
claims = jwt.decode(
    first["id_token"],
    keys,
    claims_cls=CodeIDToken,
    claims_options={"iss": {"essential": True, "value": known["issuer"]}},
    claims_params={"nonce": nonce, "client_id": client_id, "access_token": first["access_token"]},
)
claims.validate()
userinfo = session.get(known["userinfo_endpoint"]).json()
second = session.refresh_token(known["token_endpoint"], refresh_token=first["refresh_token"])
asked = session.introspect_token(known["introspection_endpoint"], token=second["access_token"])
revoked = session.revoke_token(known["revocation_endpoint"], token=second["refresh_token"])
after = session.introspect_token(known["introspection_endpoint"], token=second["access_token"])

print(
    json.dumps(
        {
            "issuer": known["issuer"],
            "subject": claims["sub"],
            "same_subject": userinfo["sub"] == claims["sub"],
            "rotated": first["refresh_token"] != second["refresh_token"],
            "active": asked.json()["active"],
            "revoked": revoked.status_code,
            "active_after": after.json()["active"],
        }
    )
)
