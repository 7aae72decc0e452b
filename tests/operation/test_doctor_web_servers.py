"""Which logs contain guests, by a web server's configuration; an unknown directive counts as a log."""

from pathlib import Path

import pytest

from kiosk.operation.doctor.web_servers import WAYS_OUT, Guests, LogContent, read_web_server

pytestmark = pytest.mark.slow

PASS = "proxy_pass http://127.0.0.1:8000;"
OFF = "access_log off; error_log /dev/null;"
OTHER = "server { listen 8080; return 404; }"

NGINX = {
    f"server {{ {OFF} location / {{ {PASS} }} }}": "",
    f"server {{ access_log off; error_log /dev/null crit; location / {{ {PASS} }} }}": "",
    f"server {{ access_log off; error_log /var/log/e emerg; location / {{ {PASS} }} }}": "",
    f"server{{access_log off;error_log /dev/null;location/{{{PASS}}}}}": "",
    f"http {{ {OFF} server {{ {PASS} }} }}": "",
    f"http {{ access_log\n  off; error_log\n/dev/null; server\n{{ {PASS} }} }}": "",
    f"error_log /dev/null; http {{ access_log off; server {{ {PASS} }} }}": "",
    f"server {{ access_log /dev/null; error_log /dev/null; {PASS} }}": "",
    f"upstream guests {{ server 127.0.0.1:8000; }} server {{ {OFF} proxy_pass http://guests; }}": "",
    "server { proxy_pass http://127.0.0.1:8001; }": "",
    f"{OTHER} server {{ {OFF} {PASS} }}": "",
    # Quotes, comments and braces in words.
    f"log_format j '{{\"a\": \"$b\"; }}'; server {{ {OFF} set $x ${{host}}y; {PASS} }}": "",
    f"server {{ {OFF} # access_log /var/log/x; }}\n{PASS} }}": "",
    f"location / {{ {PASS} }}": "requests troubles",
    f"server {{ location / {{ {PASS} }} }}": "requests troubles",
    f"server {{ error_log /dev/null; location / {{ access_log /var/log/x; {PASS} }} }}": "requests",
    f"server {{ {OFF} location / {{ access_log /var/log/x; {PASS} }} }}": "requests",
    f"server {{ {OFF} location /static/ {{ access_log /var/log/x; }} location / {{ {PASS} }} }}": "requests",
    f"server {{ {OFF} location / {{ error_log /var/log/x; {PASS} }} }}": "troubles",
    f"server {{\n# access_log off;\nerror_log /dev/null; location / {{ {PASS} }} }}": "requests",
    f"server {{ {PASS} }} server {{ {OFF} location / {{ return 404; }} }}": "requests troubles",
    f"server {{ access_log off; {PASS} }}": "troubles",
    f"server {{ access_log off; error_log /var/log/e info; {PASS} }}": "troubles",
    f"server {{ access_log off; error_log /var/log/e; {PASS} }}": "troubles",
    f"server {{ access_log off; error_log /var/log/e crit; {PASS} }}": "troubles",
    f"server {{ access_log off; error_log /var/log/e alert; {PASS} }}": "troubles",
    f"server {{ access_log off; error_log syslog:server=unix:/dev/log; {PASS} }}": "troubles",
    f"server {{ access_log off; error_log /dev/null; error_log stderr; {PASS} }}": "troubles",
    f"server {{ access_log off; error_log /dev/null; access_log /x if=$odd; {PASS} }}": "",
    "upstream guests { server 127.0.0.1:8000; } server { proxy_pass http://guests; }": "requests troubles",
    # Sends guests who type the name without https:// on, and logs them.
    f"server {{ listen 443; {OFF} {PASS} }} server {{ listen 80; server_name svara.example; return 301 x; }}":
        "requests troubles",
    # Answers first at the guests' address, so it logs whoever has not named a host.
    f"server {{ listen 443; return 404; }} server {{ listen 443 ssl; {OFF} {PASS} }}": "requests troubles",
    f"server {{ listen 443; {OFF} {PASS} }} server {{ listen 443 default_server; return 404; }}":
        "requests troubles",
    f"server {{ listen 443; return 404; }} server {{ listen 443 default_server; {OFF} {PASS} }}": "",
}  # fmt: skip

PASSES = "ProxyPass / http://127.0.0.1:8000/"
NOWHERE = "CustomLog /dev/null common\nErrorLog /dev/null"


def virtual_host(*lines: str) -> str:
    return "\n".join(["<VirtualHost *:443>", *lines, PASSES, "</VirtualHost>"])


APACHE = {
    virtual_host(NOWHERE): "",
    virtual_host(NOWHERE, 'RequestHeader set X "%{Y}s </VirtualHost>"'): "",
    f"{NOWHERE}\n{virtual_host()}": "",
    virtual_host("CustomLog /dev/null common", "LogLevel emerg"): "",
    "<VirtualHost *:443>\nProxyPass / http://127.0.0.1:9000/\n</VirtualHost>": "",
    virtual_host(): "requests troubles",
    virtual_host("# CustomLog /dev/null common", "ErrorLog /dev/null"): "requests",
    virtual_host("CustomLog /dev/null common"): "troubles",
    virtual_host("CustomLog /dev/null common", "LogLevel crit"): "troubles",
    virtual_host("CustomLog /dev/null common", "LogLevel emerg proxy:info"): "troubles",
    virtual_host(NOWHERE, "CustomLog /var/log/x common"): "requests",
    virtual_host(NOWHERE, "CustomLog \\", "  /var/log/x common"): "requests",
    virtual_host(NOWHERE, "<IfModule x>", "CustomLog /var/log/x common", "</IfModule>"): "requests",
    f"GlobalLog /var/log/all common\n{virtual_host(NOWHERE)}": "requests",
    # Sends guests who type the name without https:// on, and logs them.
    f"{virtual_host(NOWHERE)}\n<VirtualHost *:80>\nServerName svara.example\nRedirect / x\n</VirtualHost>": (
        "requests troubles"
    ),
}

