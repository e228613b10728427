"""A whole SAML sign-in in a process of its own, because settings install SAML; takes an address."""

import base64
import os
import sys
import threading
import zlib
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

ENTITY = "https://idp.halden.example"
METADATA = """<?xml version="1.0"?>
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}">
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<KeyDescriptor use="signing">
<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>{cert}
</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{entity}/sso"/>
</IDPSSODescriptor></EntityDescriptor>"""
RESPONSE = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_{id}" Version="2.0" IssueInstant="{now}"
 Destination="{acs}" InResponseTo="{asked}"><saml:Issuer>{entity}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
<saml:Assertion ID="_a{id}" Version="2.0" IssueInstant="{now}"><saml:Issuer>{entity}</saml:Issuer>
<saml:Subject><saml:NameID
 Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">{email}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData
 NotOnOrAfter="{later}" Recipient="{acs}" InResponseTo="{asked}"/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{before}" NotOnOrAfter="{later}"><saml:AudienceRestriction>
<saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{now}" SessionIndex="_s{id}"><saml:AuthnContext><saml:AuthnContextClassRef>
urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>
<saml:AttributeStatement><saml:Attribute Name="urn:oid:0.9.2342.19200300.100.1.3"><saml:AttributeValue>{email}
</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion></samlp:Response>"""


def make_keys() -> tuple[str, str]:
    """Return a private key and its certificate, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


def publish(certificate: str) -> str:
    """Serve the directory's description of itself and return its address."""
    bare = "".join(certificate.splitlines()[1:-1])
    body = METADATA.format(entity=ENTITY, cert=bare).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/metadata"


def answer(asked: str, email: str, key: str, certificate: str) -> str:
    """Make the directory's signed answer."""
    from onelogin.saml2.utils import OneLogin_Saml2_Utils

    now = datetime.now(UTC)
    form = "%Y-%m-%dT%H:%M:%SZ"
    told = RESPONSE.format(
        id=uuid4().hex,
        now=now.strftime(form),
        before=(now - timedelta(minutes=5)).strftime(form),
        later=(now + timedelta(minutes=5)).strftime(form),
        acs="http://127.0.0.1:8000/sign-in/saml/company/acs/",
        audience="http://127.0.0.1:8000/sign-in/saml/company/metadata/",
        asked=asked,
        entity=ENTITY,
        email=email,
    ).replace("\n</saml:AttributeValue>", "</saml:AttributeValue>")
    signed = OneLogin_Saml2_Utils.add_sign(told, key, certificate)
    return base64.b64encode(signed if isinstance(signed, bytes) else signed.encode()).decode()


def travel(email: str, key: str, certificate: str) -> bool:
    """Begin with us, come back with the directory's answer, and say whether that let in."""
    from django.test import Client

    client: Any = Client(headers={"host": "127.0.0.1:8000"})
    away = client.post("/sign-in/saml/company/login/")
    query = parse_qs(urlsplit(away.headers["Location"]).query)
    request = zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15).decode()
    asked = request.split('ID="', 1)[1].split('"', 1)[0]
    told = {
        "SAMLResponse": answer(asked, email, key, certificate),
        "RelayState": query.get("RelayState", [""])[0],
    }
    back = client.post("/sign-in/saml/company/acs/", told)
    client.get(back.headers["Location"])
    return bool(client.get("/profile/").status_code == 200)


def main(email: str) -> None:
    """Go there and back with a good answer, a forged one, and a stranger."""
    key, certificate = make_keys()
    os.environ["RAPPORT_SAML_METADATA_URL"] = publish(certificate)
    os.environ["RAPPORT_SAML_ENTITY_ID"] = ENTITY
    os.environ["RAPPORT_BASE_URL"] = "http://127.0.0.1:8000"
    import django

    django.setup()
    from django.test import Client

    page = Client(headers={"host": "127.0.0.1:8000"}).get("/sign-in/saml/company/metadata/")
    sys.stdout.write(f"metadata:{page.status_code}" + "\n")
    sys.stdout.write(f"signed:{'in' if travel(email, key, certificate) else 'out'}" + "\n")
    forged_key, forged_certificate = make_keys()
    sys.stdout.write(f"forged:{'in' if travel(email, forged_key, forged_certificate) else 'out'}" + "\n")
    sys.stdout.write(
        f"stranger:{'in' if travel('stranger@halden.example', key, certificate) else 'out'}" + "\n"
    )


if __name__ == "__main__":
    main(sys.argv[1])
