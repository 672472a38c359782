"""The examples of a reverse proxy, run: nginx and Caddy in front of the site, over https with a certificate of our own."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from cdp_assets.settings import PROJECT_DIR, Settings
from cdp_assets.web.access import accounts
from cdp_assets.web.application import create_app
from tests.web.published_file import publish_made_up

pytestmark = pytest.mark.integration
EXAMPLES = PROJECT_DIR / "deploy" / "proxy"
NAME, PASSWORD = "data.example.com", "correct horse battery"


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("skipped: openssl is not on this machine")
    folder = tmp_path_factory.mktemp("certificate")
    chain, key = folder / "fullchain.pem", folder / "privkey.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        f"/CN={NAME}",
        "-addext",
        f"subjectAltName=DNS:{NAME}",
    ]
    subprocess.run([*command, "-keyout", str(key), "-out", str(chain)], check=True, capture_output=True)
    return chain, key


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(
        home=tmp_path_factory.mktemp("proxied"), key="test-key-of-at-least-thirty-two-bytes", web_hosts=NAME, web_is_secure=True,
        web_sign_in="accounts",
    )  # fmt: skip
    publish_made_up(settings, customers=20)
    accounts.put(settings, "kim", ["analyst"], PASSWORD)
    return settings


@contextmanager
def site(settings: Settings) -> Iterator[int]:
    config = uvicorn.Config(
        create_app(settings),
        host="127.0.0.1",
        port=free_port(),
        log_level="error",
        lifespan="off",
        proxy_headers=False,
    )
    server = uvicorn.Server(config)
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.02)
    yield config.port
    server.should_exit = True


@contextmanager
def nginx(folder: Path, upstream: int, certificate: tuple[Path, Path]) -> Iterator[int]:
    """The example as it stands, but for ports, certificate, and what nginx needs around it."""
    port = free_port()
    example = (EXAMPLES / "nginx.conf").read_text()
    for old, new in (
        ("127.0.0.1:8501", f"127.0.0.1:{upstream}"), ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("/etc/ssl/onefold/fullchain.pem", str(certificate[0])), ("/etc/ssl/onefold/privkey.pem", str(certificate[1])),
    ):  # fmt: skip
        assert old in example
        example = example.replace(old, new)
    (folder / "site.conf").write_text(example)
    paths = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}} http {{ access_log off; {paths} include {folder}/site.conf; }}"
    (folder / "nginx.conf").write_text(whole)
    with running(["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")], port):
        yield port


@contextmanager
def caddy(folder: Path, upstream: int, certificate: tuple[Path, Path]) -> Iterator[int]:
    port = free_port()
    example = (EXAMPLES / "Caddyfile").read_text()
    assert f"{NAME} {{\n" in example and "127.0.0.1:8501" in example
    example = example.replace(
        f"{NAME} {{\n",
        f"https://{NAME}:{port} {{\n\ttls {certificate[0]} {certificate[1]}\n\tbind 127.0.0.1\n",
        1,
    )
    options = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"
    (folder / "Caddyfile").write_text(options + example.replace("127.0.0.1:8501", f"127.0.0.1:{upstream}"))
    with running(
        ["caddy", "run", "--config", str(folder / "Caddyfile")],
        port,
        XDG_DATA_HOME=str(folder),
        XDG_CONFIG_HOME=str(folder),
    ):
        yield port


@contextmanager
def running(command: list[str], port: int, **environment: str) -> Iterator[None]:
    found = shutil.which(command[0]) or shutil.which(command[0], path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"skipped: {command[0]} is not on this machine")
    process = subprocess.Popen(
        [found, *command[1:]],
        env={"PATH": "/usr/bin:/bin", **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        for _ in range(200):
            if process.poll() is not None:
                pytest.fail(
                    f"{command[0]} did not start: {(process.stderr.read() if process.stderr else b'').decode()[-600:]}"
                )
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)


class Browser:
    """A browser that believes our certificate and finds the name at this machine."""

    def __init__(self, port: int, certificate: Path) -> None:
        self.origin = f"https://{NAME}:{port}"
        self._client = httpx.Client(
            base_url=f"https://127.0.0.1:{port}", verify=ssl.create_default_context(cafile=str(certificate)), headers={"Host": f"{NAME}:{port}"}
        )  # fmt: skip
        self._cookies: dict[str, str] = {}

    def ask(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        carried = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        answer = self._client.request(
            method, path, headers={"Cookie": carried, **(headers or {})}, extensions={"sni_hostname": NAME}, **options
        )  # fmt: skip
        for line in answer.headers.get_list("set-cookie"):
            assert "Secure" in line
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer


Proxy = Callable[..., Any]


@pytest.mark.parametrize("base", ["", "/onefold"])
@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_people_sign_in_and_work_through_the_proxy(
    home: Settings, certificate: tuple[Path, Path], tmp_path: Path, proxy: Proxy, base: str
) -> None:
    settings = home.model_copy(update={"web_base_path": base})
    with site(settings) as upstream, proxy(tmp_path, upstream, certificate) as port:
        browser = Browser(port, certificate[0])
        sent = browser.ask("GET", f"{base}/segments")
        assert sent.status_code == 303 and sent.headers["location"].startswith(f"{base}/sign-in")
        form = browser.ask("GET", f"{base}/sign-in?to=%2Fsegments").text
        token = form.partition('name="token" value="')[2][:64]
        data = {"name": "kim", "password": PASSWORD, "to": "/segments", "token": token}
        foreign = browser.ask(
            "POST", f"{base}/sign-in", data=data, headers={"Origin": "https://evil.example"}
        )
        assert foreign.status_code == 403
        done = browser.ask("POST", f"{base}/sign-in", data=data, headers={"Origin": browser.origin})
        assert (done.status_code, done.headers["location"]) == (303, f"{base}/segments")
        shown = browser.ask("GET", f"{base}/segments")
        assert shown.status_code == 200 and f'href="{base}/attribution"' in shown.text
        style = shown.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
        assert style.startswith(f"{base}/static/") and browser.ask("GET", style).headers[
            "content-type"
        ].startswith("text/css")
        assert "frame-ancestors 'none'" in shown.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("proxy", "kept", "rewritten"),
    [(nginx, "proxy_set_header Host $http_host;", "proxy_set_header Host 127.0.0.1:1;"),
     (caddy, "header_up -X-Forwarded-User", "header_up -X-Forwarded-User\n\t\t\theader_up Host 127.0.0.1:1")],
)  # fmt: skip
def test_people_sign_in_through_a_proxy_that_rewrites_host(
    home: Settings, certificate: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: Proxy, kept: str, rewritten: str
) -> None:  # fmt: skip
    examples = tmp_path / "examples"
    shutil.copytree(EXAMPLES, examples)
    for path in examples.iterdir():
        path.write_text(path.read_text().replace(kept, rewritten))
    monkeypatch.setitem(globals(), "EXAMPLES", examples)
    settings = home.model_copy(update={"web_trusted_proxies": "127.0.0.1"})
    with site(settings) as upstream, proxy(tmp_path, upstream, certificate) as port:
        browser = Browser(port, certificate[0])
        form = browser.ask("GET", "/sign-in", headers={"X-Forwarded-Host": "evil.example"}).text
        data = {
            "name": "kim",
            "password": PASSWORD,
            "to": "/",
            "token": form.partition('name="token" value="')[2][:64],
        }
        foreign = browser.ask("POST", "/sign-in", data=data, headers={"Origin": "https://evil.example"})
        done = browser.ask("POST", "/sign-in", data=data, headers={"Origin": browser.origin})
        assert (foreign.status_code, done.status_code) == (403, 303)


@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_what_a_browser_sends_under_the_proxys_names_never_reaches_the_site(
    home: Settings, certificate: tuple[Path, Path], tmp_path: Path, proxy: Proxy
) -> None:
    settings = home.model_copy(
        update={"web_sign_in": "header", "web_trusted_proxies": "127.0.0.1", "web_group_roles": "all=admin"}
    )
    with site(settings) as upstream, proxy(tmp_path, upstream, certificate) as port:
        browser = Browser(port, certificate[0])
        named = {"X-Forwarded-User": "root", "X-Forwarded-Groups": "all"}
        assert browser.ask("GET", "/", headers=named).status_code == 401
        straight = httpx.get(f"http://127.0.0.1:{upstream}/", headers=named)
        assert straight.status_code == 200  # so that the test would see it


@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_the_limit_on_tries_counts_the_reader_whom_the_proxy_names_and_forms_are_small(
    home: Settings, certificate: tuple[Path, Path], tmp_path: Path, proxy: Proxy
) -> None:
    seen: list[str] = []
    settings = home.model_copy(update={"web_trusted_proxies": "127.0.0.1"})
    with (
        site(settings) as upstream,
        proxy(tmp_path, upstream, certificate) as port,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(accounts, "is_limited", lambda _, name, address: bool(seen.append(address)))
        browser = Browser(port, certificate[0])
        token = browser.ask("GET", "/sign-in").text.partition('name="token" value="')[2][:64]
        data = {"name": "nobody", "password": "x", "to": "/", "token": token}
        browser.ask(
            "POST", "/sign-in", data=data, headers={"Origin": browser.origin, "X-Forwarded-For": "6.6.6.6"}
        )
        assert seen == ["127.0.0.1"]  # where the reader is, and not what she says
        large = browser.ask(
            "POST", "/sign-in", data={"name": "x" * 300_000}, headers={"Origin": browser.origin}
        )
        assert large.status_code == 413
