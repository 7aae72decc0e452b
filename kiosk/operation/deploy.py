"""The files that make a Debian machine the server of an installation: units of systemd, a web server's site,
commands that install, upgrade and remove, and a checklist.

Paths below `server/root` and `server/<web server>` are the paths on the machine's disk. The host names of
both sites and the time of the count are filled in.
"""

from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from pathlib import Path

from kiosk.operation.lockdown import HOST
from kiosk.operation.machine_files import MachineFilesError, filled

SERVER = Path(__file__).parent / "server"

CHECKLIST = "CHECKLIST.md"


class WebServer(StrEnum):
    """The web server in front of the program. The value names its folder in `server/`."""

    CADDY = "caddy"
    NGINX = "nginx"


PURPOSES = {
    "/etc/kiosk/kiosk.env": ("inställningarna", "the settings"),
    "/etc/sysusers.d/kiosk.conf": (
        "användaren som äger allt, utan lösenord och skal",
        "the user that owns everything, without a password or a shell",
    ),
    "/etc/systemd/system/kiosk.service": ("servern", "the server"),
    "/etc/systemd/system/kiosk-backup.service": ("säkerhetskopian", "the backup"),
    "/etc/systemd/system/kiosk-backup.timer": ("halv fyra varje natt", "at half past three each night"),
    "/etc/systemd/system/kiosk-count.service": ("räkningen", "the count"),
    "/etc/systemd/system/kiosk-count.timer": (
        "varje dag, och igen varje timme om den inte gick",
        "each day, and again each hour if it was not possible",
    ),
    "/etc/systemd/system/kiosk-mail.service": (
        "mejl till personalen, om en e-postserver är inställd",
        "mail to staff, if a mail server is set",
    ),
    "/etc/systemd/system/kiosk-mail.timer": ("var femte minut", "each five minutes"),
    "/etc/tmpfiles.d/kiosk.conf": (
        "mappen för säkerhetskopior, som tas bort efter 90 dagar",
        "the folder of backups, which are removed after 90 days",
    ),
    "/usr/local/bin/kiosk": (
        "kör ett kommando som rätt användare, med inställningarna",
        "runs a command as the right user, with the settings",
    ),
    "/usr/local/sbin/kiosk-install": (
        "installerar eller uppgraderar programmet",
        "installs or upgrades the program",
    ),
    "/usr/local/sbin/kiosk-remove": (
        "tar bort programmet; svaren ligger kvar",
        "removes the program; the answers stay",
    ),
}
"""Path on the machine -> purpose of the file, in Swedish and English."""

SITES = {
    WebServer.CADDY: "/etc/caddy/Caddyfile",
    WebServer.NGINX: "/etc/nginx/sites-available/kiosk",
}
"""Web server -> path on the machine of the file with its sites."""

_SITE_PURPOSE = ("webbserverns sidor, utan logg", "the web server's sites, without a log")

_PACKAGES = {WebServer.CADDY: "caddy", WebServer.NGINX: "nginx-light certbot"}

_STEPS = {
    WebServer.CADDY: (
        """- [ ] `sudo systemctl reload caddy`. Caddy hämtar certifikaten själv.""",
        """- [ ] `sudo systemctl reload caddy`. Caddy fetches the certificates itself.""",
    ),
    WebServer.NGINX: (
        """- [ ] `sudo rm -f /etc/nginx/sites-enabled/default && sudo systemctl stop nginx`
- [ ] `sudo certbot certonly --standalone -d @GUEST_HOST@ -d @DESK_HOST@`
- [ ] `sudo ln -s /etc/nginx/sites-available/kiosk /etc/nginx/sites-enabled/ && sudo mkdir -p /var/www/kiosk`
- [ ] `sudo nginx -t && sudo systemctl start nginx`
- [ ] `sudo certbot certonly --force-renewal --webroot -w /var/www/kiosk --cert-name @GUEST_HOST@ \\
      -d @GUEST_HOST@ -d @DESK_HOST@ --deploy-hook 'systemctl reload nginx'`, så att certifikatet förnyas.""",
        """- [ ] `sudo rm -f /etc/nginx/sites-enabled/default && sudo systemctl stop nginx`
- [ ] `sudo certbot certonly --standalone -d @GUEST_HOST@ -d @DESK_HOST@`
- [ ] `sudo ln -s /etc/nginx/sites-available/kiosk /etc/nginx/sites-enabled/ && sudo mkdir -p /var/www/kiosk`
- [ ] `sudo nginx -t && sudo systemctl start nginx`
- [ ] `sudo certbot certonly --force-renewal --webroot -w /var/www/kiosk --cert-name @GUEST_HOST@ \\
      -d @GUEST_HOST@ -d @DESK_HOST@ --deploy-hook 'systemctl reload nginx'`, so that the certificate is
      renewed.""",
    ),
}
"""Web server -> the steps of the checklist that start its sites, in Swedish and English."""


@dataclass(frozen=True)
class Deployment:
    """The host names under which guests and staff reach the server, the local time of the daily count, and
    the web server."""

    guest_host: str
    desk_host: str
    count_at: time
    web_server: WebServer


def check(deployment: Deployment) -> None:
    """Raise MachineFilesError, which names the option, unless the names for guests and for staff are two
    different host names in small letters."""
    for option, name in (("--guest-host", deployment.guest_host), ("--desk-host", deployment.desk_host)):
        if not HOST.fullmatch(name) or "." not in name or len(name) > 253:
            raise MachineFilesError(
                f"{option} is {name!r}: write a host name in small letters, such as svara.example.org"
            )
    if deployment.guest_host == deployment.desk_host:
        raise MachineFilesError(
            f"--desk-host is {deployment.desk_host!r}, as --guest-host: staff need a name of their own"
        )


def files(deployment: Deployment) -> dict[str, bytes]:
    """Return path in the output folder -> content. Files under `root/` belong at that path on the machine.

    Raises MachineFilesError unless the names for guests and for staff are two different host names in small
    letters.
    """
    check(deployment)
    server = deployment.web_server
    values = {
        "@FILES_SV@": _table(server, 0),
        "@FILES_EN@": _table(server, 1),
        "@PROXY_SV@": _STEPS[server][0],
        "@PROXY_EN@": _STEPS[server][1],
        "@PACKAGES@": _PACKAGES[server],
        "@GUEST_HOST@": deployment.guest_host,
        "@DESK_HOST@": deployment.desk_host,
        "@COUNT_AT@": f"{deployment.count_at:%H:%M}",
    }
    shared = {f"root/{path}": content for path, content in filled(SERVER / "root", values).items()}
    site = {f"root/{path}": content for path, content in filled(SERVER / server, values).items()}
    checklist = filled(SERVER, values)[CHECKLIST]
    return {CHECKLIST: checklist, **shared, **site, f"root/etc/kiosk/{CHECKLIST}": checklist}


def _table(server: WebServer, language: int) -> str:
    """Return the rows of the checklist's table of files; `language` is 0 for Swedish, 1 for English."""
    purposes = {**PURPOSES, SITES[server]: _SITE_PURPOSE}
    return "\n".join(f"| `{path}` | {purpose[language]} |" for path, purpose in sorted(purposes.items()))
