"""An issuer with keys of its own, made with Authlib: publishes them, signs what it is told, rotates when it is told.

It runs until its standard input ends.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from authlib.jose import JsonWebKey, jwt


class Provider:
    def __init__(self):
        self.number = 0
        self.rotate()

    def rotate(self):
        self.number += 1
        options = {"use": "sig"}
        self.keys = {
            "RS256": JsonWebKey.generate_key("RSA", 2048, {**options, "kid": f"rsa-{self.number}"}, is_private=True),
            "ES256": JsonWebKey.generate_key("EC", "P-256", {**options, "kid": f"ec-{self.number}"}, is_private=True),
        }

    def published(self):
        return {"keys": [key.as_dict(is_private=False) for key in self.keys.values()]}

    def signed(self, alg, claims):
        key = self.keys[alg]
        return jwt.encode({"alg": alg, "kid": key.kid, "typ": "JWT"}, claims, key).decode()


provider = Provider()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        base = f"http://127.0.0.1:{self.server.server_port}"
        if self.path == "/.well-known/openid-configuration":
            self.answer({"issuer": base, "jwks_uri": f"{base}/keys"})
        elif self.path == "/keys":
            self.answer(provider.published())
        else:
            self.send_error(404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/rotate":
            provider.rotate()
            self.answer({})
        else:
            asked = json.loads(body)
            self.answer({"token": provider.signed(asked["alg"], asked["claims"])})

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"http://127.0.0.1:{server.server_port}", flush=True)
sys.stdin.read()