QUIET = "{\n  log default {\n    exclude http\n  }\n}\n"

CADDY = {
    f"{QUIET}svara.example {{\n  reverse_proxy 127.0.0.1:8000\n}}": "",
    "{\n  log {\n    output discard\n  }\n}\nsvara.example {\n  reverse_proxy 127.0.0.1:8000\n}": "",
    "{\n  log {\n    level fatal\n  }\n}\nsvara.example {\n  reverse_proxy 127.0.0.1:8000\n}": "",
    "{\n  log {\n    include admin tls\n  }\n}\nsvara.example {\n  reverse_proxy 127.0.0.1:8000\n}": "",
    f"{QUIET}svara.example {{\n  log {{\n    output discard\n  }}\n  reverse_proxy :8000\n}}": "",
    f"{QUIET}svara.example {{\n  handle {{\n    reverse_proxy :8000\n  }}\n}}": "",
    f"{QUIET}a.example {{\n  log\n}}\nsvara.example {{\n  reverse_proxy 127.0.0.1:8000 {{\n  }}\n}}": "",
    f"{QUIET}(logged) {{\n  log\n}}\nsvara.example {{\n  reverse_proxy 127.0.0.1:8000\n}}": "",
    "a.example {\n  reverse_proxy 127.0.0.1:9000\n}": "",
    "svara.example {\n  reverse_proxy 127.0.0.1:8000\n}": "troubles",
    "svara.example\nreverse_proxy 127.0.0.1:8000": "troubles",
    "{\n  log {\n    level ERROR\n  }\n}\nsvara.example {\n  reverse_proxy 127.0.0.1:8000\n}": "troubles",
    "{\n  log {\n    exclude http.log.access\n  }\n}\nsvara.example {\n  reverse_proxy :8000\n}": "troubles",
    "{\n  log {\n    include http.log.error\n  }\n}\nsvara.example {\n  reverse_proxy :8000\n}": "troubles",
    "{\n  log other {\n    exclude http\n  }\n}\nsvara.example {\n  reverse_proxy :8000\n}": "troubles",
    f"{QUIET}svara.example {{\n  log\n  reverse_proxy {{$HOST}}:8000\n}}": "requests",
    f"{QUIET}svara.example {{\n  log {{\n    output file /x\n  }}\n  reverse_proxy :8000\n}}": "requests",
    f"{QUIET}http://svara.example {{\n  log\n  redir https://svara.example\n}}": "requests",
}  # fmt: skip


def kept(server: str, folder: Path) -> str:
    """The logs of guests in a folder's configuration."""
    logs = read_web_server(server, folder, Guests("8000", "svara.example")).guest_logs
    return " ".join(sorted({log.kept.value for log in logs}))


@pytest.mark.parametrize(
    ("server", "text", "expected"),
    [
        (server, text, expected)
        for server, texts in (("nginx", NGINX), ("apache2", APACHE), ("caddy", CADDY))
        for text, expected in texts.items()
    ],
)
def test_the_logs_of_guests_follow_from_the_directives(
    tmp_path: Path, server: str, text: str, expected: str
) -> None:
    (tmp_path / "site").write_text(text)
    assert kept(server, tmp_path) == expected


INCLUDING = {
    "nginx": ("nginx.conf", "http {{ {around} include sites-enabled/*; }}", f"server {{ {PASS} }}", OFF),
    "apache2": ("apache2.conf", "{around}\nIncludeOptional sites-enabled/*.conf", virtual_host(), NOWHERE),
    "caddy": ("Caddyfile", "{around}\nimport sites-enabled/*", "a.example {\nreverse_proxy :8000\n}", QUIET),
}  # fmt: skip


@pytest.mark.parametrize("server", INCLUDING)
def test_included_files_are_read_and_disabled_sites_are_not(tmp_path: Path, server: str) -> None:
    main, text, site, around = INCLUDING[server]
    for folder in ("sites-available", "sites-enabled"):
        (tmp_path / folder).mkdir()
    (tmp_path / "sites-available/guests.conf").write_text(site)
    (tmp_path / main).write_text(text.format(around=""))
    assert kept(server, tmp_path) == ""
    (tmp_path / "sites-enabled/guests.conf").symlink_to("../sites-available/guests.conf")
    [first, *_] = read_web_server(server, tmp_path, Guests("8000", "svara.example")).guest_logs
    assert first.file == tmp_path / "sites-enabled/guests.conf"
    (tmp_path / main).write_text(text.format(around=around))
    assert kept(server, tmp_path) == ""


def test_a_file_that_includes_itself_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(f"include nginx.conf; server {{ {PASS} }}")
    assert kept("nginx", tmp_path) == "requests troubles"


def test_every_log_of_every_web_server_has_a_remedy() -> None:
    assert set(WAYS_OUT) == {(server, kept) for server in INCLUDING for kept in LogContent}
