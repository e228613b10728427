"""What people typed in is called only where it is public, at the address that was checked, and no further."""

import socket
from pathlib import Path
from typing import Any

import pytest
from tests.local_server import local_server, make_certificate

from rapport.kernel.outbound import posting
from rapport.kernel.outbound.addresses import AddressRefused, check_address, is_public, resolve
from rapport.kernel.outbound.posting import NotReached, post


@pytest.mark.parametrize(
    "ip",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.1", "100.64.0.1"),
        *("224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1"),
    ],
)
def test_an_address_that_is_not_public_is_none(ip: str) -> None:
    assert not is_public(ip)


@pytest.mark.parametrize("ip", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_a_public_address_is_one(ip: str) -> None:
    assert is_public(ip)


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.org/", "ftp://example.org/", "example.org", "https://", "https://a b.example/"),
        *("https://user:word@example.org/", "https://localhost/", "https://127.0.0.1/", "https://[::1]/"),
        *("https://db.internal/", "https://example.org:99999/", "https://[::ffff:10.0.0.1]/"),
    ],
)
def test_what_cannot_be_right_is_refused_before_anything_is_looked_up(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_address(url, allow_private=False)


def test_a_name_that_leads_inside_is_refused_even_beside_a_public_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def found(*_asked: Any, **_how: Any) -> list[Any]:
        return [(2, 1, 6, "", (ip, 443)) for ip in ("93.184.215.14", "10.0.0.7")]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.7"):
        resolve("https://rebinding.example/", allow_private=False)


@pytest.mark.enable_socket
def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def found(host: str, port: int, *_more: Any, **_how: Any) -> list[Any]:
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    with local_server() as local:
        monkeypatch.setattr(socket, "getaddrinfo", found)
        reply = post(f"http://hooks.example:{local.port}/a?b=c", b"{}", {}, allow_private=True)
    # Looked up by name once; what is asked for afterwards is the address itself.
    assert asked == ["hooks.example", "127.0.0.1"]
    assert reply.taken
    assert (local.got[0].path, local.got[0].headers["host"]) == ("/a?b=c", f"hooks.example:{local.port}")


@pytest.mark.enable_socket
def test_nobody_is_followed_to_another_place() -> None:
    with local_server() as elsewhere, local_server() as local:
        local.status, local.location = 307, f"http://127.0.0.1:{elsewhere.port}/"
        reply = post(f"http://127.0.0.1:{local.port}/", b"{}", {}, allow_private=True)
        assert (reply.status, reply.taken) == (307, False)
        assert elsewhere.got == []


@pytest.mark.enable_socket
def test_a_certificate_is_checked_for_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = make_certificate(tmp_path / "own.pem")
    with local_server(certificate) as local:
        url = f"https://localhost:{local.port}/"
        with pytest.raises(NotReached, match="CERTIFICATE"):
            post(url, b"{}", {}, allow_private=True)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert post(url, b"{}", {}, allow_private=True).taken


@pytest.mark.enable_socket
def test_whoever_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotReached):
        post(f"http://127.0.0.1:{silent.getsockname()[1]}/", b"{}", {}, allow_private=True)


def test_a_message_too_large_is_not_sent() -> None:
    with pytest.raises(ValueError, match="bytes"):
        post("https://example.org/", b"x" * (posting.LARGEST + 1), {}, allow_private=False)
