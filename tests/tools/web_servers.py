"""nginx and Caddy as installed, in front of the guests' side, on free ports of this machine.

Both listen on 127.0.0.1 only, write below the examined machine's root, and stop at the end of the block.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.tools.examined import ExaminedInstallation
from tests.tools.ports import free_port

NGINX_AROUND_A_SITE = """
daemon off;
worker_processes 1;
pid {root}/run/nginx.pid;
events {{}}
http {{
    client_body_temp_path {root}/run/body;
    proxy_temp_path {root}/run/proxy;
    fastcgi_temp_path {root}/run/fastcgi;
    uwsgi_temp_path {root}/run/uwsgi;
    scgi_temp_path {root}/run/scgi;
    {site}
}}
"""

NGINX = """
daemon off;
worker_processes 1;
pid {root}/run/nginx.pid;
{main}
events {{}}
http {{
    client_body_temp_path {root}/run/body;
    proxy_temp_path {root}/run/proxy;
    fastcgi_temp_path {root}/run/fastcgi;
    uwsgi_temp_path {root}/run/uwsgi;
    scgi_temp_path {root}/run/scgi;
    {http}
    server {{
        listen 127.0.0.1:{port};
        server_name svara.example;
        {server}
        location / {{ proxy_pass http://127.0.0.1:{guests}; proxy_set_header Host {host}; }}
    }}
}}
"""

CADDY = """
{{
    admin off
    auto_https off
    {options}
}}
http://:{port} {{
    bind 127.0.0.1
    {site}
    reverse_proxy 127.0.0.1:{guests}
}}
"""


@contextmanager
def nginx(
    examined: ExaminedInstallation, server: str, *, main: str = "", http: str = "", host: str = "$host"
) -> Iterator[None]:
    """Run nginx in front of the installation during the `with` block. `main`, `http` and `server` are
    directives for nginx's blocks of these names. `host` is the Host header that it forwards."""
    port, root = free_port(), examined.root
    for folder in ("run", "var/log/nginx"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    text = NGINX.format(
        root=root, main=main, http=http, server=server, port=port, guests=examined.guest_port, host=host
    ).replace("@LOG@", str(root / "var/log/nginx"))
    file = examined.put("etc/nginx/nginx.conf", text)
    start = root / "run/start.log"
    with _running(examined, [_program("nginx"), "-c", str(file), "-e", str(start)], port, start):
        yield


@contextmanager
def nginx_site(examined: ExaminedInstallation, site: str, port: int) -> Iterator[None]:
    """Run nginx in front of the installation during the `with` block, with the text `site` in its http block.
    The text has a server that listens on `port`."""
    root = examined.root
    for folder in ("run", "var/log/nginx"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    text = NGINX_AROUND_A_SITE.format(root=root, site=site)
    start = root / "run/start.log"
    file = examined.put("etc/nginx/nginx.conf", text)
    with _running(examined, [_program("nginx"), "-c", str(file), "-e", str(start)], port, start):
        yield


@contextmanager
def caddy(examined: ExaminedInstallation, options: str, site: str = "") -> Iterator[Path]:
    """Run Caddy in front of the installation during the `with` block. `options` are directives of its global
    block, `site` those of its site. Yields the path of the file with its standard error."""
    port, root = free_port(), examined.root
    shutil.rmtree(root / "etc/nginx")
    text = CADDY.format(options=options, site=site, port=port, guests=examined.guest_port)
    file = examined.put("etc/caddy/Caddyfile", text.replace("@LOG@", str(root / "var/log/caddy")))
    output = examined.put("run/caddy.log", "")
    command = [_program("caddy"), "run", "--adapter", "caddyfile", "--config", str(file)]
    with _running(examined, command, port, output):
        yield output


def _program(name: str) -> str:
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    assert program, f"{name} is missing: apt install {name}"
    return program


@contextmanager
def _running(examined: ExaminedInstallation, command: list[str], port: int, output: Path) -> Iterator[None]:
    home = {"XDG_DATA_HOME": str(examined.root / "run"), "XDG_CONFIG_HOME": str(examined.root / "run")}
    with output.open("a") as texts:
        process = subprocess.Popen(
            command, stdout=texts, stderr=texts, env={**os.environ, **home}, cwd=examined.root
        )
    try:
        while not _listens(port):
            assert process.poll() is None, output.read_text()
            time.sleep(0.02)
        examined.front = port
        examined.machine = replace(examined.machine, answer_seconds=0.5, settle_seconds=0.6)
        yield
    finally:
        process.terminate()
        process.wait(30)
        examined.front = examined.guest_port


def _listens(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0
